"""Content: what it says, its bytes, and what is refused on arrival."""

import uuid
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noroshi.core.envelope import suite
from noroshi.core.envelope.head import AttachmentDigest, ReportHead
from noroshi.core.errors import InputError, MalformedError, RefusalError
from noroshi.core.kinds.kind import all_kinds
from noroshi.core.partner import DeskAddress
from noroshi.core.precedence import Precedence
from noroshi.core.report import (
    MAX_ADDRESSEES,
    MAX_NAME,
    MAX_SUBJECT,
    Attachment,
    Content,
    check_content,
    check_kind,
    check_person,
    check_subject,
    decode_content,
    effective_precedence,
    encode_content,
    husk_of,
    new_report_id,
    report_id_text,
)
from tests.unit.core.nodes import AU, JP, NATO, NZ, File, a_content, a_letter, changed, draw

FILE = Attachment(
    name="smoke.jpg",
    media_type="image/jpeg",
    size=70_000,
    blob_id=draw("blob", 32),
    key=draw("blob key", 32),
    iv=draw("blob iv", 12),
    salt=draw("blob salt", 32),
)
SIGNED_FILE = AttachmentDigest(FILE.blob_id, FILE.size + 16, draw("blob digest", 32))

CONTENT = changed(a_content([NATO, NZ]), attachments=(FILE,))
HEAD = changed(a_letter(JP, [NATO, NZ]).head, attachments=(SIGNED_FILE,))

ADDRESSES = st.builds(DeskAddress, st.text(max_size=8), st.text(max_size=8))
ATTACHMENTS = st.builds(
    Attachment,
    name=st.text(max_size=8),
    media_type=st.text(max_size=8),
    size=st.integers(0, 2**40),
    blob_id=st.binary(max_size=32),
    key=st.binary(max_size=32),
    iv=st.binary(max_size=12),
    salt=st.binary(max_size=32),
)
CONTENTS = st.builds(
    Content,
    kind=st.text(max_size=8),
    subject=st.text(max_size=20),
    from_desk=st.text(max_size=8),
    drafter=st.none() | st.text(max_size=8),
    releaser=st.none() | st.text(max_size=8),
    action=st.lists(ADDRESSES, max_size=3).map(tuple),
    info=st.lists(ADDRESSES, max_size=3).map(tuple),
    references=st.lists(st.binary(max_size=16), max_size=3).map(tuple),
    media_type=st.text(max_size=8),
    body=st.binary(max_size=200),
    attachments=st.lists(ATTACHMENTS, max_size=2).map(tuple),
)


@given(CONTENTS)
def test_content_is_encoded_and_decoded(content: Content) -> None:
    assert decode_content(encode_content(content)) == content


@given(st.binary(max_size=100))
def test_other_bytes_are_no_content(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_content(raw)


def test_addressees_are_those_that_act_then_those_that_know() -> None:
    assert CONTENT.addressees == (DeskAddress("watch", "nato"), DeskAddress("watch", "nz"))
    assert CONTENT.desks_of("nz") == ("watch",)
    assert CONTENT.desks_of("au") == ()


def test_a_partner_gets_the_precedence_of_its_highest_desk() -> None:
    assert effective_precedence(HEAD, CONTENT, "nato") is Precedence.FLASH
    assert effective_precedence(HEAD, CONTENT, "nz") is Precedence.PRIORITY
    both = changed(CONTENT, action=(*CONTENT.action, DeskAddress("cyber", "nz")))
    assert effective_precedence(HEAD, both, "nz") is Precedence.FLASH


def test_an_id_is_written_as_a_uuid() -> None:
    text = report_id_text(HEAD.report_id)
    assert uuid.UUID(text).bytes == HEAD.report_id


def test_a_whole_content_passes() -> None:
    for node in (NATO, NZ):
        check_content(HEAD, CONTENT, node.name)


def with_file(**fields: object) -> dict[str, object]:
    return {"attachments": (changed(FILE, **fields),)}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"body": b""}, "empty"),
        ({"body": bytes(suite.MAX_BODY + 1)}, "larger"),
        (
            {"info": tuple(DeskAddress(f"d{i}", "nz") for i in range(MAX_ADDRESSEES))},
            "larger",
        ),
        ({"attachments": (FILE,) * 65}, "larger"),
        ({"subject": "s" * (MAX_SUBJECT + 1)}, "field"),
        ({"subject": "two\nlines"}, "field"),
        ({"subject": "\x1b[2J"}, "field"),
        ({"kind": ""}, "field"),
        ({"kind": "Two Words"}, "field"),
        ({"from_desk": "\u202e"}, "field"),
        ({"drafter": ""}, "field"),
        ({"drafter": "n" * (MAX_NAME + 1)}, "field"),
        ({"releaser": "\x07"}, "field"),
        ({"media_type": ""}, "field"),
        ({"media_type": "text/plain\r\n"}, "field"),
        ({"references": (b"short",)}, "field"),
        ({"attachments": ()}, "not those that were signed"),
        ({"attachments": (FILE, FILE)}, "not those that were signed"),
        (with_file(blob_id=draw("another blob", 32)), "not those that were signed"),
        (with_file(size=FILE.size + 1), "not those that were signed"),
        (with_file(name=""), "an attachment's name"),
        (with_file(name="é" * 128), "an attachment's name"),
        (with_file(name="../../etc/passwd"), "an attachment's name"),
        (with_file(name="a\nb"), "an attachment's name"),
        (with_file(key=bytes(31)), "key"),
        (with_file(iv=bytes(16)), "key"),
        (with_file(salt=b""), "key"),
        ({"info": (DeskAddress("watch", "nato"),)}, "addressed twice"),
        ({"info": (DeskAddress("watch", "au"),)}, "no recipient"),
    ],
)
def test_what_is_not_whole_is_refused(fields: Mapping[str, object], reason: str) -> None:
    with pytest.raises(RefusalError, match=reason) as caught:
        check_content(HEAD, changed(CONTENT, **fields), "nato")
    assert caught.value.code == "malformed"


@pytest.mark.parametrize("size", [-1, 0, suite.MAX_ATTACHMENT + 1])
def test_an_attachment_of_an_impossible_size_is_refused(size: int) -> None:
    content = changed(CONTENT, attachments=(changed(FILE, size=size),))
    head = changed(HEAD, attachments=(changed(SIGNED_FILE, size=size + 16),))
    with pytest.raises(RefusalError, match="size"):
        check_content(head, content, "nato")


def test_a_blob_id_that_is_no_digest_is_refused() -> None:
    content = changed(CONTENT, attachments=(changed(FILE, blob_id=b"/etc"),))
    head = changed(HEAD, attachments=(changed(SIGNED_FILE, blob_id=b"/etc"),))
    with pytest.raises(RefusalError, match="name, size or key"):
        check_content(head, content, "nato")


def test_a_report_to_other_desks_only_is_refused() -> None:
    with pytest.raises(RefusalError, match="no desk of this partner") as caught:
        check_content(HEAD, CONTENT, AU.name)
    assert caught.value.code == "not-addressed"


@pytest.mark.parametrize("marking", ["", "SECRET", "TLP:BLUE", "TLP:RED\n\x1b[0m!"])
def test_a_report_without_a_known_marking_is_refused(marking: str) -> None:
    head: ReportHead = changed(HEAD, marking=marking)
    with pytest.raises(RefusalError, match="marking") as caught:
        check_content(head, CONTENT, "nato")
    assert caught.value.code == "bad-marking"


@pytest.mark.parametrize("subject", ["", "smoke", "煙", "s" * MAX_SUBJECT])
def test_a_subject_is_one_line(subject: str) -> None:
    assert check_subject(subject) == subject


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("a\nb", "write it on one"),
        ("a\t", r"U\+0009 \(a control character\) at its character 2"),
        ("\u202e", r"U\+202E \(RIGHT-TO-LEFT OVERRIDE\) at its character 1"),
        ("s" * (MAX_SUBJECT + 1), "has 201 characters; at most 200"),
    ],
)
def test_what_is_no_subject(subject: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_subject(subject)


@pytest.mark.parametrize("kind", all_kinds())
def test_kinds(kind: str) -> None:
    assert check_kind(kind) == kind
    check_content(HEAD, changed(CONTENT, kind=kind), "nato")


def test_an_unknown_kind_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match="cyber-incident"):
        check_kind("gossip")


def test_a_new_id_is_a_random_uuid() -> None:
    made = uuid.UUID(bytes=new_report_id(bytes(range(16))))
    assert made.version == 4
    assert made.variant == uuid.RFC_4122
    assert new_report_id(b"\xff" * 16) != new_report_id(bytes(16))


@pytest.mark.parametrize("name", [None, "Lt Sato", "佐藤", "x" * 120])
def test_a_person_has_a_name_on_one_line(name: str | None) -> None:
    assert check_person(name) == name


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "two\nlines", "bell\x07"])
def test_what_is_no_name_of_a_person(name: str) -> None:
    with pytest.raises(InputError, match="a name is one line"):
        check_person(name)


def test_what_can_be_printed_holds_no_key() -> None:
    letter = a_letter(JP, [NATO], files=[File("map.png", "image/png", b"map")])
    content = decode_content(letter.beside.content)
    (attachment,) = content.attachments
    assert "hidden" in repr(letter.draws)
    assert "hidden" in repr(content)
    for secret in (attachment.key, letter.draws.content_key):
        assert repr(secret) not in repr(content) + repr(letter.draws) + repr(attachment)


def test_a_husk_says_from_whom_to_whom_and_nothing_else() -> None:
    told = changed(
        CONTENT, subject="Smoke", media_type="text/plain; charset=utf-8; areas=cyber.space"
    )
    assert (told.areas, told.body_type) == (("cyber", "space"), "text/plain; charset=utf-8")
    husk = husk_of(told)
    assert (husk.subject, husk.body, husk.attachments) == ("", b"", ())
    assert (husk.addressees, husk.areas, husk.kind) == (told.addressees, told.areas, told.kind)
