"""Confidentiality labels as XML, in the form of STANAG 4774 (XSD 1.3 of its first edition).

**Unverified**: made from descriptions; no official schema has seen these labels yet.

    policy             PolicyIdentifier, with its URI where the policy has one
    level              Classification: the bare level, TOP SECRET and not COSMIC TOP SECRET
    REL TO             Category PERMISSIVE "Releasable To"
    a caveat           Category RESTRICTIVE "Additional Sensitivity", INFORMATIVE "Administrative"
    TLP, PAP           Category INFORMATIVE of that name

What a label says and a marking cannot is never dropped: such a label is refused.
"""

from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from noroshi.core.errors import InputError, MalformedError
from noroshi.core.exchange.strict_xml import Element, read_xml
from noroshi.core.instant import Instant, from_text, to_text
from noroshi.core.marking.label import Marking, Pap, Tlp
from noroshi.core.marking.policy import CaveatKind, Policy
from noroshi.core.marking.rules import Rules

NAMESPACE: Final = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
_ROOTS: Final = frozenset(
    {
        "originatorConfidentialityLabel",
        "metadataConfidentialityLabel",
        "alternativeConfidentialityLabel",
        "ConfidentialityLabel",
    }
)
_RELEASABLE: Final = ("PERMISSIVE", "Releasable To")
_CONTEXT: Final = ("PERMISSIVE", "Context")
_CAVEATS: Final = {
    CaveatKind.RESTRICTIVE: ("RESTRICTIVE", "Additional Sensitivity"),
    CaveatKind.INFORMATIVE: ("INFORMATIVE", "Administrative"),
}
_LABELS: Final = {Tlp: ("INFORMATIVE", "TLP"), Pap: ("INFORMATIVE", "PAP")}
_LABEL: Final = """\
<s4774:originatorConfidentialityLabel xmlns:s4774="{namespace}" ReviewDateTime="{review}">
  <s4774:ConfidentialityInformation>
    <s4774:PolicyIdentifier{uri}>{policy}</s4774:PolicyIdentifier>
    <s4774:Classification>{level}</s4774:Classification>
{categories}\
  </s4774:ConfidentialityInformation>
  <s4774:OriginatorID IDType="uniformResourceIdentifier">{originator}</s4774:OriginatorID>
  <s4774:CreationDateTime>{created}</s4774:CreationDateTime>
</s4774:originatorConfidentialityLabel>
"""


class Label(msgspec.Struct, frozen=True):
    """A marking with who gave it and when."""

    marking: Marking
    originator: str
    """A URI."""
    created_at: Instant
    review_at: Instant


def write_label(label: Label, rules: Rules) -> bytes:
    """Return a label as XML.

    Raises:
        InputError: the marking has no policy (TLP alone is no label), or it is not known here.
    """
    marking = label.marking
    classification = rules.classification(marking)
    if classification is None:
        msg = f"{marking} is TLP alone, which is no classification and has no label"
        raise InputError("bad-marking", msg)
    policy = classification.policy
    categories: list[tuple[tuple[str, str], tuple[str, ...]]] = []
    if policy.context:
        categories.append((_CONTEXT, (policy.context,)))
    categories += [(_kind_of(policy, name), (name,)) for name in marking.caveats]
    if marking.releasable_to:
        categories.append((_RELEASABLE, marking.releasable_to))
    for given, tag in ((marking.tlp, _LABELS[Tlp]), (marking.pap, _LABELS[Pap])):
        if given is not None:
            categories.append((tag, (given.value.partition(":")[2],)))
    return _LABEL.format(
        namespace=NAMESPACE,
        review=to_text(label.review_at),
        uri=f" URI={quoteattr(policy.uri)}" if policy.uri else "",
        policy=escape(policy.name),
        level=escape(classification.level.name),
        categories="".join(_category(kind, tag, values) for (kind, tag), values in categories),
        originator=escape(label.originator),
        created=to_text(label.created_at),
    ).encode()


def read_label(raw: bytes, rules: Rules) -> Label:
    """Return the label that XML holds.

    Raises:
        MalformedError: it is no such label, or says more than a marking can.
        InputError: its policy, level or a category is not known here.
    """
    root = read_xml(raw)
    if root.namespace != NAMESPACE or root.name not in _ROOTS:
        raise MalformedError("the root is no confidentiality label of STANAG 4774")
    parts = _parts(root, "ConfidentialityInformation", "OriginatorID", "CreationDateTime")
    _attributes(root, "ReviewDateTime")
    created, review = parts["CreationDateTime"], root.attributes.get("ReviewDateTime", "")
    _attributes(created)
    originator = parts["OriginatorID"]
    _attributes(originator, "IDType")
    if originator.attributes.get("IDType") != "uniformResourceIdentifier":
        raise MalformedError("the originator of the label is no URI")
    return Label(
        _marking(parts["ConfidentialityInformation"], rules),
        originator.text,
        from_text(created.text),
        from_text(review),
    )


def _kind_of(policy: Policy, name: str) -> tuple[str, str]:
    caveat = policy.caveat(name)
    if caveat is None:
        raise InputError("bad-marking", f"{policy.name} has no caveat {name[:80]!r}")
    return _CAVEATS[caveat.kind]


def _category(kind: str, tag: str, values: tuple[str, ...]) -> str:
    inner = "".join(f"<s4774:GenericValue>{escape(v)}</s4774:GenericValue>" for v in values)
    return f'    <s4774:Category Type="{kind}" TagName="{tag}">{inner}</s4774:Category>\n'


def _marking(information: Element, rules: Rules) -> Marking:
    _attributes(information)
    categories = [child for child in information.children if child.name == "Category"]
    rest = Element(
        "", information.name, {}, [c for c in information.children if c not in categories]
    )
    parts = _parts(rest, "PolicyIdentifier", "Classification")
    policy = _policy(parts["PolicyIdentifier"], rules)
    _attributes(parts["Classification"])
    words = [f"{policy.name} {parts['Classification'].text}"]
    rules.level(policy.name, parts["Classification"].text)
    releasable: list[str] = []
    labels: list[str] = []
    for category in categories:
        kind, values = _values(category)
        if kind == _CONTEXT:
            if values != (policy.context,):
                raise MalformedError(f"the label is of another context: {', '.join(values)[:80]}")
        elif kind == _RELEASABLE:
            releasable += values
        elif kind in _LABELS.values():
            labels += [f"{kind[1]}:{value}" for value in values]
        elif kind in _CAVEATS.values():
            _check_kinds(policy, kind, values)
            words += values
        else:
            said = kind[1][:80]
            raise MalformedError(f"the label has a category that no marking can say: {said}")
    if releasable:
        words.append("REL TO " + ", ".join(releasable))
    marking = Marking.parse("//".join([*words, *labels]))
    written = (marking.caveats, marking.releasable_to)
    if written != (tuple(words[1 : 1 + len(marking.caveats)]), tuple(releasable)):
        raise MalformedError("the label has a value that reads as something else in a marking")
    return marking


def _policy(identifier: Element, rules: Rules) -> Policy:
    _attributes(identifier, "URI")
    uri = identifier.attributes.get("URI", "")
    policy = rules.policies.get(identifier.text)
    if policy is None:
        raise InputError("bad-marking", f"{identifier.text[:80]} is no marking policy known here")
    if uri and uri != policy.uri:
        msg = f"the label calls {uri[:80]} {policy.name}, which has another identifier here"
        raise InputError("bad-marking", msg)
    return policy


def _values(category: Element) -> tuple[tuple[str, str], tuple[str, ...]]:
    _attributes(category, "Type", "TagName", "URI")
    for value in category.children:
        if (value.namespace, value.name) != (NAMESPACE, "GenericValue") or value.children:
            raise MalformedError(f"a category of the label holds {value.name}")
        _attributes(value)
    kind = (category.attributes.get("Type", ""), category.attributes.get("TagName", ""))
    return kind, tuple(value.text for value in category.children)


def _check_kinds(policy: Policy, kind: tuple[str, str], values: tuple[str, ...]) -> None:
    for name in values:
        if _kind_of(policy, name) != kind:
            raise MalformedError(
                f"the label gives the caveat {name[:80]} another weight than its policy"
            )


def _parts(parent: Element, *names: str) -> dict[str, Element]:
    """Return the children of an element, which are these, each once.

    Raises:
        MalformedError: they are not.
    """
    found = {child.name: child for child in parent.children if child.namespace == NAMESPACE}
    if sorted(child.name for child in parent.children) != sorted(names) or len(found) < len(names):
        held = ", ".join(child.name for child in parent.children)[:200]
        raise MalformedError(f"{parent.name} has to hold {', '.join(names)}; it holds {held}")
    return found


def _attributes(element: Element, *names: str) -> None:
    unknown = element.attributes.keys() - set(names)
    if unknown:
        raise MalformedError(f"{element.name} has an unknown attribute: {min(unknown)}")
