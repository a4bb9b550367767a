"""The vector of directories: nato's, whose root has passed to two of three custodians."""

from noroshi.core import gate
from noroshi.core.directory.repository import DirectoryHead
from tests.hostile.repository import Repository, signer
from tests.unit.core.nodes import JP, NATO, NOW, draw
from tests.vectors.plain import to_plain


def directory() -> dict[str, object]:
    """Return the bundle, what it says, and the head of a statement that names it."""
    repository = Repository(NATO)
    repository.rotate([signer(each) for each in "abc"], 2)
    repository.next()
    bundle = repository.bundle()
    head = DirectoryHead(
        1, draw("directory envelope", 16), "nato", NOW, None, tuple(JP.addressed), bundle.digest
    )
    return {
        "anchor": gate.encode_struct(NATO.root.public_key).hex(),
        "at": NOW,
        "bundle": gate.encode_struct(bundle).hex(),
        "says": to_plain(repository.read().directory),
        "head": gate.encode_struct(head).hex(),
    }
