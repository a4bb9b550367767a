"""Joint statements: one text that several partners sign, each of them exactly its digest.

The statement is a form (`joint-statement`) whose chain of updates has its drafts. Each signatory
signs the digest of what holds; after a change the digest is another one and all sign anew. What
all have signed is published as one file that anybody verifies with their cards and no node.
`docs/formats/joint.md`.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Self, cast

import msgspec

from noroshi.core import gate
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.keys import SignerSet
from noroshi.core.envelope.primitives import Primitives, Signer
from noroshi.core.errors import InputError, MalformedError, RefusalError
from noroshi.core.instant import Instant, is_instant, to_text
from noroshi.core.kinds.form import Version
from noroshi.core.kinds.joint_signature import JointSignature
from noroshi.core.kinds.joint_statement import JointStatement
from noroshi.core.partner import is_name
from noroshi.core.report import MAX_NAME, report_id_in, report_id_text
from noroshi.core.strict_json import parse_json

VERSION: Final = 1
PUBLISHED: Final = "noroshi_joint_statement"
"""The field of a published file that says what it is, with the version of the format."""

_SIGNED: Final = frozenset(
    {"version", "language", "text", "versions", "signatories", "embargo_until"}
)
"""The fields of a statement that are signed; a contact is not."""


class Text(msgspec.Struct, frozen=True, array_like=True):
    """What is signed: every word of the statement, and who agrees to it."""

    statement_id: bytes
    number: int | None
    """Of the draft, as its writers count."""
    language: str
    text: str
    versions: tuple[tuple[str, bool, str], ...]
    """Language, whether it is equally authentic, and text of each further version."""
    signatories: tuple[str, ...]
    """Sorted."""
    embargo_until: str

    @classmethod
    def of(cls, statement_id: bytes, fields: Mapping[str, object]) -> Self:
        """Return what a form that holds would have its signatories sign.

        Raises:
            InputError: it names no signatories or no language, or one twice.
        """
        try:
            form = msgspec.convert(fields, JointStatement)
        except msgspec.ValidationError as error:
            raise InputError("bad-form", f"the joint statement cannot be signed: {error}") from None
        if not form.signatories or not form.language:
            msg = (
                "a joint statement names its signatories and its language before it is signed: "
                "noroshi update ID --set signatories=... --set language=..."
            )
            raise InputError("bad-form", msg)
        languages = [form.language, *(each.language for each in form.versions)]
        if len({each.casefold() for each in languages}) < len(languages):
            raise InputError("bad-form", "the joint statement has two texts in one language")
        return cls(
            statement_id,
            form.version,
            form.language,
            form.text,
            tuple(map(_plain, form.versions)),
            tuple(sorted(set(form.signatories))),
            form.embargo_until or "",
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 over its one encoding."""
        return hashlib.sha256(gate.encode_struct(self)).digest()


def _plain(version: Version) -> tuple[str, bool, str]:
    return (version.language, version.standing == "equal", version.text)


class Signature(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a partner signs."""

    version: int
    statement_id: bytes
    digest: bytes
    signatory: str
    signed_by: str
    signed_at: Instant


class SignedText(msgspec.Struct, frozen=True):
    """A signature with the signed bytes that it was read from."""

    signature: Signature
    raw: bytes

    @classmethod
    def issue(cls, signature: Signature, profile: int, signers: Sequence[Signer]) -> Self:
        """Return a signature by a partner's report keys."""
        return cls(
            signature, cose.sign(gate.encode_struct(signature), suite.JOINT, profile, signers)
        )


def read_signature(raw: bytes, signers: SignerSet, primitives: Primitives) -> Signature:
    """Return the signature that exactly the keys of `signers` have made.

    Raises:
        RefusalError: they have not, or it is none.
    """
    try:
        signed = cose.parse(raw, (suite.JOINT,), limit=suite.MAX_SIGNED)
        signed.verify(signers, primitives)
        signature = gate.decode_struct(signed.raw_payload, Signature, limit=suite.MAX_SIGNED)
    except MalformedError:
        raise RefusalError("bad-proof", "it is no signature of its signatory") from None
    if not _is_whole(signature):
        raise RefusalError("bad-proof", "a field of the signature is not as it must be")
    return signature


def form_fields(signed: SignedText) -> dict[str, object]:
    """Return the fields of the report that takes a signature to the others."""
    return {
        "statement": report_id_text(signed.signature.statement_id),
        "digest": signed.signature.digest.hex(),
        "signed_by": signed.signature.signed_by,
        "signature": base64.b64encode(signed.raw).decode(),
    }


def signature_in(fields: Mapping[str, object]) -> bytes | None:
    """Return the signature, still to be verified, that a report carries; None: it has none."""
    try:
        form = msgspec.convert(fields, JointSignature)
        return base64.b64decode(form.signature, validate=True)
    except (msgspec.ValidationError, ValueError):
        return None


def publish(text: Text, signed: Sequence[SignedText]) -> bytes:
    """Return the file that shows to anybody what all have signed, and nothing else."""
    told = {
        PUBLISHED: VERSION,
        "statement": report_id_text(text.statement_id),
        "digest": text.digest.hex(),
        **({} if text.number is None else {"version": text.number}),
        "language": text.language,
        "text": text.text,
        "versions": [
            {"language": language, "standing": "equal" if is_equal else "courtesy", "text": words}
            for language, is_equal, words in text.versions
        ],
        "signatories": list(text.signatories),
        **({"embargo_until": text.embargo_until} if text.embargo_until else {}),
        "signatures": [
            {
                "signatory": each.signature.signatory,
                "signed_by": each.signature.signed_by,
                "signed_at": to_text(each.signature.signed_at),
                "signature": base64.b64encode(each.raw).decode(),
            }
            for each in sorted(signed, key=lambda each: each.signature.signatory)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def is_published(raw: bytes) -> bool:
    """Say whether a file says that it is a published joint statement."""
    return raw.lstrip().startswith(b"{") and PUBLISHED.encode() in raw


def verify_published(
    raw: bytes, signers: Mapping[str, SignerSet], primitives: Primitives
) -> tuple[Text, tuple[Signature, ...]]:
    """Return a published text and the signatures of all its signatories, verified.

    `signers` are the keys of each partner whose card is at hand.

    Nothing in the file may say other than what was signed.

    Raises:
        RefusalError: one of them has not signed exactly this, or its card is missing, or the file
            says of a signature, or of the digest, what is not so.
        InputError: it is no published statement.
    """
    told, text = _read_published(raw)
    made = {each.signatory: each for each in told.signatures}
    verified: list[Signature] = []
    for partner in text.signatories:
        if partner not in signers:
            raise RefusalError("bad-proof", f"{partner} signs it; its card is needed: --card FILE")
        if partner not in made:
            raise RefusalError("bad-proof", f"{partner} has not signed it")
        raw_signature = base64.b64decode(made[partner].signature)
        signature = read_signature(raw_signature, signers[partner], primitives)
        if not is_under(signature, text, partner):
            raise RefusalError("bad-proof", f"what {partner} signed is another text")
        if (made[partner].signed_by, made[partner].signed_at) != _claims(signature):
            msg = f"the file says that another person or another time signed for {partner}"
            raise RefusalError("bad-proof", f"{msg} than what was signed")
        verified.append(signature)
    if told.digest != text.digest.hex():
        raise RefusalError("bad-proof", "the digest in the file is not that of its text")
    if len(told.signatures) != len(verified):
        raise RefusalError("bad-proof", "the file has signatures that are not asked of anybody")
    return text, tuple(verified)


def _read_published(raw: bytes) -> tuple["_Published", Text]:
    """Return a published file, so read that two readers cannot take it for two things.

    Raises:
        InputError: it is none.
    """
    try:
        fields = cast("dict[str, object]", parse_json(raw.decode()))
        told = msgspec.convert(fields, _Published)
        said = {name: value for name, value in fields.items() if name in _SIGNED}
        text = Text.of(report_id_in(told.statement) or b"", said)
        for each in told.signatures:
            base64.b64decode(each.signature, validate=True)
    except (msgspec.ValidationError, ValueError, InputError) as error:
        why = f": {error.message}" if isinstance(error, InputError) else f": {error}"
        msg = f"it is no published joint statement{why}"
        raise InputError("bad-proof", msg) from None
    if told.version_of_format != VERSION:
        msg = f"the published statement is of version {told.version_of_format}, not known here"
        raise InputError("bad-proof", msg)
    return told, text


def _claims(signature: Signature) -> tuple[str, str]:
    return signature.signed_by, to_text(signature.signed_at)


def is_under(signature: Signature, text: Text, signatory: str) -> bool:
    """Say whether a verified signature is that of `signatory` under exactly this text."""
    return (
        signature.signatory == signatory
        and signature.statement_id == text.statement_id
        and signature.digest == text.digest
    )


class _Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signatory: str
    signed_by: str
    signed_at: str
    signature: str


class _Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    language: str
    text: str
    standing: Literal["equal", "courtesy"]


class _Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version_of_format: int = msgspec.field(name=PUBLISHED)
    statement: str
    digest: str
    text: str
    language: str
    signatories: tuple[str, ...]
    signatures: tuple[_Signed, ...]
    version: int | None = None
    versions: tuple[_Version, ...] = ()
    embargo_until: str | None = None


def _is_whole(signature: Signature) -> bool:
    """Say whether every field of a signature is as it must be."""
    return (
        signature.version == VERSION
        and len(signature.statement_id) == suite.ID_SIZE
        and len(signature.digest) == suite.DIGEST_SIZE
        and is_name(signature.signatory)
        and is_instant(signature.signed_at)
        and 0 < len(signature.signed_by) <= MAX_NAME
        and signature.signed_by.isprintable()
    )
