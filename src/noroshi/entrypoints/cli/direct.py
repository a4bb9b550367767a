"""The way from a command to a node that nobody serves: it is opened, and answers by itself."""

import os
from collections.abc import Iterator
from pathlib import Path

from noroshi.entrypoints.cli.person import Person, proving, this_person
from noroshi.entrypoints.cli.pieces import Progress, read_file
from noroshi.flow import answers, requests
from noroshi.flow.caller import Caller
from noroshi.flow.house import House


class DirectDesk:
    """Opens the home: nobody serves it."""

    def __init__(self, house: House, person: Person) -> None:
        """Answer for `house` what `person` asks."""
        self._house = house
        self._person = person

    def ask(self, request: requests.AnyRequest) -> requests.Answer:
        """Return the answer to a request."""
        return proving(self._person, lambda: answers.handle(self._house, request, self._caller()))

    def stage(self, path: Path, on_progress: Progress) -> str:
        """Keep a file for a report to come; return its token."""
        self.ask(requests.WhoAmI())
        chunks = read_file(path, on_progress)
        return answers.stage(self._house, path.name, chunks, self._caller())

    def attachment(self, report: str, name: str) -> tuple[int, Iterator[bytes]]:
        """Return size and bytes of an attachment."""
        self.ask(requests.WhoAmI())
        _, size, chunks = answers.attachment(self._house, report, name, self._caller())
        return size, chunks

    def volume(self, set_id: str, number: int) -> tuple[int, Iterator[bytes]]:
        """Return size and bytes of a courier volume that was packed."""
        self.ask(requests.WhoAmI())
        return answers.volume(self._house, set_id, number, self._caller())

    def import_volume(self, chunks: Iterator[bytes]) -> requests.Json:
        """Take a courier volume; return what came of it."""
        self.ask(requests.WhoAmI())
        return answers.import_volume(self._house, chunks, self._caller())

    def _caller(self) -> Caller:
        person = self._person
        return Caller(
            uid=os.getuid(), claim=this_person(), name=person.name, passphrase=person.passphrase
        )
