"""What a visitor is offered: what the account may do, and what takes a proof anew of who it is."""

from noroshi.core.account import Act
from noroshi.entrypoints.console.desk import Console, Visit
from noroshi.entrypoints.console.passkeys import needs_proof


async def may(console: Console, visit: Visit, act: Act) -> bool:
    """Say whether a visitor may do something; what is not offered is refused as well."""
    return await console.may(visit, act)


def is_unproven(visit: Visit) -> bool:
    """Say whether a visitor has to prove anew who it is before a grave act.

    The page is given again then, with what was typed into it.
    """
    return needs_proof(visit) is not None
