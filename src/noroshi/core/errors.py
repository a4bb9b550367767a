"""Every error a person or a partner can meet, and what its reader should do.

    NoroshiError            a sentence that says what is wrong and what to do
    ├── InputError          what was asked for cannot be done as it stands
    ├── NotFoundError       nothing here has that name
    ├── ConflictError       it contradicts something already recorded
    ├── UnavailableError    the node cannot work now: disk, port, lock, keys, clock
    └── MalformedError      bytes from outside that are not what they should be
        ├── UnreadableError   refused before a signature was verified: one code for all causes
        └── RefusalError      refused after the signature was verified: the reason is signed

Bytes from outside can raise ``MalformedError`` and its children and nothing else. Codes are
part of the contract: ``docs/errors.md`` lists them, and a test compares the two.
"""

from typing import Final

CODES: Final = {
    "account-exists": "Somebody has that name, or that operating-system user, already.",
    "already-changed": "The report was cancelled or superseded before.",
    "already-signed": "This partner has signed the joint statement, exactly as it is now.",
    "already-held": "The report is held by somebody else, or for another reason.",
    "already-initialised": "The folder already holds a node.",
    "ambiguous-id": "More than one report begins like that.",
    "attachment-infected": "The malware scanner of the node found something in the attachment.",
    "attachment-pending": "The attachment has not arrived completely yet.",
    "attachment-unreadable": "The attachment cannot be read, is no regular file, or is too large.",
    "attachment-unscanned": "The malware scanner of the node could not look at the attachment.",
    "bad-agreement": "The file is no agreement, or it contradicts itself.",
    "bad-areas": "The file of areas of cooperation cannot be used.",
    "bad-backup": "The file is no backup, or it is damaged, incomplete or contradictory.",
    "bad-card": "The file is no partner card, or its signature does not verify.",
    "bad-directory": "It is no directory, contradicts itself, or is not signed as it must be.",
    "bad-form": "A form, or an update of one, says what cannot be; the message names the field.",
    "bad-import": "What another system wrote cannot be made a form; the message says why.",
    "bad-input": "A value that was given cannot be used.",
    "bad-json": "The file looks like JSON but cannot be read as such.",
    "bad-marking": "The marking is not known here, or does not cover a part of the report.",
    "bad-proof": "The file is no proof, or it does not verify against the given cards.",
    "bad-revocation": "The file is no revocation, or its signature does not verify.",
    "bad-volume": "The file is no courier volume, or it is damaged, incomplete or contradictory.",
    "body-empty": "The report has no text.",
    "body-too-large": "The body of a report may have at most 4 MiB.",
    "busy": "The node has more to do than it can; nothing was taken.",
    "cancelled": "The report was cancelled before it was delivered.",
    "card-older": "A newer card of that partner is already known.",
    "card-revoked": "The card, or a key on it, was revoked.",
    "card-unlisted": "The partner's directory does not name that card.",
    "chain-too-large": "The chain has more reports, or says more, than is folded into a whole.",
    "clock-off": "The clock of this machine cannot be right.",
    "connection-lost": "The serving process stopped before it answered.",
    "damaged": "What is stored cannot be read back.",
    "desk-held": "Somebody else holds the desk.",
    "content-destroyed": "What the report said was destroyed, or its key is not on this disk.",
    "directory-gap": "Of the directory something is lacking; ask for all of it.",
    "directory-older": "A newer directory of that partner is already known.",
    "directory-stale": "The directory of the partner is older than is tolerated.",
    "disk-full": "The disk has no room left.",
    "duplicate-id": "The same identifier came with other contents.",
    "expired": "The time it was meant for is over.",
    "feed-exists": "There is a feed of that name already.",
    "feed-failed": "The server of a feed cannot be followed; what was taken stays.",
    "home-busy": "Another process works on this home.",
    "home-foreign": "The folder is not a Noroshi home, or belongs to someone else.",
    "interest-exists": "The desk is interested in that already.",
    "internal": "A fault in Noroshi itself; what was committed is safe.",
    "keys-locked": "The private keys are wrapped and the passphrase is missing or wrong.",
    "last-administrator": "Nobody would be left to administer the node.",
    "last-custodian": "Nobody else could sign the next root yet.",
    "machine-exists": "A machine of that name belongs to another partner.",
    "malformed": "The bytes are not what they should be.",
    "no-consent": "Its originator has not consented that it is passed on like that.",
    "not-addressed": "The envelope names other recipients.",
    "not-found": "Nothing here has that name.",
    "not-held": "No legal hold is on that report.",
    "not-initialised": "The folder holds no node yet.",
    "not-signed": "The joint statement is another text, not signed by all, or under embargo.",
    "not-sent": "You said no when the filled in form was shown; nothing was sent.",
    "not-permitted": "The person's account has no role for it.",
    "not-proven": "Nobody has proven to be the person who is named.",
    "not-releasable": "The marking, the addressee or an agreement forbids it.",
    "not-served": "The command needs the node to be served.",
    "not-utf8": "The text is not UTF-8.",
    "number-mismatch": "The sixty digits are not the same on both sides.",
    "online-keys": "A root names keys for the node that its custodian has not compared.",
    "partner-revoked": "The partner is revoked; nothing goes there or is taken from there.",
    "partner-unverified": "The partner has not been verified yet.",
    "passphrase-needed": "The account is proven by a passphrase, and none was given.",
    "port-in-use": "Something else listens on that address.",
    "root-changed": "The card is signed by another root key than the one known.",
    "rung-conflict": "The desk has already answered otherwise.",
    "serial-reused": "A serial number was used for two reports.",
    "sqlite-too-old": "The SQLite library has a known fault.",
    "storage-failed": "The disk failed; the node has stopped taking reports.",
    "timed-out": "It did not happen in the given time.",
    "two-persons": "At that level one person writes a report and another releases it.",
    "unknown-account": "Nobody has an account of that name.",
    "unknown-desk": "The partner's card lists no such desk.",
    "unknown-partner": "No card of that partner is known.",
    "unreadable": "The envelope could not be opened or its sender not be verified.",
    "unreachable": "The partner's node could not be reached.",
}


class NoroshiError(Exception):
    """A problem its reader can act on; ``str()`` of it is shown to people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = str(message)  # plain text, whatever knew more: it goes to partners and logs


class InputError(NoroshiError):
    """What was asked for cannot be done as it stands."""


class NotFoundError(NoroshiError):
    """Nothing here has that name."""


class ConflictError(NoroshiError):
    """It contradicts something already recorded."""


class UnavailableError(NoroshiError):
    """The node cannot work now."""


class MalformedError(NoroshiError):
    """Bytes from outside are not what they should be."""

    def __init__(self, message: str, code: str = "malformed") -> None:
        super().__init__(code, message)


class UnreadableError(MalformedError):
    """Refused before a signature was verified; all causes look alike to the sender."""

    def __init__(self, message: str = "the envelope could not be opened or verified") -> None:
        super().__init__(message, "unreadable")


class RefusalError(MalformedError):
    """Refused after the sender was verified; the reason may be told and signed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code)
