"""Filling in a form at a terminal: one question a field, in the writer's language.

Each answer is looked at where it is given, the whole before it goes; what was typed is kept in a
file whenever it does not go.
"""

import json
import secrets
import shlex
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from noroshi.core.errors import InputError, NoroshiError
from noroshi.core.lexicon.lexicon import Language
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context
from noroshi.entrypoints.cli.files import write_new
from noroshi.entrypoints.cli.filled import now, read

if TYPE_CHECKING:
    from noroshi.core.kinds.form import Field
    from noroshi.core.kinds.kind import Kind

Fields = dict[str, object]
Check = Callable[[], Mapping[str, object]]
"""Tells how the form would go as it is; raises InputError where it would not."""

_ASKS_BACK: Final = frozenset({"?", "？"})  # noqa: RUF001 - as a Japanese keyboard types it
_YES: Final = frozenset({"y", "yes", "oui", "o", "はい", "예", "네", "ya"})
_NO: Final = frozenset({"n", "no", "non", "いいえ", "아니요", "아니오", "tidak"})
_FROM_HERE: Final = ("--file", "--set")
_MISREAD: Final = frozenset({"time", "window", "place", "need", "number"})
"""Types whose short forms mean more than they say: how they were understood is shown."""


@contextmanager
def keeping(context: Context, kind: "Kind", fields: Fields) -> Generator[None]:
    """Write to a file what was typed meanwhile, if it does not go after all."""
    before = dict(fields)
    try:
        yield
    except (NoroshiError, click.Abort, KeyboardInterrupt, EOFError):
        if fields != before:
            _keep(context, kind, fields)
        raise


def ask_for(context: Context, kind: "Kind", fields: Fields, *, is_actual: bool) -> None:
    """Ask for what is needed first and not filled in yet; an empty line leaves it for later."""
    reader = context.reader
    click.echo(reader.lexicon.label(kind.title, reader.language))
    click.echo(reader.lexicon.label("sheet.asking", reader.language))
    for field in kind.fields:
        while field.says.first and field.name not in fields:
            is_typed = _ask(context, kind, field, fields, is_actual=is_actual)
            if not is_typed and not field.is_required:
                break


def ask_which(
    context: Context, kind: "Kind", present: Mapping[str, object], changed: Fields, *,
    is_actual: bool,
) -> None:  # fmt: skip
    """Show a form as it holds, and ask which of its fields change, one after the other."""
    reader = context.reader
    click.echo(_as_read(context, kind, present))
    _show_codes(context, kind)
    click.echo(reader.lexicon.label("sheet.asking", reader.language))
    which = reader.lexicon.label("sheet.which", reader.language)
    fields = {field.name: field for field in kind.fields}
    while True:
        _complete(fields)
        name = click.prompt(which, default="", show_default=False).strip()
        if not name:
            return
        if name in fields:
            _ask(context, kind, fields[name], changed, is_actual=is_actual)


def confirm(
    context: Context, kind: "Kind", fields: Fields, check: Check, *, is_actual: bool
) -> None:
    """Show the whole as it will be read, and ask whether it shall go, until it shall.

    Raises:
        InputError: it shall not.
    """
    reader, known = context.reader, {field.name: field for field in kind.fields}
    question = reader.lexicon.label("ui.send", reader.language)
    words = {word: _yes(context, word) for word in ("yes", "no")}
    how = reader.lexicon.sentence("sheet.go_how", reader.language, **words)
    head: Mapping[str, object] | None = None
    shown: Fields | None = None
    while True:
        if fields != shown:
            head, shown = _show(context, kind, fields, check), dict(fields)
        _complete(known)
        click.echo(how)
        typed = click.prompt(question, default="", show_default=False).strip()
        if typed.casefold() in _YES and head is not None:
            return
        if typed.casefold() in _NO:
            raise InputError("not-sent", "nothing was sent")
        if typed in known:
            _ask(context, kind, known[typed], fields, is_actual=is_actual)


def _show(
    context: Context, kind: "Kind", fields: Fields, check: Check
) -> Mapping[str, object] | None:
    """Show a form as it would go, and return its head; None: why it would not is shown."""
    click.echo()
    try:
        head = check()
    except InputError as error:
        click.echo(visible(error.message))
        _show_codes(context, kind)
        return None
    _show_head(context, head)
    click.echo(_as_read(context, kind, fields))
    return head


def _ask(
    context: Context, kind: "Kind", field: "Field", fields: Fields, *, is_actual: bool
) -> bool:
    """Ask for a field once; say whether something was typed, which may be no value.

    A question mark shows what belongs there, and the same question follows.
    """
    from noroshi.core.kinds.writing import help_of

    reader = context.reader
    _show_values(context, field)
    label = reader.lexicon.label(field.says.label, reader.language)
    required = reader.lexicon.label("sheet.required", reader.language)
    question = f"{label} ({required})" if field.is_required else label
    while (text := click.prompt(question, default="", show_default=False).strip()) in _ASKS_BACK:
        click.echo(f"    {help_of(field, reader)}")
    if not text:
        return False
    problem = _take(context, kind, field, text, fields, is_actual=is_actual)
    if problem:
        click.echo(f"  {visible(problem)}")
    elif field.type.value in _MISREAD:
        shown = _values(context, kind, {field.name: fields[field.name]})
        if "; ".join(shown) != text:
            click.echo("".join(f"    = {each}\n" for each in shown), nl=False)
    return True


def _take(
    context: Context, kind: "Kind", field: "Field", text: str, fields: Fields, *, is_actual: bool
) -> str:
    """Fill in what was typed; return why it cannot be, "" where it was."""
    from noroshi.core.kinds.check import check_field
    from noroshi.core.kinds.times import contradictions
    from noroshi.core.kinds.writing import help_of

    reader = context.reader
    try:
        value = read(context, field, text)
        check_field(kind, field, value, reader.lexicon)
    except InputError as error:
        if reader.language is Language.ENGLISH:
            return error.message
        said = reader.lexicon.sentence("sheet.not_read", reader.language, text=text)
        return f"{said} {help_of(field, reader)}"
    labels = {each.name: each.says.label for each in kind.fields}
    at = now() if is_actual else None
    for each in contradictions(kind, {**fields, field.name: value}, at):
        if field.name in {each.field, each.other}:
            names = {
                role: reader.lexicon.label(labels[name], reader.language) if name else ""
                for role, name in (("field", each.field), ("other", each.other))
            }
            return reader.lexicon.sentence(each.code, reader.language, **names)
    fields[field.name] = value
    return ""


def _show_values(context: Context, field: "Field") -> None:
    reader, vocabulary = context.reader, field.says.vocabulary
    values = reader.lexicon.values(vocabulary) if vocabulary else ()
    widest = max(map(len, values), default=0)
    for value in values:
        shown = reader.lexicon.label(f"{vocabulary}.{value}", reader.language)
        click.echo(f"    {value:<{widest}}  {shown}")
    _complete(values)


def _show_codes(context: Context, kind: "Kind") -> None:
    """Show what each field is called in commands and files, and by its readers."""
    reader = context.reader
    widest = max(len(field.name) for field in kind.fields)
    for field in kind.fields:
        label = reader.lexicon.label(field.says.label, reader.language)
        click.echo(f"    {field.name:<{widest}}  {label}")


def _show_head(context: Context, head: Mapping[str, object]) -> None:
    """Show to whom it goes, how urgent and how marked."""
    from noroshi.core.lexicon import figures

    reader = context.reader
    precedence, status = str(head["precedence"]), str(head["status"])
    rows = (
        ("mark.marking", str(head["marking"])),
        ("prec.label", _beside(context, f"prec.{precedence.lower()}", precedence)),
        ("status.label", _beside(context, f"status.{status.lower()}", status)),
        ("sheet.from", str(head["from"])),
        ("sheet.to", ", ".join(cast("list[str]", head["to"]))),
        ("sheet.info", ", ".join(cast("list[str]", head["info"]))),
        ("addr.subject", str(head["subject"])),
    )
    for code, value in rows:
        if value:
            label = reader.lexicon.label(code, reader.language)
            click.echo(f"{label}{figures.colon(reader.language)}{visible(value)}")


def _beside(context: Context, code: str, name: str) -> str:
    shown = context.reader.lexicon.label(code, context.reader.language)
    return name if context.reader.language is Language.ENGLISH else f"{name} {shown}"


def _yes(context: Context, word: str) -> str:
    """Return what to type for yes or no, with the word of the reader's language."""
    shown = context.reader.lexicon.label(f"ui.{word}", context.reader.language)
    return word[0] if context.reader.language is Language.ENGLISH else f"{word[0]}={shown}"


def _complete(values: Iterable[str]) -> None:
    """Let the tab key complete the values of a vocabulary, where the terminal can."""
    try:
        import readline
    except ImportError:
        return
    known = tuple(values)
    readline.set_completer(
        lambda typed, n: next(
            (v for i, v in enumerate(v for v in known if v.startswith(typed)) if i == n), None
        )
    )
    readline.parse_and_bind("tab: complete")


def _values(context: Context, kind: "Kind", fields: Fields) -> list[str]:
    from noroshi.core.kinds.reading import read_form

    rows = read_form(kind, json.loads(json.dumps(fields)), context.reader)
    return [visible(value) for row in rows for value in row.values]


def _as_read(context: Context, kind: "Kind", fields: Mapping[str, object]) -> str:
    """Return a form as its readers read it."""
    from noroshi.core.kinds.reading import read_form
    from noroshi.core.recognition import form_in
    from noroshi.core.sheet.chain import form_blocks, language_of
    from noroshi.core.sheet.plain import plain

    reader = context.reader
    form, _, _ = form_in(json.loads(json.dumps(fields)))
    blocks = form_blocks(read_form(kind, form, reader), language_of(form), reader)
    return plain(blocks, reader.language)


def _keep(context: Context, kind: "Kind", fields: Fields) -> None:
    """Write a form to a file that only its writer can read, and say how to go on from there."""
    raw = json.dumps(fields, ensure_ascii=False, indent=1).encode()
    name = f"noroshi-{kind.name}-{secrets.token_hex(4)}.json"
    for folder in (Path.cwd, Path.home, lambda: Path(tempfile.gettempdir())):
        try:
            file = folder() / name
            write_new(file, raw)
        except (InputError, OSError, RuntimeError):
            continue
        reader = context.reader
        click.echo(reader.lexicon.sentence("sheet.kept", reader.language, file=file), err=True)
        click.echo(f"  {shlex.join(again(sys.argv[1:], file))}", err=True)
        return
    click.echo(raw.decode(), err=True)


def again(arguments: Iterable[str], file: Path) -> list[str]:
    """Return the command that goes on with what is in `file`."""
    kept, is_value = ["noroshi"], False
    for each in arguments:
        if is_value or each in _FROM_HERE:
            is_value = not is_value
        elif not each.startswith(tuple(f"{name}=" for name in _FROM_HERE)):
            kept.append(each)
    return [*kept, "--file", str(file)]
