"""Peers to measure beside: medallion and OpenTAXII, from their packages, in a .venv of theirs."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from noroshi.adapters.addresses import free_port

_VENV = Path(__file__).parent.parent / ".venv-peers"
_PACKAGES = ("medallion==3.0.0", "opentaxii==0.10.0b1", "gunicorn==23.0.0", "setuptools==80.9.0")
_STIX = "application/stix+json;version=2.1"
_COLLECTION = "22222222-2222-4222-8222-222222222222"
_ROOT = "11111111-1111-4111-8111-111111111111"
_SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Peer(msgspec.Struct, frozen=True):
    """A TAXII server that runs."""

    name: str
    collection: str
    """Its URL, with a slash at the end."""
    headers: dict[str, str]
    pid: int
    """Of the process whose children it counts with."""


def install() -> Path:
    """Return the folder of the peers' programs; they are installed at the first call."""
    programs = _VENV / "bin"
    if not (_VENV / "complete").exists():
        print("installing the peers ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True)
        pip = [programs / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *_PACKAGES], check=True)
        (_VENV / "complete").touch()
    return programs


@contextmanager
def medallion(folder: Path) -> Generator[Peer]:
    """Serve medallion with its backend in memory: the only one that needs no other server."""
    programs, port, own = install(), free_port("127.0.0.1"), _COLLECTION
    root = f"http://127.0.0.1:{port}/api/"
    collection = {
        "id": own, "title": "bench", "can_read": True, "can_write": True, "media_types": [_STIX],
        "objects": [], "manifest": [],
    }  # fmt: skip
    data = {
        "/discovery": {"title": "bench", "default": root, "api_roots": [root]},
        "api": {
            "information": {
                "title": "bench", "versions": ["application/taxii+json;version=2.1"],
                "max_content_length": 104_857_600,
            },
            "status": [], "collections": [collection],
        },
    }  # fmt: skip
    (folder / "medallion.data").write_text(json.dumps(data))
    backend = {
        "module_class": "MemoryBackend", "module": "medallion.backends.memory_backend",
        "filename": str(folder / "medallion.data"),
    }  # fmt: skip
    settings = {"backend": backend, "users": {"bench": "bench"}, "taxii": {"max_page_size": 1000}}
    (folder / "medallion.json").write_text(json.dumps(settings))
    arguments = [programs / "medallion", "--port", str(port), folder / "medallion.json"]
    headers = {"Authorization": "Basic YmVuY2g6YmVuY2g="}
    with subprocess.Popen(arguments, **_SILENT) as process:
        yield from _ready("medallion", process, f"{root}collections/{own}/", headers)


@contextmanager
def opentaxii(folder: Path) -> Generator[Peer]:
    """Serve OpenTAXII on SQLite, by two workers, without asking who reads."""
    programs, port = install(), free_port("127.0.0.1")
    api = "opentaxii.{}.sqldb.{}"
    settings = {
        "domain": f"127.0.0.1:{port}",
        "auth_api": _database(api.format("auth", "SQLDatabaseAPI"), folder / "auth.db"),
        "taxii1": None,
        "taxii2": {
            "persistence_api": _database(
                api.format("persistence", "Taxii2SQLDatabaseAPI"), folder / "data.db"
            ),
            "title": "bench", "public_discovery": True, "max_content_length": 209_715_200,
        },
        "logging": {"opentaxii": "error", "root": "error"},
    }  # fmt: skip
    (folder / "opentaxii.yml").write_text(json.dumps(settings))
    environment = {**os.environ, "OPENTAXII_CONFIG": str(folder / "opentaxii.yml")}
    for told in (
        ["opentaxii-add-api-root", "-t", "bench", "--default", "--public", "--id", _ROOT],
        ["opentaxii-add-collection", "--rootid", _ROOT, "-t", "bench", "-a", "bench", "--public",
         "--public-write"],
    ):  # fmt: skip
        command = [programs / told[0], *told[1:]]
        subprocess.run(command, check=True, env=environment, **_SILENT)
    server = [programs / "gunicorn", "opentaxii.http:app", "-b", f"127.0.0.1:{port}", "-w", "2"]
    url = f"http://127.0.0.1:{port}/taxii2/{_ROOT}/collections/bench/"
    with subprocess.Popen(server, env=environment, **_SILENT) as process:
        yield from _ready("opentaxii", process, url, {})


def _database(api: str, file: Path) -> dict[str, object]:
    told: dict[str, object] = {"db_connection": f"sqlite:///{file}", "create_tables": True}
    if file.stem == "auth":
        told["secret"] = file.name  # of tokens, which nobody is asked for
    return {"class": api, "parameters": told}


def _ready(
    name: str, process: "subprocess.Popen[bytes]", url: str, headers: dict[str, str]
) -> Generator[Peer]:
    """Yield a server once it answers, and end it afterwards."""
    headers = {**headers, "Accept": "application/taxii+json;version=2.1"}
    try:
        _wait(url)
        yield Peer(name, url, headers, process.pid)
    finally:
        process.terminate()


def _wait(url: str) -> None:
    """Return once somebody listens at the port of a URL."""
    host, _, port = url.split("/")[2].partition(":")
    for _ in range(200):
        try:
            with socket.create_connection((host, int(port)), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)
