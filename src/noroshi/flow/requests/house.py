"""Requests about the house: who is who in it, its partners, its journal."""

from noroshi.flow.requests.base import Request


class WhoAmI(Request, frozen=True, kw_only=True):
    """Say whose account the one who asks has."""


class Invite(Request, frozen=True, kw_only=True):
    """Let whoever asks into the console, by a link that works once."""

    by: str | None = None


class Accounts(Request, frozen=True, kw_only=True):
    """List the accounts."""


class AddAccount(Request, frozen=True, kw_only=True):
    """Add a person; the first one is an administrator."""

    name: str
    roles: tuple[str, ...]
    """Each `role` or `role@desk`."""
    uid: int | None = None
    """The operating-system user who is this person."""
    passphrase: str | None = None
    by: str | None = None

    def __repr__(self) -> str:
        return f"AddAccount({self.name!r})"


class ChangeRoles(Request, frozen=True, kw_only=True):
    """Give a person other roles."""

    name: str
    roles: tuple[str, ...]
    by: str | None = None


class ChangePassphrase(Request, frozen=True, kw_only=True):
    """Give a person another passphrase: one's own, or as an administrator anybody's."""

    name: str
    passphrase: str
    by: str | None = None

    def __repr__(self) -> str:
        return f"ChangePassphrase({self.name!r})"


class Passkeys(Request, frozen=True, kw_only=True):
    """List the passkeys of an account."""

    name: str
    by: str | None = None


class AddPasskey(Request, frozen=True, kw_only=True):
    """Add a passkey to the account of whoever asks."""

    credential: bytes
    public_key: bytes
    """A COSE key."""
    sign_count: int
    label: str
    by: str | None = None


class RemovePasskey(Request, frozen=True, kw_only=True):
    """Remove a passkey: one's own, or as an administrator anybody's."""

    name: str
    credential: bytes
    by: str | None = None


class PrepareBreakGlass(Request, frozen=True, kw_only=True):
    """Make a break-glass way in: one's own, or as an administrator anybody's."""

    name: str
    by: str | None = None


class EndAccount(Request, frozen=True, kw_only=True):
    """End an account."""

    name: str
    by: str | None = None


class BackUp(Request, frozen=True, kw_only=True):
    """Ask whether a backup may be made; the command then reads the home itself."""


class OwnCard(Request, frozen=True, kw_only=True):
    """Give this node's card."""


class AddPartner(Request, frozen=True, kw_only=True):
    """Take a partner's card."""

    card: bytes
    by: str | None = None


class AddAgreement(Request, frozen=True, kw_only=True):
    """Go by an agreement."""

    agreement: bytes
    by: str | None = None


class Agreements(Request, frozen=True, kw_only=True):
    """List the agreements."""


class Partners(Request, frozen=True, kw_only=True):
    """List the partners."""


class PartnerNumber(Request, frozen=True, kw_only=True):
    """Give the sixty digits to compare."""

    partner: str


class VerifyPartner(Request, frozen=True, kw_only=True):
    """Record that the digits were compared."""

    partner: str
    number: str
    by: str | None = None


class TakeRoot(Request, frozen=True, kw_only=True):
    """Go by a root of this node's directory that its custodians have signed."""

    root: bytes
    by: str | None = None


class RequestRoot(Request, frozen=True, kw_only=True):
    """Give all that custodians need for this node's next root."""


class RemoveRootKey(Request, frozen=True, kw_only=True):
    """Destroy the first root key on this node."""

    by: str | None = None


class RevokePartner(Request, frozen=True, kw_only=True):
    """Trust a partner's keys no more; `notice` is the word of its root, "" an officer's own."""

    partner: str
    since: str
    by: str | None = None
    reason: str = ""
    notice: bytes = b""


class Quarantine(Request, frozen=True, kw_only=True):
    """List what came from revoked partners and was signed before."""


class DecideQuarantined(Request, frozen=True, kw_only=True):
    """Take or drop what is held of a revoked partner."""

    report: str
    by: str | None = None
    is_taken: bool


class VerifyJournal(Request, frozen=True, kw_only=True):
    """Compute the journal anew.

    `proofs` are partners' proofs, or checkpoints that they cosigned, to compare it with.
    """

    proofs: tuple[bytes, ...] = ()


class JournalHead(Request, frozen=True, kw_only=True):
    """Say how long the journal is, and give its newest checkpoint; nothing is computed anew."""


class MakeProof(Request, frozen=True, kw_only=True):
    """Make the proof about a report."""

    report: str


class Witnesses(Request, frozen=True, kw_only=True):
    """Say how far partners' journals are proven here, and what they cosigned of this one."""


class HeldCheckpoint(Request, frozen=True, kw_only=True):
    """Give the newest checkpoint of a partner that this node has verified, cosigned."""

    partner: str


class Conflicts(Request, frozen=True, kw_only=True):
    """List the checkpoints of partners that contradict each other."""


class Examine(Request, frozen=True, kw_only=True):
    """Say what is wrong with the node."""
