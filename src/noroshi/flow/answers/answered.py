"""What came in and is answered: an answer takes up its words, and is marked no milder."""

from noroshi.core.errors import InputError
from noroshi.core.marking.label import Marking
from noroshi.core.marking.whole import is_milder
from noroshi.flow import views
from noroshi.flow.house import House
from noroshi.flow.plan import Plan
from noroshi.flow.records import StoredReport


def come_in(house: House, text: str) -> StoredReport:
    """Return a report that came in, which may be answered."""
    with house.store.read() as tables:
        found = views.report(tables, views.resolve(tables, text))
    if found.outgoing:
        raise InputError("bad-input", f"the report {text} is our own; name one that came in")
    return found


def check_answer(house: House, planned: Plan, answered: StoredReport) -> None:
    """Return if an answer is marked no milder than what it answers, whose words it takes up.

    Raises:
        InputError: it is.
    """
    asked = Marking.parse(answered.head.marking)
    if is_milder(planned.marking, asked, house.rules):
        msg = (
            f"the report that it answers is marked {asked}, and {planned.marking} is milder; "
            "leave --marking out, or name a stricter one"
        )
        raise InputError("bad-marking", msg)
