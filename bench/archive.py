"""The archive: lists of ten thousand reports whose subjects are sealed, and opening one."""

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from endure.federation import found
from noroshi.adapters.clock import SystemClock
from noroshi.adapters.sealing.pyca import SEED_SIZE, PycaSigner, seed_from
from noroshi.adapters.sqlite.store import SqliteStore
from noroshi.bootstrap import archive_of
from noroshi.core import gate
from noroshi.core.delivery.clocks import Clocks
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import VERSION, ReportHead
from noroshi.core.envelope.keys import Purpose
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence, Status
from noroshi.core.report import Content
from noroshi.entrypoints.console.board import highest, inbox_rows
from noroshi.entrypoints.console.front import MOST
from noroshi.entrypoints.console.pages import page, reader_of
from noroshi.flow.records import Addressee, InboxRow, StoredReport
from noroshi.flow.tables import Transaction
from noroshi.flow.views import inbox_json

REPORTS = 10_000
_BODY = 1000
_RUNS = 7


def archive(folder: Path) -> dict[str, object]:
    """Return ms of the inbox and the board, us of opening one, and what the cipher alone takes."""
    keys = archive_of(found(folder, {"jp": "H3"})["jp"], lambda: None)
    store = SqliteStore(folder / "node.db", SystemClock(), lambda _s, _root: b"note\n", keys)
    try:
        ids = fill(store)
        with store.read() as tables:
            reports = tables.reports
            listed = _ms(reports.inbox)
            board = _ms(lambda: reports.inbox(answered=False, limit=MOST))
            shown = _ms(lambda: _page(reports.inbox(answered=False, limit=MOST)))
            opened = _ms(lambda: [reports.get(report_id) for report_id in ids[:500]])
            heads = _ms(lambda: [reports.head(report_id) for report_id in ids[:500]])
    finally:
        store.close()
    return {
        "reports": REPORTS,
        "inbox_ms": round(listed, 1),
        "board_read_ms": round(board, 1),
        "board_page_ms": round(shown, 1),
        "inbox_cipher_ms": round(cipher_ms(REPORTS, 32 + 34), 1),
        "open_us": round(opened * 2, 1),
        "open_head_alone_us": round(heads * 2, 1),
        "open_cipher_us": round(cipher_ms(500, 32 + 34, _BODY + 200) * 2, 1),
    }


def _page(rows: list[InboxRow]) -> str:
    """Return the board of a console, as its server makes it."""
    reader = reader_of(Language.ENGLISH)
    told = [inbox_json(row, "nato") for row in rows]
    values = {
        "rows": inbox_rows(told, reader, Clocks(), SystemClock().now()), "sent": [], "alarms": [],
        "lines": [], "is_cut": True, "is_live": True, "marking": highest(told), "me": "nato",
        "here": "/", "person": "Lt Sato",
    }  # fmt: skip
    return bytes(page("board.html", reader, values).body).decode()


def fill(store: SqliteStore) -> list[bytes]:
    """Let as many reports lie there as if they had come in; return their ids."""
    alg = suite.Alg.ML_DSA_65
    signer = PycaSigner(Purpose.REPORT, alg, seed_from(alg, os.urandom(SEED_SIZE[alg] + 16)))
    head = ReportHead(
        version=VERSION, envelope_id=bytes(16), sender="jp", created_at=1, expires_at=None,
        to=(("nato", bytes(8)),), report_id=bytes(16), precedence=Precedence.ROUTINE,
        info_precedence=Precedence.ROUTINE, status=Status.ACTUAL, marking="TLP:AMBER",
        serials=(bytes(32),), content_digest=bytes(32), attachments=(),
    )  # fmt: skip
    signed = cose.sign(gate.encode_struct(head), suite.REPORT, suite.H3.number, [signer])
    desk = DeskAddress("cyber", "nato")
    content = Content(
        kind="situation-report", subject="Smoke over the harbour of Yokohama", from_desk="cyber",
        drafter="Lt Sato", releaser=None, action=(desk,), info=(), references=(),
        media_type="text/plain; charset=utf-8", body=bytes(_BODY), attachments=(),
    )  # fmt: skip
    stored = StoredReport(
        id=bytes(16), outgoing=False, head=head, signed_head=signed, head_digest=bytes(32),
        salt=bytes(32), content=content, stored_at=SystemClock().now(), entry_index=0,
    )  # fmt: skip
    ids = [os.urandom(16) for _ in range(REPORTS)]

    def add(tx: Transaction, some: list[bytes]) -> None:
        for report_id in some:
            addressee = Addressee(desk, is_action=True, precedence=Precedence.ROUTINE, serial=1)
            tx.reports.add(msgspec.structs.replace(stored, id=report_id), [addressee])

    for at in range(0, REPORTS, 500):
        store.perform(partial(add, some=ids[at : at + 500]))
    return ids


def cipher_ms(count: int, *sizes: int) -> float:
    """Return ms in which so many are decrypted of each size, each with a key of its own."""
    key, iv = os.urandom(32), bytes(12)
    sealed = [AESGCM(key).encrypt(iv, bytes(size), b"x") for size in sizes]

    def decrypt() -> None:
        for _ in range(count):
            for each in sealed:
                AESGCM(key).decrypt(iv, each, b"x")

    return _ms(decrypt)


def _ms(run: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        run()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
