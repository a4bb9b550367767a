"""The pages of `docs/formats` name what the code has, in the order in which it has it."""

import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from noroshi.core import backup
from noroshi.core.backup import BackupHead, Part
from noroshi.core.courier.volume import MAGIC, Fragment, VolumeHead
from noroshi.core.delivery.check import CommsCheck, Tally
from noroshi.core.delivery.ladder import Rung
from noroshi.core.delivery.receipt import ReceiptEntry, ReceiptHead
from noroshi.core.directory.card import Card
from noroshi.core.directory.ceremony import Proposal, RootKeys
from noroshi.core.directory.notice import NoticeHead
from noroshi.core.directory.prekeys import Prekey, PrekeysHead
from noroshi.core.directory.repository import Bundle, DirectoryHead
from noroshi.core.directory.revocation import Revocation
from noroshi.core.envelope import suite
from noroshi.core.envelope.head import OwnPart, ReportHead, Serial
from noroshi.core.envelope.keys import Purpose
from noroshi.core.errors import CODES
from noroshi.core.precedence import Precedence, Status
from noroshi.core.report import Content
from noroshi.core.tlog.entry import Entry, EntryKind

FOLDER: Final = Path(__file__).parents[3] / "docs" / "formats"
PAGES: Final = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}


def grammar_of(page: str, rule: str) -> str:
    """Return a rule of a page's grammar, up to the next one."""
    found = re.search(rf"(?ms)^    {rule} += (.*?)(?=^    \w[\w, ]* = |^\S)", PAGES[page])
    assert found, f"{page}.md has no rule {rule}"
    return found[1]


@pytest.mark.parametrize(
    ("page", "rule", "struct"),
    [
        ("envelope", "head", ReportHead),
        ("envelope", "content", Content),
        ("envelope", "own_part", OwnPart),
        ("envelope", "serial", Serial),
        ("receipt", "head", ReceiptHead),
        ("receipt", "entry", ReceiptEntry),
        ("card", "card", Card),
        ("journal", "entry", Entry),
        ("courier", "head", VolumeHead),
        ("courier", "fragment", Fragment),
        ("backup", "head", BackupHead),
        ("backup", "part", Part),
        ("check", "check", CommsCheck),
        ("check", "tally", Tally),
        ("prekeys", "head", PrekeysHead),
        ("directory", "bundle", Bundle),
        ("directory", "head", DirectoryHead),
        ("directory", "proposal", Proposal),
        ("directory", "keys", RootKeys),
        ("revocation", "revocation", Revocation),
        ("revocation", "notice", NoticeHead),
        ("prekeys", "prekey", Prekey),
    ],
)
def test_fields_stand_in_their_order(page: str, rule: str, struct: type[msgspec.Struct]) -> None:
    grammar = grammar_of(page, rule)
    position = 0
    for name in struct.__struct_fields__:
        found = re.compile(rf"\b{name}\b").search(grammar, position)
        assert found, f"{page}.md, {rule}: {name} is missing or stands elsewhere"
        position = found.end()


def test_identifiers() -> None:
    page = PAGES["envelope"]
    for number in (
        suite.LABEL_ENVELOPE_ID,
        suite.LABEL_INNER_DIGEST,
        suite.LABEL_PRECEDENCE,
        suite.LABEL_EXPIRES_AT,
        suite.LABEL_PROFILE,
        *(alg for alg in suite.Alg if alg is not suite.Alg.A256GCM),
    ):
        assert str(int(number)) in page
    for context in (suite.REPORT, suite.RECEIPT, suite.PREKEYS):
        assert context.content_type in page
        assert context.aad.decode() in page
    assert suite.CARD.content_type in PAGES["card"]
    assert suite.CARD.aad.decode() in PAGES["card"]
    assert suite.DIRECTORY.content_type in PAGES["directory"]
    assert suite.DIRECTORY.aad.decode() in PAGES["directory"]
    for context in (suite.REVOCATION, suite.NOTICE):
        assert context.content_type in PAGES["revocation"]
        assert context.aad.decode() in PAGES["revocation"]
    assert suite.COURIER.content_type in PAGES["courier"]
    assert suite.COURIER.aad.decode() in PAGES["courier"]
    assert MAGIC.decode().strip() in PAGES["courier"]
    assert backup.MAGIC.decode().strip() in PAGES["backup"]
    assert suite.ENVELOPE_TYPE in page
    assert suite.ENVELOPE_AAD.decode() in page
    for precedence in Precedence:
        assert f"{int(precedence)} {precedence.name}" in page
    for status in Status:
        assert f'"{status.value}"' in page
    for purpose in Purpose:
        assert f"{int(purpose)} {purpose.name.lower()}" in page
    for profile in suite.PROFILES.values():
        assert f"| {profile.name} | {profile.number} | {int(profile.kem)} |" in page


def test_entries_and_rungs() -> None:
    for kind in EntryKind:
        assert f"`{kind.value}`" in PAGES["journal"]
    for rung in Rung:
        assert f'"{rung.value}"' in PAGES["receipt"]


@pytest.mark.parametrize(
    "page", ["envelope", "receipt", "card", "journal", "courier", "backup", "prekeys"]
)
def test_codes_are_those_of_the_errors_page(page: str) -> None:
    _, _, errors = PAGES[page].partition("## Errors")
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", errors.partition("\n## ")[0]))
    assert named
    assert named <= set(CODES)


@pytest.mark.parametrize("page", sorted(PAGES))
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        assert (FOLDER / target.partition("#")[0]).exists()
    for vector in re.findall(r"`vectors/([\w-]+\.json)`", PAGES[page]):
        assert (FOLDER / "vectors" / vector).exists()


def test_the_map_lists_every_page() -> None:
    for page in PAGES:
        assert page == "README" or f"({page}.md)" in PAGES["README"]
