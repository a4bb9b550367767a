"""Answers about labels: a marking in the words of other systems, and theirs as a marking."""

from noroshi.core.errors import InputError
from noroshi.core.exchange import stanag4774, stix
from noroshi.core.instant import DAY, to_text
from noroshi.core.marking.label import Marking
from noroshi.flow import views
from noroshi.flow.house import House
from noroshi.flow.requests import Answer, ReadLabel, WriteLabel

_REVIEW_AFTER = 5 * 365 * DAY


def write_label(house: House, request: WriteLabel) -> Answer:
    """Give the label of a report as XML, and its marking as STIX objects.

    `label` is null for TLP alone, which is no classification.
    """
    with house.store.read() as tables:
        stored = views.report(tables, views.resolve(tables, request.report))
        said = views.said_by(tables, stored)
    head = said.head
    marking = Marking.parse(head.marking)
    label = None
    if marking.policy is not None:
        originator = f"urn:noroshi:desk:{said.content.from_desk}@{head.sender}"
        review_at = head.created_at + _REVIEW_AFTER
        label = stanag4774.write_label(
            stanag4774.Label(marking, originator, head.created_at, review_at), house.rules
        ).decode()
    return {
        "marking": head.marking,
        "label": label,
        "label_schema": "unverified",
        "stix": stix.marking_definitions(marking),
    }


def read_label(house: House, request: ReadLabel) -> Answer:
    """Say what a label is as a marking.

    Raises:
        MalformedError: it is no label, or says what no marking can.
        InputError: its words are not known here.
    """
    label = stanag4774.read_label(request.label, house.rules)
    if not label.originator.isprintable():
        raise InputError("bad-marking", "the originator of the label cannot be shown")
    return {
        "marking": str(label.marking),
        "originator": label.originator,
        "created_at": to_text(label.created_at),
        "review_at": to_text(label.review_at),
    }
