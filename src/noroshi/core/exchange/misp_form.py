"""A MISP event as the draft of a cyber incident, of which nothing is lost.

    info                          the subject, and the first line of the summary
    attributes                    indicators, references, vulnerabilities, lines of the summary
    galaxies, tags                techniques of ATT&CK, grade, likelihood, confidence, exercise
    tags and distribution         the marking (:mod:`noroshi.core.exchange.misp_marking`)
    threat level, analysis        criticality (85, 50, 15 for high, medium, low), investigation
    the whole event               `original`

The day of an event is no time at which somebody became aware of it: no deadline runs from it.
"""

import re
from collections.abc import Iterator
from typing import Final, cast

from noroshi.core.errors import InputError
from noroshi.core.exchange import misp
from noroshi.core.exchange.drafts import Draft, as_json, one_line, original, paragraphs
from noroshi.core.exchange.misp_marking import marking_of, tags_of
from noroshi.core.kinds.form import MAX_LINE, MAX_MANY, MAX_TEXT
from noroshi.core.marking.label import Marking

_TECHNIQUE: Final = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_TAG: Final = re.compile(r'(?P<space>[^:]+):(?P<predicate>[^=]+)="(?P<value>.*)"', re.DOTALL)
_PATTERNS: Final = "attack-pattern"
_GALAXY: Final = "misp-galaxy"
_CRITICALITY: Final = {1: 85, 2: 50, 3: 15}
_INVESTIGATION: Final = {0: "new", 1: "open", 2: "closed"}
_LIKELIHOOD: Final = (
    "almost-no-chance", "very-unlikely", "unlikely", "roughly-even-chance", "likely",
    "very-likely", "almost-certain",
)  # fmt: skip
_CONFIDENCE: Final = ("low", "moderate", "high")


def draft_of_event(value: object, decided: Marking | None = None) -> Draft:
    """Return the draft that a MISP file, as JSON values, is.

    `decided` is the marking that an officer has given it, whatever it says itself.

    Raises:
        MalformedError: it is not as MISP writes events.
        InputError: it has several events, or a tag that restricts and is not known here.
    """
    told = only_event(value)
    event = misp.read_event(told)
    found = misp.tell(event)
    tags = _tags(told)
    marking = decided or marking_of(told)
    subject = one_line(event.info) or "MISP event"
    indicators, remarks = _indicators(found)
    references, more = _fitting([*found.references, *_related(event, told)])
    lines = [
        event.info or subject, *_of_event(event), *_named(tags), *found.paragraphs, *more,
        *_reports(told),
    ]  # fmt: skip
    fields: dict[str, object | None] = {
        "summary": paragraphs(lines, MAX_TEXT),
        "investigation": _INVESTIGATION.get(-1 if event.analysis is None else event.analysis),
        "criticality": _CRITICALITY.get(event.threat_level_id or 0),
        "first_seen": found.first_seen,
        "last_seen": found.last_seen,
        "techniques": _techniques(told, tags)[:MAX_MANY],
        "vulnerabilities": list(found.vulnerabilities)[:MAX_MANY],
        "indicators": indicators,
        "permitted_action": _permitted(marking),
        **_assessed(tags),
        "references": references,
        "original": original(misp.FORMAT, as_json(value)),
    }
    return Draft(
        kind="cyber-incident",
        subject=subject,
        marking=marking,
        status="exercise" if any(tag.startswith("exercise:") for tag in tags) else None,
        fields={name: each for name, each in fields.items() if each is not None and each != []},
        remarks=remarks,
        keeps_file=True,
    )


def only_event(value: object) -> dict[str, object]:
    """Return the one event of a MISP file: as it stands, or in an answer of its API."""
    told = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    response = told.get("response", [told])
    events = cast("list[object]", response) if isinstance(response, list) else [response]
    found = [cast("dict[str, object]", e).get("Event") for e in events if isinstance(e, dict)]
    if len(events) != 1 or len(found) != 1 or not isinstance(found[0], dict):
        msg = f"the file holds {len(events)} MISP events; a form is made of one. Take it apart"
        raise InputError("bad-import", msg)
    return cast("dict[str, object]", found[0])


def _indicators(found: misp.Told) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Return as many indicators as a form takes, those that are meant for detection first."""
    if len(found.indicators) <= MAX_MANY:
        return [each for _, each in found.indicators], ()
    ordered = sorted(found.indicators, key=lambda each: not each[0])
    left = len(ordered) - MAX_MANY
    msg = f"{left:,} of {len(ordered):,} indicators found no room in the form; see its original"
    found.paragraphs.insert(0, f"misp: {MAX_MANY:,}/{len(ordered):,}")
    return [each for _, each in ordered[:MAX_MANY]], (msg,)


def _tags(told: dict[str, object]) -> list[str]:
    """Return the names of all tags of an event and of what holds in it, each once."""
    names = dict.fromkeys(tags_of(told))
    for part in _children(told, "Attribute"):
        names |= dict.fromkeys(tags_of(part))
    for part in _children(told, "Object"):
        for each in _children(part, "Attribute"):
            names |= dict.fromkeys(tags_of(each))
    return list(names)


def _children(told: dict[str, object], name: str) -> Iterator[dict[str, object]]:
    below = told.get(name)
    for each in cast("list[object]", below) if isinstance(below, list) else ():
        if isinstance(each, dict):
            yield cast("dict[str, object]", each)


def _techniques(told: dict[str, object], tags: list[str]) -> list[str]:
    """Return the codes of ATT&CK; the name where a galaxy has no code."""
    found: dict[str, None] = {}
    named: dict[str, str] = {}
    for galaxy in _galaxies(told):
        for cluster in _children(galaxy, "GalaxyCluster"):
            meta = cluster.get("meta")
            told_of = cast("dict[str, object]", meta) if isinstance(meta, dict) else {}
            codes = told_of.get("external_id")
            for code in cast("list[object]", codes) if isinstance(codes, list) else [codes]:
                if isinstance(code, str) and _TECHNIQUE.fullmatch(code):
                    named[str(cluster.get("value"))] = code
    for tag in tags:
        read = _TAG.fullmatch(tag)
        if read is None or read["space"] != _GALAXY or _PATTERNS not in read["predicate"]:
            continue
        value = read["value"]
        code = _TECHNIQUE.findall(value)
        found[code[-1] if code else named.get(value, one_line(value, MAX_LINE))] = None
    return [each for each in found if each]


def _galaxies(told: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield the galaxies of an event and of its attributes."""
    yield from _children(told, "Galaxy")
    for attribute in _children(told, "Attribute"):
        yield from _children(attribute, "Galaxy")


def _named(tags: list[str]) -> Iterator[str]:
    """Yield what tags say that no field takes, such as the name of a group, a line each."""
    for tag in tags:
        read = _TAG.fullmatch(tag)
        is_taken = tag.casefold().startswith(("tlp:", "pap:", "nato:")) or (
            read is not None and read["space"] == _GALAXY and _PATTERNS in read["predicate"]
        )
        if not is_taken:
            is_galaxy = read is not None and read["space"] == _GALAXY
            yield f"{read['predicate']}: {read['value']}" if read and is_galaxy else tag


def _of_event(event: misp.Event) -> Iterator[str]:
    """Yield who made an event, and on which day."""
    maker = event.maker.name if event.maker else ""
    told = ", ".join(filter(None, (maker, event.date)))
    if told:
        yield told


def _reports(told: dict[str, object]) -> Iterator[str]:
    """Yield what people wrote about the event."""
    for each in _children(told, "EventReport"):
        if each.get("deleted") not in {True, "1"}:
            yield "\n".join(str(each[name]) for name in ("name", "content") if each.get(name))


def _related(event: misp.Event, told: dict[str, object]) -> Iterator[str]:
    """Yield the event's own id and those of events that it extends or is related to."""
    ids = [event.uuid, event.extends_uuid]
    for each in _children(told, "RelatedEvent"):
        related = each.get("Event")
        if isinstance(related, dict):
            ids.append(str(cast("dict[str, object]", related).get("uuid", "")))
    yield from (f"misp:{each}" for each in dict.fromkeys(ids) if each)


def _fitting(references: list[str]) -> tuple[list[str], list[str]]:
    """Return the references that the form takes, and those for the summary."""
    right = [each for each in references if len(each) <= MAX_LINE]
    return right[:MAX_MANY], [*(e for e in references if len(e) > MAX_LINE), *right[MAX_MANY:]]


def _permitted(marking: Marking | None) -> str | None:
    return None if marking is None or marking.pap is None else marking.pap.name.lower()


def _assessed(tags: list[str]) -> dict[str, object | None]:
    """Return the grade, likelihood and confidence that tags say; where they differ, none."""
    found: dict[str, set[str]] = {}
    for tag in tags:
        read = _TAG.fullmatch(tag)
        if read is not None:
            key = f"{read['space']}:{read['predicate']}"
            found.setdefault(key, set()).add(read["value"].casefold())
    source = _sole(found, "admiralty-scale:source-reliability", tuple("abcdef"))
    content = _sole(found, "admiralty-scale:information-credibility", tuple("123456"))
    chance = _sole(found, "estimative-language:likelihood-probability", _LIKELIHOOD)
    return {
        "grading": f"{source}{content}".upper() if source and content else None,
        "likelihood": str(_LIKELIHOOD.index(chance) + 1) if chance else None,
        "confidence": _sole(
            found, "estimative-language:confidence-in-analytic-judgment", _CONFIDENCE
        ),
    }


def _sole(found: dict[str, set[str]], name: str, values: tuple[str, ...]) -> str | None:
    told = [each for each in found.get(name, ()) if each in values]
    return told[0] if len(told) == 1 and len(found[name]) == 1 else None
