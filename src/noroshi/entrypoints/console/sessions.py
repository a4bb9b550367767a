"""Sessions of a person: which are open, and an end of them."""

from starlette.requests import Request

from noroshi.adapters.telemetry import note
from noroshi.core.account import Act, plain
from noroshi.core.instant import to_text
from noroshi.entrypoints.console.desk import DOOR, Console, Form, Visit
from noroshi.flow.visitors import called


def listed(console: Console, visit: Visit, http: Request) -> list[dict[str, object]]:
    """Return a visitor's own sessions, the newest first."""
    house, this = console.house(), called(http.cookies.get(console.cookie, ""))
    return [
        {
            "session": name,
            "begun_at": to_text(each.begun_at),
            "touched_at": to_text(each.touched_at),
            "is_this": name == this,
        }
        for name, each in house.visitors.sessions(visit.name, house.clock.now())
    ]


async def end(console: Console, visit: Visit, http: Request, form: Form) -> None:
    """End one of one's own sessions or all others; as an administrator, all of somebody's.

    Raises:
        InputError: they are somebody else's, and the visitor may not administer.
    """
    name, which = form.one("name") or visit.name, form.one("session")
    is_own = plain(name) == plain(visit.name)
    if not is_own:
        await console.permit(visit, Act.ADMINISTER)
    but = http.cookies.get(console.cookie, "") if is_own else ""
    ended = console.house().visitors.end(visit.name if is_own else name, which=which, but=but)
    note("ended-sessions", DOOR, account=name, by=visit.name, count=ended)
