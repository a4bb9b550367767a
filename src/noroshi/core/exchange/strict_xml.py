"""XML from strangers: elements, attributes and text; no declarations, entities or instructions.

expat only tokenises here. Whatever could fetch, grow or hide something is refused before it is
looked at: document types (and with them entities), processing instructions, comments, mixed
content, more than a few elements.
"""

from typing import Final
from xml.parsers import expat

import msgspec

from noroshi.core.errors import MalformedError


class Limits(msgspec.Struct, frozen=True):
    """How much XML is read, and how strictly."""

    what: str
    """What people call the document."""
    largest: int
    """Bytes."""
    most_elements: int
    is_lenient: bool = False
    """Whether what says nothing is passed over: comments, instructions, attributes of other
    namespaces. They are never followed."""


LABEL: Final = Limits("a label", 64 * 1024, 1000)
_DEEPEST: Final = 12
_LONGEST_NAME: Final = 500
"""Of an element or attribute, with its namespace: errors repeat it."""


class Element(msgspec.Struct):
    """An element of XML."""

    namespace: str
    name: str
    attributes: dict[str, str]
    """Those of no namespace."""
    children: list["Element"] = []
    text: str = ""
    """Of an element without children; white space around it is taken away."""


def read_xml(raw: bytes, limits: Limits = LABEL) -> Element:
    """Return the root element.

    Raises:
        MalformedError: it is no XML, or more than is read here.
    """
    if len(raw) > limits.largest:
        raise MalformedError(f"{limits.what} has at most {limits.largest:,} bytes")
    reader = _Reader(limits)
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    if not limits.is_lenient:
        parser.ProcessingInstructionHandler = reader.refuse_instruction
        parser.CommentHandler = reader.refuse_comment
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - expat's own signature
    except expat.ExpatError as error:
        raise MalformedError(f"it is no XML: {error}") from None
    return reader.document.children[0]  # expat lets no document end without its root


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.document = Element("", "", {}, [])
        self._open = [self.document]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._count += 1
        if len(self._open) > _DEEPEST or self._count > self._limits.most_elements:
            raise MalformedError("the XML is nested too deeply or has too many elements")
        if max(map(len, (name, *attributes))) > _LONGEST_NAME:
            raise MalformedError(f"the XML has a name of more than {_LONGEST_NAME} characters")
        namespace, _, local = name.rpartition(" ")
        foreign = [key for key in attributes if " " in key]
        if foreign and not self._limits.is_lenient:
            raise MalformedError(f"the XML has an attribute of another namespace: {foreign[0]}")
        own = {key: value for key, value in attributes.items() if key not in foreign}
        element = Element(namespace, local, own, [])
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        """End an element."""
        element = self._open.pop()
        element.text = element.text.strip()
        if element.children and element.text:
            raise MalformedError(f"the XML mixes text and elements in {element.name}")

    def characters(self, text: str) -> None:
        """Take text."""
        self._open[-1].text += text

    def refuse_doctype(self, *_: object) -> None:
        """Refuse what could declare entities."""
        raise MalformedError("the XML declares a document type; that is never read")

    def refuse_instruction(self, *_: object) -> None:
        """Refuse an instruction."""
        raise MalformedError("the XML has a processing instruction; that is never read")

    def refuse_comment(self, _text: str) -> None:
        """Refuse what a signature could cover and no reader sees."""
        raise MalformedError("the XML has a comment; a label has none")
