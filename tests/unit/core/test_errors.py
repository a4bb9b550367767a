import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import noroshi.core
from noroshi.adapters.words import shipped_lexicon
from noroshi.core import errors
from noroshi.core.lexicon.lexicon import Language

SOURCES = sorted(Path(noroshi.core.__file__).parent.rglob("*.py"))


def raised_codes() -> Iterator[tuple[str, str]]:
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in {"InputError", "ConflictError", "RefusalError"}
            ):
                assert isinstance(call.args[0], ast.Constant), f"{path}:{call.lineno}"
                yield path.name, str(call.args[0].value)


def test_every_code_that_the_core_raises_is_explained() -> None:
    codes = list(raised_codes())
    assert len(codes) > 20
    assert {code for _, code in codes} <= set(errors.CODES)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.MalformedError("what"), "malformed"),
        (errors.UnreadableError("what"), "unreadable"),
        (errors.RefusalError("expired", "what"), "expired"),
        (errors.InputError("bad-input", "what"), "bad-input"),
        (errors.NotFoundError("not-found", "what"), "not-found"),
        (errors.ConflictError("duplicate-id", "what"), "duplicate-id"),
        (errors.UnavailableError("disk-full", "what"), "disk-full"),
    ],
)
def test_an_error_is_a_code_and_a_sentence(error: errors.NoroshiError, code: str) -> None:
    assert (error.code, error.message, str(error)) == (code, "what", "what")
    assert error.code in errors.CODES


def test_all_causes_before_a_verified_signature_look_alike() -> None:
    assert str(errors.UnreadableError()) == "the envelope could not be opened or verified"
    assert issubclass(errors.UnreadableError, errors.MalformedError)
    assert issubclass(errors.RefusalError, errors.MalformedError)


def test_every_code_is_said_in_every_language() -> None:
    lexicon = shipped_lexicon()
    for code, explained in errors.CODES.items():
        assert lexicon.label(f"error.{code}", Language.ENGLISH) == explained
        said = {lexicon.label(f"error.{code}", language) for language in Language}
        assert len(said) == len(Language)
