"""A node's settings: few, frozen, each with its unit; `noroshi.toml` in the home holds them."""

import json
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from noroshi.core.envelope.suite import PROFILES_BY_NAME, Profile
from noroshi.core.errors import UnavailableError

FILE_NAME: Final = "noroshi.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `noroshi init` was told."""

    partner: str
    """The organisation's short name, such as "jp"."""
    name: str
    """The organisation's name for people."""
    desks: tuple[str, ...]
    """The addressable teams; the first one writes where none is named."""
    profile: str
    """H5 or H3: what others seal to this node with, and what it signs with."""
    peer: str
    """Host and port of the peer door, as it listens and as the card tells."""
    default_marking: str
    """What a report is marked when nobody says."""

    @property
    def suite(self) -> Profile:
        """The profile's identifiers."""
        return PROFILES_BY_NAME[self.profile]

    @property
    def peer_url(self) -> str:
        """The address of the peer door."""
        return f"https://{self.peer}"


def read_settings(home: Path) -> Settings:
    """Return the settings of a home.

    Raises:
        UnavailableError: there is no node, or its settings cannot be used.
    """
    path = home / FILE_NAME
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Settings)
    except FileNotFoundError:
        msg = f"{home} holds no node yet; make one: noroshi --home {home} init --partner NAME ..."
        raise UnavailableError("not-initialised", msg) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"{path} cannot be used: {error}. Mend it; docs/operate.md lists the settings"
        raise UnavailableError("home-foreign", msg) from error


def to_toml(settings: Settings) -> str:
    """Return the settings as TOML; its strings are written as JSON's are."""
    lines = ["# The settings of this Noroshi node; docs/operate.md explains each."]
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
