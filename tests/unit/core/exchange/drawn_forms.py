"""Forms of every kind, drawn: as they should be, half filled, and from a newer release."""

from typing import Any

from hypothesis import strategies as st

from noroshi.adapters.words import shipped_lexicon
from noroshi.core.kinds.form import Field, FieldType
from noroshi.core.kinds.kind import Kind

LEXICON = shipped_lexicon()
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_WORDS, below, max_size=3),
    max_leaves=5,
)  # fmt: skip
_TIMES = st.datetimes().map(lambda at: f"{at.isoformat()}Z") | _WORDS
_DEGREES = st.floats(-200, 200) | st.integers(-90, 90)
_TECHNIQUES = st.sampled_from(["T1566.001", "T0023@1.5", "T0866", "CVE-2026-0001", "Gateway 4.2"])
_INDICATORS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["ipv4-addr", "file:hashes.SHA-256", "file:name", "x-made-up"]),
        "value": st.sampled_from(["192.0.2.44", "ab" * 32, "it's a \\ name", "x\ny"]) | _WORDS,
    },
    optional={"note": _WORDS, "x_new": _ANYTHING},
)
_URLS = st.sampled_from(["https://example.org/1", "http://example.org/?a=b", "ftp://no", "A-17/26"])
_BY_TYPE: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TIME: _TIMES,
    FieldType.NUMBER: st.integers(-5, 200) | st.floats(allow_nan=False, allow_infinity=False),
    FieldType.GRADE: st.sampled_from(["A1", "B2", "F6"]),
    FieldType.NAME: _TECHNIQUES | _URLS | st.sampled_from(["en", "ja-JP"]) | _WORDS,
    FieldType.WINDOW: st.fixed_dictionaries({"begins_at": _TIMES, "ends_at": _TIMES}),
    FieldType.PLACE: _WORDS | st.fixed_dictionaries(
        {}, optional={"name": _WORDS, "latitude": _DEGREES, "longitude": _DEGREES,
                      "radius_km": _DEGREES, "x_new": _ANYTHING},
    ),
    FieldType.INDICATOR: _INDICATORS,
    FieldType.EVIDENCE: st.fixed_dictionaries(
        {}, optional={"url": _URLS, "archive": _URLS, "note": _WORDS,
                      "sha256": st.just("ab" * 32) | _WORDS},
    ),
    FieldType.NEED: st.fixed_dictionaries(
        {"capability": _WORDS}, optional={"quantity": st.integers(1), "unit": _WORDS}
    ),
}  # fmt: skip


def forms(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Return forms of a kind, some with fields that no release knows."""
    known = st.fixed_dictionaries({}, optional={each.name: _values(each) for each in kind.fields})
    return st.builds(lambda one, other: {**other, **one}, known, st.dictionaries(
        _WORDS, _ANYTHING, max_size=1
    ))  # fmt: skip


def _values(field: Field) -> st.SearchStrategy[Any]:
    one = _BY_TYPE.get(field.type, _WORDS)
    if field.type is FieldType.CODE:
        one = st.sampled_from(LEXICON.values(field.says.vocabulary)) | st.just("newer-code")
    right = st.lists(one, max_size=3) if field.is_many else one
    return st.one_of(right, right, right, _ANYTHING)
