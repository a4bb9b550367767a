"""A node's settings: few, frozen, each with its unit; `noroshi.toml` in the home holds them."""

import json
import math
import tomllib
from pathlib import Path
from typing import Final, cast

import msgspec

from noroshi.adapters.addresses import split_address
from noroshi.adapters.words import shipped_deadlines, shipped_lexicon
from noroshi.core.deadlines import Deadline, check_deadlines
from noroshi.core.delivery.clocks import Clocks
from noroshi.core.directory.prekeys import LONGEST_KEPT, Schedule
from noroshi.core.directory.staleness import Tolerance
from noroshi.core.envelope.suite import PROFILES_BY_NAME, Profile
from noroshi.core.errors import InputError, NoroshiError, UnavailableError
from noroshi.core.instant import DAY, MINUTE
from noroshi.core.marking.label import Marking
from noroshi.core.partner import check_name
from noroshi.core.report import MAX_NAME
from noroshi.core.retention import Rule, check_rules
from noroshi.flow.records import Duty

FILE_NAME: Final = "noroshi.toml"


NO_PEER: Final = "none"
"""In place of an address: the node can only dial out."""
_LONGEST_MINUTES: Final = 7 * 24 * 60
_LONGEST_SHIFT: Final = 7 * 24
_LEAST_DAYS: Final = 1 / 24
_DAYS: Final = LONGEST_KEPT // DAY
_LONGEST: Final = 365
"""Days: shorter than the life of what a directory names."""
_RULES: Final = "retention"
_DEADLINES: Final = "deadlines"
_ATTACHMENTS: Final = "attachments"
_CHECK_MINUTES: Final = (0.01, 24 * 60)


class ClockMinutes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The time to acknowledge by precedence, in minutes; parts of one are allowed."""

    flash: float = 10
    immediate: float = 30
    priority: float = 180
    routine: float = 360
    deferred: float = 1440


class DirectoryDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How old a partner's directory may be, in days; parts of one are allowed."""

    amber: float
    confirm: float
    refuse: float

    @property
    def tolerance(self) -> Tolerance:
        """The same in microseconds."""
        return Tolerance(*(round(days * DAY) for days in (self.amber, self.confirm, self.refuse)))


class Attachments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is done about attachments."""

    scanner: tuple[str, ...] = ()
    """The words of a command that looks at each before it is given out or taken in; (): none."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `noroshi init` was told."""

    partner: str
    """The organisation's short name, such as "jp"."""
    name: str
    """The organisation's name for people."""
    desks: tuple[str, ...]
    """The addressable teams; the first one writes where none is named."""
    profile: str
    """H5, H3 or P5: what others seal to this node with, and what it signs with."""
    peer: str
    """Host and port of the peer door, as it listens and as the card tells; "none": no door."""
    default_marking: str
    """What a report is marked when nobody says."""
    clocks: ClockMinutes = ClockMinutes()
    """By when a desk must acknowledge, in minutes, by precedence."""
    officer: str = "the duty officer"
    """Who is called when no desk answers."""
    check_minutes: float = 15
    """Time between two comms checks of a line, in minutes."""
    shift_hours: float = 12
    """Time in which people test each line once, in hours; 0: nobody asks them to."""
    prekey_days: float = 14
    """How long a prekey still opens what is on its way after its day of use, in days. Then its
    private half is destroyed: who takes the node later opens nothing older."""
    retention: tuple[Rule, ...] = ()
    """How long what reports say is kept, by marking and area; without a rule: for ever."""
    directory_days: DirectoryDays = DirectoryDays(amber=0, confirm=5, refuse=12)
    """How long after it was to be renewed a partner's directory may be used that push or pull
    brought, in days: until people are told, until a second person has to confirm what goes there,
    until nothing goes there."""
    courier_directory_days: DirectoryDays = DirectoryDays(amber=14, confirm=28, refuse=84)
    """The same for one that a person carried: on a courier file, or beside a card."""
    deadlines: tuple[Deadline, ...] | None = None
    """By when chains of ours owe their next report, by kind; None: as the kinds ship it."""
    attachments: Attachments = Attachments()
    """Whether a scanner of malware looks at them."""
    receive_only: bool = False
    """Radio silence: the node takes in and sends nothing, no receipt and no comms check either."""

    @property
    def duty(self) -> Duty:
        """How the node keeps its watch."""
        told = msgspec.structs.asdict(self.clocks)
        return Duty(
            clocks=Clocks(**{name: round(minutes * MINUTE) for name, minutes in told.items()}),
            officer=self.officer,
            check_seconds=max(1, round(self.check_minutes * 60)),
            shift_seconds=round(self.shift_hours * 3600),
            schedule=Schedule(kept=round(self.prekey_days * DAY)),
            by_net=self.directory_days.tolerance,
            by_hand=self.courier_directory_days.tolerance,
            deadlines=shipped_deadlines() if self.deadlines is None else self.deadlines,
        )

    @property
    def suite(self) -> Profile:
        """The profile's identifiers."""
        return PROFILES_BY_NAME[self.profile]

    @property
    def peer_url(self) -> str:
        """The address of the peer door, "" for none."""
        return f"https://{self.peer}" if self.has_peer_door else ""

    @property
    def has_peer_door(self) -> bool:
        """Whether partners can reach this node; else it polls them."""
        return self.peer != NO_PEER


def read_settings(home: Path) -> Settings:
    """Return the settings of a home.

    Raises:
        UnavailableError: there is no node, or its settings cannot be used.
    """
    path = home / FILE_NAME
    try:
        settings = msgspec.convert(tomllib.loads(path.read_text()), Settings)
    except FileNotFoundError:
        msg = f"{home} holds no node yet; make one: noroshi --home {home} init --partner NAME ..."
        raise UnavailableError("not-initialised", msg) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        # Earlier releases wrote an empty list, below which TOML takes no table of the same name.
        is_twice = isinstance(error, tomllib.TOMLDecodeError) and _RULES in str(error)
        mend = f"Mend it, or take the line '{_RULES} = []' out" if is_twice else "Mend it"
        msg = f"{path} cannot be used: {error}. {mend}; docs/operate.md lists the settings"
        raise UnavailableError("home-foreign", msg) from error
    try:
        check_settings(settings)
    except NoroshiError as error:
        msg = f"{path} cannot be used: {error.message}. Mend it; docs/operate.md lists the settings"
        raise UnavailableError("home-foreign", msg) from error
    return settings


def check_settings(settings: Settings) -> None:
    """Return if a node can work with the settings.

    Raises:
        InputError: one of them cannot be used.
    """
    check_name(settings.partner, "partner")
    if not _is_line(settings.name):
        msg = f"the organisation's name is one line of 1 to {MAX_NAME} characters: --name TEXT"
        raise InputError("bad-input", msg)
    if settings.profile not in PROFILES_BY_NAME:
        msg = f"there is no profile {settings.profile!r}; there are {', '.join(PROFILES_BY_NAME)}"
        raise InputError("bad-input", msg)
    if not settings.desks:
        raise InputError("bad-input", "a node has at least one desk: --desk NAME")
    for desk in settings.desks:
        check_name(desk, "desk")
    Marking.parse(settings.default_marking)
    if settings.has_peer_door:
        split_address(settings.peer)
    check_rules(settings.retention)
    if settings.deadlines:
        check_deadlines(settings.deadlines, shipped_lexicon())
    problem = _problem(settings)
    if problem:
        raise InputError("bad-input", problem)
    if not _is_command(settings.attachments.scanner):
        msg = (
            "attachments.scanner is a list of words: a program by its name or its whole path, and "
            "what it is given"
        )
        raise InputError("bad-input", msg)


def _is_line(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_NAME and text.isprintable()


def _problem(settings: Settings) -> str:
    """Return which setting of the watch cannot be used, "" for none."""
    for name, minutes in msgspec.structs.asdict(settings.clocks).items():
        if not (math.isfinite(minutes) and 0 < minutes <= _LONGEST_MINUTES):
            return f"clocks.{name} is a number of minutes above 0, at most {_LONGEST_MINUTES}"
    least, most = _CHECK_MINUTES
    if not (math.isfinite(settings.check_minutes) and least <= settings.check_minutes <= most):
        return f"check_minutes is a number of minutes from {least:g} to {most:g}"
    if not (math.isfinite(settings.shift_hours) and 0 <= settings.shift_hours <= _LONGEST_SHIFT):
        return f"shift_hours is a number of hours up to {_LONGEST_SHIFT}; 0: no checks by people"
    if not (math.isfinite(settings.prekey_days) and _LEAST_DAYS <= settings.prekey_days <= _DAYS):
        return f"prekey_days is a number of days from {_LEAST_DAYS:g} to {_DAYS}"
    if not _is_line(settings.officer):
        return f"officer is one line of 1 to {MAX_NAME} characters"
    return _problem_of_days("directory_days", settings.directory_days) or _problem_of_days(
        "courier_directory_days", settings.courier_directory_days
    )


def _is_command(words: tuple[str, ...]) -> bool:
    """Say whether words can be run from any folder; none at all are no command, and fine."""
    is_text = all(word and word.isprintable() for word in words)
    return is_text and not any("/" in word[1:] and word[0] != "/" for word in words[:1])


def _problem_of_days(name: str, told: DirectoryDays) -> str:
    days = (0, told.amber, told.confirm, told.refuse, _LONGEST)
    if all(map(math.isfinite, days)) and sorted(days) == list(days):
        return ""
    return f"{name} has amber, confirm and refuse: days that do not fall, at most {_LONGEST}"


def to_toml(settings: Settings) -> str:
    """Return the settings as TOML; its strings are written as JSON's are."""
    lines = ["# The settings of this Noroshi node; docs/operate.md explains each."]
    # Tables of their own, at the end: so others can be written below them. No rules at all are
    # not written, no deadlines are: they mean another thing than those that are shipped.
    tables: dict[str, tuple[Rule | Deadline, ...]] = {_RULES: settings.retention}
    if settings.deadlines:
        tables[_DEADLINES] = settings.deadlines
    lines += [
        f"{field.name} = {_toml(getattr(settings, field.name))}"
        for field in msgspec.structs.fields(Settings)
        if field.name not in {*tables, _ATTACHMENTS} and getattr(settings, field.name) is not None
    ]
    for name, each in tables.items():
        lines += [f"[[{name}]]\n" + _fields(one) for one in each]
    if settings.attachments.scanner:
        lines += [f"[{_ATTACHMENTS}]\nscanner = {_toml(settings.attachments.scanner)}"]
    return "\n".join(lines) + "\n"


def _fields(table: Rule | Deadline) -> str:
    told = cast("dict[str, object]", msgspec.to_builtins(table))
    return "\n".join(f"{name} = {_toml(each)}" for name, each in told.items())


def _toml(value: object) -> str:
    if isinstance(value, ClockMinutes | DirectoryDays):
        told = msgspec.structs.asdict(value)
        return f"{{ {', '.join(f'{name} = {number:g}' for name, number in told.items())} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, cast('tuple[object, ...]', value)))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False)
