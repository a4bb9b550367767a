"""The command that lets a whole federation live in virtual time."""

from collections import Counter

import click
import msgspec

from noroshi.entrypoints.cli.context import Context, pass_context


@click.command()
@click.option("--hours", type=click.FloatRange(min=3.0), default=72.0, show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same history."
)
@pass_context
def simulate(context: Context, hours: float, seed: int) -> None:
    """Let three simulated nodes live through bad weather, and check every promise.

    Nothing of this touches a node of yours. Time is virtual: a day takes seconds. Exit status 1
    when a promise was broken.

    \b
      noroshi simulate --hours 72 --seed 7
    """
    from noroshi.adapters.telemetry import silence_logs
    from noroshi.simulation.world import simulate as live

    silence_logs()
    history = live(hours, seed)
    violations = [msgspec.structs.asdict(violation) for violation in history.violations]
    told = {
        "hours": history.hours,
        "events": history.events,
        "reports": history.reports,
        "violations": violations,
        "trace": history.trace,
    }

    def present() -> None:
        click.echo(
            f"{hours:g} hours, seed {seed}: {history.events:,} events, {history.reports:,} reports,"
            f" {history.messages:,} messages, trace {history.trace[:16]}"
        )
        for invariant, count in sorted(Counter(v.invariant for v in history.violations).items()):
            first = next(v for v in history.violations if v.invariant == invariant)
            click.secho(f"{invariant} broken {count} times; first: ", fg="red", nl=False)
            click.echo(f"{first.node} after {first.at / 3600:.2f} h: {first.what}")
        if not violations:
            click.secho("every promise was kept", fg="green")

    context.answer(told, present)
    if violations:
        raise click.exceptions.Exit(1)


COMMANDS = (simulate,)
