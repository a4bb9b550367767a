"""Passkeys, checked by py_webauthn (W3C WebAuthn Level 3).

The person is verified by the authenticator each time, and the passkey is kept in it, so that
nobody has to type who they are. Attestation is not asked for: which makes of authenticators are
good enough is a rule of the house, told to people.

The library takes a tenth of the time in which a node starts, and most nodes need it later or
never, so it is imported where it is used.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import msgspec

from noroshi.core.errors import InputError
from noroshi.core.passkey import Passkey

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier


class Site(msgspec.Struct, frozen=True):
    """Where passkeys are used: they work there and nowhere else."""

    host: str
    """A name, no address (`rp.id`)."""
    origin: str


class Credential(msgspec.Struct, frozen=True):
    """What an authenticator has made."""

    id: bytes
    public_key: bytes
    sign_count: int


def to_register(site: Site, person: str, challenge: bytes, known: Iterable[Passkey]) -> str:
    """Return, as JSON for a browser, what it needs to make a passkey for a person."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Noroshi",
        user_name=person,
        user_id=hashlib.sha256(person.encode()).digest(),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(each.credential) for each in known],
        supported_pub_key_algs=_algorithms(),
    )
    return webauthn.options_to_json(options)


def registered(site: Site, answer: str, challenge: bytes) -> Credential:
    """Return the credential that a browser has made.

    Raises:
        InputError: it was not made for this, here, by a person whom the authenticator verified.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=_algorithms(),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise _refused(error) from None
    return Credential(found.credential_id, found.credential_public_key, found.sign_count)


def to_prove(site: Site, challenge: bytes, known: Iterable[Passkey] = ()) -> str:
    """Return, as JSON for a browser, what it needs to prove who somebody is.

    `known`: with one of these passkeys; none: with any that the authenticator has for this site.
    """
    import webauthn
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(each.credential) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def proven(site: Site, answer: str, challenge: bytes, passkey: Passkey) -> int:
    """Return how often a passkey has signed, having proven its owner.

    Raises:
        InputError: it has not.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            # That the count grows is checked where it is kept, in the same transaction.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise _refused(error) from None
    return found.new_sign_count


def named_in(answer: str) -> tuple[bytes, bytes]:
    """Return which credential an answer of a browser is of, and which challenge it answers.

    Both are claims until the answer is verified.

    Raises:
        InputError: it names none.
    """
    from webauthn.helpers import base64url_to_bytes

    try:
        told = cast("dict[str, dict[str, str]]", json.loads(answer))
        client = json.loads(base64url_to_bytes(told["response"]["clientDataJSON"]))
        credential = base64url_to_bytes(cast("str", told["id"]))
        return credential, base64url_to_bytes(client["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused(error) from None


def _algorithms() -> "list[COSEAlgorithmIdentifier]":
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    return [
        COSEAlgorithmIdentifier.EDDSA,
        COSEAlgorithmIdentifier.ECDSA_SHA_256,
        COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
    ]


def _refused(error: Exception) -> InputError:
    return InputError("not-proven", f"the passkey proves nothing here: {error}")
