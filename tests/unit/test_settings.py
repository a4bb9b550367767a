"""Settings: what is written is read back, and what was written before has its defaults."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from noroshi.core.deadlines import Deadline
from noroshi.core.errors import UnavailableError
from noroshi.core.instant import MINUTE, SECOND
from noroshi.core.precedence import Precedence
from noroshi.core.retention import Rule
from noroshi.settings import (
    FILE_NAME,
    ClockMinutes,
    DirectoryDays,
    Settings,
    read_settings,
    to_toml,
)

OPERATE = Path(__file__).parents[2] / "docs" / "operate.md"

PLAIN = Settings(
    partner="jp", name="日本", desks=("cyber", "ops"), profile="H3", peer="127.0.0.1:7000",
    default_marking="TLP:AMBER",
)  # fmt: skip


def written(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text)
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        PLAIN, clocks=ClockMinutes(flash=0.5), officer='Col "Max" Weber', check_minutes=0.25,
        directory_days=DirectoryDays(amber=0.5, confirm=1, refuse=3),
    )  # fmt: skip
    rules = (Rule(days=365), Rule(marking="NATO SECRET", area="cyber"))
    kept = msgspec.structs.replace(PLAIN, retention=rules)
    for each in (PLAIN, settings, kept):
        assert read_settings(written(tmp_path, to_toml(each))) == each
    assert settings.duty.clocks.allowed(Precedence.FLASH) == 30 * SECOND
    assert settings.duty.by_net.refuse == 3 * 24 * 60 * MINUTE
    assert settings.duty.clocks.allowed(Precedence.ROUTINE) == 360 * MINUTE
    assert (settings.duty.check_seconds, settings.duty.officer) == (15, 'Col "Max" Weber')


def test_an_older_file_has_the_defaults_of_the_watch(tmp_path: Path) -> None:
    text = "".join(
        line + "\n"
        for line in to_toml(PLAIN).splitlines()
        if not line.startswith(("clocks", "officer", "check_minutes", "receive_only", "directory"))
    )
    assert read_settings(written(tmp_path, text)) == PLAIN
    assert PLAIN.duty.check_seconds == 900
    assert PLAIN.duty.clocks.allowed(Precedence.FLASH) == 10 * MINUTE


def test_rules_of_retention_may_be_tables_of_their_own(tmp_path: Path) -> None:
    text = to_toml(PLAIN)
    text += '[[retention]]\ndays = 365\n[[retention]]\nmarking = "JPN 秘"\narea = "space"\n'
    rules = (Rule(days=365), Rule(marking="JPN 秘", area="space"))
    assert read_settings(written(tmp_path, text)).retention == rules
    # As the node writes it anew, and somebody adds another one.
    text = to_toml(read_settings(tmp_path)) + '[[retention]]\narea = "cyber"\ndays = 7\n'
    assert read_settings(written(tmp_path, text)).retention == (*rules, Rule(area="cyber", days=7))


def test_the_rules_of_an_earlier_file_are_read_or_its_mending_is_told(tmp_path: Path) -> None:
    text = "retention = []\n" + to_toml(PLAIN)
    assert read_settings(written(tmp_path, text)) == PLAIN
    with pytest.raises(UnavailableError, match=r"take the line 'retention = \[\]' out"):
        read_settings(written(tmp_path, text + "[[retention]]\ndays = 365\n"))


def test_deadlines_are_those_that_are_shipped_or_others(tmp_path: Path) -> None:
    assert [each.hours for each in PLAIN.duty.deadlines] == [24, 72, 0]
    own = (Deadline(kind="cyber-incident", wanted=("final",), since="notification", months=1),)
    for deadlines in ((), own):
        settings = msgspec.structs.replace(PLAIN, deadlines=deadlines)
        assert read_settings(written(tmp_path, to_toml(settings))) == settings
        assert settings.duty.deadlines == deadlines
    text = (
        to_toml(PLAIN) + '[[deadlines]]\nkind = "cyber-incident"\nwanted = ["final"]\nmonths = 2\n'
    )
    assert "\n[[deadlines]]\n" in to_toml(read_settings(written(tmp_path, text)))
    (found,) = read_settings(written(tmp_path, text)).duty.deadlines
    assert (found.since, found.field, found.months) == ("sent", "stage", 2)


def test_a_scanner_is_a_table_of_its_own(tmp_path: Path) -> None:
    words = ("clamdscan", "--no-summary", "-")
    text = to_toml(PLAIN) + '[attachments]\nscanner = ["clamdscan", "--no-summary", "-"]\n'
    settings = read_settings(written(tmp_path, text + "[[retention]]\ndays = 365\n"))
    assert settings.attachments.scanner == words
    assert read_settings(written(tmp_path, to_toml(settings))) == settings
    assert read_settings(written(tmp_path, to_toml(PLAIN))).attachments.scanner == ()
    told = "attachments.scanner is a list of words"
    for value, hint in (
        ('["./scan"]', told), ('["bin/scan"]', told), ('[""]', told), ('["a", "b\\u0000"]', told),
        ('"clamdscan -"', "scanner"), ("[1]", "scanner"),
    ):  # fmt: skip
        with pytest.raises(UnavailableError, match=hint):
            read_settings(written(tmp_path, f"{to_toml(PLAIN)}[attachments]\nscanner = {value}\n"))


def test_integers_will_do(tmp_path: Path) -> None:
    text = to_toml(PLAIN).replace("flash = 10,", "flash = 2,")
    assert read_settings(written(tmp_path, text)).clocks.flash == 2


@pytest.mark.parametrize(
    ("setting", "value", "hint"),
    [
        ("check_minutes", "0", "check_minutes is a number of minutes from 0.01"),
        ("check_minutes", "nan", "check_minutes is a number"),
        ("check_minutes", "1441", "check_minutes is a number"),
        ("check_minutes", '"often"', "check_minutes"),
        ("clocks", "{ flash = -1 }", "clocks.flash is a number of minutes above 0"),
        ("clocks", "{ routine = nan }", "clocks.routine"),
        ("clocks", "{ flash = inf }", "clocks.flash"),
        ("clocks", "{ flash = 10081 }", "at most 10080"),
        ("clocks", "{ flush = 1 }", "flush"),
        ("retention", "[{ days = 0 }]", "days is a whole number"),
        ("retention", '[{ marking = "SECRET" }]', "retention rule 1 cannot be used"),
        ("retention", "[{ hours = 1 }]", "hours"),
        ("deadlines", '[{ kind = "gossip", wanted = ["final"], hours = 1 }]', "deadline 1 cannot"),
        ("deadlines", '[{ kind = "cyber-incident", wanted = ["final"] }]', "it allows up to"),
        ("deadlines", "[{ hours = 1 }]", "kind"),
        ("retention", "[{ days = 1.5 }]", "days"),
        ("directory_days", "{ amber = 1, confirm = 0, refuse = 2 }", "directory_days has amber"),
        ("directory_days", "{ amber = -1, confirm = 0, refuse = 2 }", "days that do not fall"),
        ("courier_directory_days", "{ amber = 1, confirm = 2, refuse = 366 }", "at most 365"),
        ("courier_directory_days", "{ amber = 1, confirm = nan, refuse = 3 }", "courier_directory"),
        ("officer", '" "', "officer is one line"),
        ("officer", '"two\\nlines"', "officer is one line"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, setting: str, value: str, hint: str) -> None:
    lines = to_toml(msgspec.structs.replace(PLAIN, deadlines=())).splitlines()
    text = "\n".join(
        f"{setting} = {value}" if line.startswith(f"{setting} = ") else line for line in lines
    )
    if setting == "retention":
        text = f"retention = {value}\n{text}"
    with pytest.raises(UnavailableError) as caught:
        read_settings(written(tmp_path, text))
    assert hint in caught.value.message
    assert "docs/operate.md" in caught.value.message


def test_each_setting_is_documented() -> None:
    page = OPERATE.read_text()
    for name in (*tomllib.loads(to_toml(PLAIN)), "retention", "deadlines", "attachments"):
        assert f"| `{name}` |" in page
