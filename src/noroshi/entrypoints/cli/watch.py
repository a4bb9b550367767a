"""Commands for alarms: watch, alarms, alarms take."""

import json
import signal
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Final, NoReturn, cast

import click

from noroshi.core.errors import NoroshiError, UnavailableError
from noroshi.core.sheet.visible import visible
from noroshi.entrypoints.cli.context import Context, pass_context, print_json
from noroshi.flow import requests

_RETRY_SECONDS: Final = 0.5

Alarm = dict[str, object]


@click.command()
@click.option(
    "--exec",
    "command",
    metavar="CMD",
    help="Run CMD for each alarm, with the alarm as JSON on its standard input.",
)
@click.option(
    "--exec-timeout",
    type=click.FloatRange(min=0.1, max=3600),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="How long CMD may run before it is ended.",
)
@pass_context
def watch(context: Context, command: str | None, exec_timeout: float) -> None:
    """Tell of alarms: first those that are open, then each as it arises, until Ctrl-C.

    Needs the node to be served; when the serving process is started anew the watch goes on.

    CMD is split into words like a shell's (quotes count) and run without a shell: no variable,
    wildcard or pipe means anything. What it prints goes to standard error. One that fails or
    lasts too long is told of there, and never stops the watch.

    \b
      noroshi watch
      noroshi watch --exec "/usr/local/bin/ring --loud"
      noroshi watch --exec "sh -c 'jq -r .message | mail -s ALARM duty@example.org'"
    """
    from noroshi.entrypoints.cli import present_watch
    from noroshi.entrypoints.cli.ringer import Ringer, split_command

    def tell(alarm: Alarm) -> None:
        if context.as_json:
            print_json(alarm)
        else:
            present_watch.ring(alarm)
        if ringer is not None:
            raw = json.dumps(alarm, ensure_ascii=False).encode() + b"\n"
            ringer.ring(f"alarm {alarm['number']}", raw)

    ringer = None if command is None else Ringer(split_command(command), exec_timeout, _complain)
    try:
        with _ending_on_sigterm():
            _follow(context, tell)
    except KeyboardInterrupt:
        pass
    finally:
        if ringer is not None:
            ringer.close()


@click.group(invoke_without_command=True)
@click.option("--all", "with_ended", is_flag=True, help="Also those whose cause is gone.")
@click.pass_context
def alarms(ctx: click.Context, *, with_ended: bool) -> None:
    """List the alarms that are open; take care of one.

    \b
      noroshi alarms
      noroshi alarms take 12 --by "Lt Sato"
    """
    if ctx.invoked_subcommand is not None:
        return
    from noroshi.entrypoints.cli import present, present_watch

    context = ctx.find_object(Context)
    if context is None:  # pragma: no cover - the group that holds this one sets it
        return
    with context.desk() as node:
        rows = node.ask(requests.Alarms(is_open=not with_ended))
    context.answer(rows, lambda: present_watch.alarms(present.mappings(rows)))


@alarms.command()
@click.argument("number", type=click.IntRange(1, 2**53))
@click.option("--by", metavar="NAME", help="Who takes care of it.")
@pass_context
def take(context: Context, number: int, by: str | None) -> None:
    """Record by name who takes care of an alarm; the first who did stays."""
    with context.desk() as node:
        told = cast("Alarm", node.ask(requests.TakeAlarm(number=number, by=by)))

    def show() -> None:
        if told["taken_by"] != by:
            click.echo("Somebody took it before; the first stays:")
        click.echo(
            f"alarm {number} ({told['alarm']}): taken by {visible(str(told['taken_by']))}"
            f" at {told['taken_at']}"
        )

    context.answer(told, show)


COMMANDS: Final = (watch, alarms)


def _follow(context: Context, tell: Callable[[Alarm], None]) -> None:
    """Tell of each alarm once, over any number of restarts of the serving process."""
    from noroshi.entrypoints.cli.listen import listen

    newest: int | None = None
    is_listening = False
    while True:
        try:
            with closing(listen(context.home, newest, context.person, context.door)) as events:
                for event in events:
                    # Numbers only rise: a new connection goes on above the last one told.
                    newest = max(newest or 0, cast("int", event["number"]))
                    if event.pop("event") == "alarm":
                        tell(event)
                    else:
                        is_listening = True
                        _complain("watching")
        except UnavailableError as error:
            if newest is None:
                raise
            if is_listening:
                _complain(f"{error.message}; NO ALARM IS HEARD until the node is served again")
            is_listening = False
            time.sleep(_RETRY_SECONDS)
        except NoroshiError as error:
            if error.code != "passphrase-needed" or not context.person.ask():
                raise


@contextmanager
def _ending_on_sigterm() -> Generator[None]:
    """Let SIGTERM end the watch as Ctrl-C does."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(text: str) -> None:
    click.echo(f"noroshi: {text}", err=True)
