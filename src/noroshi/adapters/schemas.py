"""The schemas of STIX 2.1 and 2.0, as OASIS publishes them.

stix2-validator ships them; nothing else of it is used (ADR 0032). A type that the standard does not
have, such as one of an extension, is held against what all types share.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import jsonschema_rs

from noroshi.core.errors import UnavailableError

_PACKAGE: Final = "stix2-validator"
_FOLDERS: Final = "stix2validator/schemas-{}/schemas"
_OBJECTS: Final = ("sdos", "sros", "observables")
_COMMON: Final = ("marking-definition", "extension-definition", "language-content")
_GRANULAR: Final = "granular-marking"
_ANY_OBJECT: Final = "core"
_ANY_OBSERVABLE: Final = "cyber-observable-core"
_LONGEST: Final = 300


class StixSchemas:
    """Says what of an object does not fit its schema."""

    def __init__(self, version: str) -> None:
        """Read and compile the schemas of a version of STIX.

        Raises:
            UnavailableError: they are not installed.
        """
        folder = Path(str(distribution(_PACKAGE).locate_file(_FOLDERS.format(version))))
        found = {path: json.loads(path.read_bytes()) for path in sorted(folder.glob("*/*.json"))}
        for path, each in found.items():
            each.pop("$schema")  # those of 2.0 name one that there is not, and nothing is fetched
            if path.stem == _GRANULAR and version == "2.1":
                # The schema wants a marking; the standard a marking or a language (section 7.2.3).
                each["required"] = ["selectors"]
                each["oneOf"] = [{"required": [name]} for name in ("marking_ref", "lang")]
        if not found:
            msg = f"the schemas of STIX are not where {_PACKAGE} has them; install the lock file"
            raise UnavailableError("damaged", msg)
        registry = jsonschema_rs.Registry([(each["$id"], each) for each in found.values()])

        def compiled(path: Path) -> jsonschema_rs.Draft202012Validator:
            return jsonschema_rs.Draft202012Validator(found[path], registry=registry)

        of_types = [path for path in found if path.parent.name in _OBJECTS]
        of_types += [path for path in found if path.stem in _COMMON]
        self._of_type = {path.stem: compiled(path) for path in of_types}
        self._object = compiled(folder / "common" / f"{_ANY_OBJECT}.json")
        self._observable = compiled(folder / "common" / f"{_ANY_OBSERVABLE}.json")

    def problem(self, told: Mapping[str, object]) -> str:
        """Return what of an object does not fit, "" for nothing."""
        general = self._object if "created" in told else self._observable
        validator = self._of_type.get(str(told.get("type")), general)
        if validator.is_valid(told):
            return ""
        error = next(iter(validator.iter_errors(told)))
        where = "/".join(map(str, error.instance_path))
        said = error.message if len(error.message) <= _LONGEST else f"{error.message[:_LONGEST]}..."
        return f"{where}: {said}" if where else said


def problem_of(version: str, told: Mapping[str, object]) -> str:
    """Return what of an object does not fit its schema in a version of STIX, "" for nothing."""
    return _schemas(version).problem(told)


@cache
def _schemas(version: str) -> StixSchemas:
    """Return the schemas of a version, read at the first call."""
    return StixSchemas(version)
