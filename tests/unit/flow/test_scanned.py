"""Attachments of a house with a scanner: looked at before they are taken or given out."""

from collections.abc import Generator, Iterable
from pathlib import Path

import msgspec
import pytest

from noroshi.core.errors import InputError, UnavailableError
from noroshi.flow import answers, arrivals, requests
from tests.unit.flow.pair import House, Pair, open_pair


class Finder:
    """Finds one word, or fails."""

    def __init__(self) -> None:
        self.is_broken = False
        self.seen: list[str] = []

    def scan(self, name: str, chunks: Iterable[bytes]) -> Generator[bytes]:
        whole = b""
        for chunk in chunks:
            whole += chunk
            yield chunk
        self.seen.append(name)
        if self.is_broken:
            raise UnavailableError("attachment-unscanned", "it is broken")
        if b"EICAR" in whole:
            raise InputError("attachment-infected", "something was found")


@pytest.fixture
def pair(tmp_path: Path) -> Generator[Pair]:
    with open_pair(tmp_path) as pair:
        yield pair


def with_scanner(house: House, finder: Finder) -> House:
    parts = msgspec.structs.replace(house.node.house, scanner=finder)
    return House(msgspec.structs.replace(house.node, house=parts), house.clock)


def blobs_of(house: House) -> list[str]:
    return sorted(path.name for path in (house.node.home / "blobs").iterdir())


def sent(pair: Pair, content: bytes) -> str:
    token = answers.stage(pair.jp.node.house, "map.bin", [content])
    report = pair.jp.send("cyber@nato", attachments=(token,))
    pair.carry()
    with pair.jp.node.store.read() as tables:
        (blob_id,) = tables.reports.blob_ids()
    piece = pair.jp.node.blobs.read_piece(blob_id, 0, 1000)
    arrivals.take_piece(pair.nato.node.house, "jp", blob_id, 0, piece)
    return report


def test_what_is_found_is_not_taken(pair: Pair) -> None:
    finder = Finder()
    jp = with_scanner(pair.jp, finder)
    with pytest.raises(InputError, match="something was found"):
        answers.stage(jp.node.house, "map.bin", [b"EI", b"CAR"])
    assert (blobs_of(jp), jp.node.house.staged) == ([], {})
    assert answers.stage(jp.node.house, "map.bin", [b"hills"]) in jp.node.house.staged
    finder.is_broken = True
    with pytest.raises(UnavailableError):
        answers.stage(jp.node.house, "map.bin", [b"hills"])
    assert len(blobs_of(jp)) == 1


def test_what_is_found_is_not_given_out_and_the_report_is_read(pair: Pair) -> None:
    report = sent(pair, b"EICAR")
    nato = with_scanner(pair.nato, Finder())
    with pytest.raises(InputError, match="something was found"):
        answers.attachment(nato.node.house, report, "map.bin")
    assert nato.ask(requests.Show(report=report))["body"] == "words"
    # The same node without a scanner, which is how somebody gets at a sample.
    assert b"".join(answers.attachment(pair.nato.node.house, report, 1)[2]) == b"EICAR"


def test_what_is_clean_is_given_out_after_all_of_it_was_seen(pair: Pair) -> None:
    report, finder = sent(pair, b"hills"), Finder()
    nato = with_scanner(pair.nato, finder)
    name, size, chunks = answers.attachment(nato.node.house, report, "map.bin")
    assert finder.seen == ["map.bin"]
    assert (name, size, b"".join(chunks)) == ("map.bin", 5, b"hills")
    finder.is_broken = True
    with pytest.raises(UnavailableError, match="it is broken"):
        answers.attachment(nato.node.house, report, "map.bin")
