"""A verified holder that turns hostile: it passes on, to a real node, what it has no consent for.

`zz` holds real keys and a real report of `jp`; the served node `au` has verified both cards. Each
attack goes in one request with a good report behind it: the attack is refused by au itself,
journalled and never shown, the good one is taken.
"""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from noroshi.core import gate
from noroshi.core.consent import USUAL_TERM, Grant, Scope, SignedGrant
from noroshi.core.directory.card import SignedCard, read_armour, verify_card
from noroshi.core.enclosure import Enclosure, encode_enclosure
from noroshi.core.envelope import cose, suite
from noroshi.core.envelope.head import salted_digest
from noroshi.core.envelope.keys import Purpose
from noroshi.core.instant import DAY, HOUR
from noroshi.core.recognition import NOROSHI, TEXT
from noroshi.core.report import PASSED_ON, decode_content, encode_content
from tests.hostile.test_peer_door import NOW, ZZ, Remote, Victim, raw_seal
from tests.program.conftest import Desk, make
from tests.unit.core.nodes import JP, NZ, PRIMITIVES, Letter, a_letter, changed

pytestmark = pytest.mark.xdist_group("hostile-consent")


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("hostile")
    au = make(folder, "au")
    card = verify_card(read_armour(au.ask("partner", "card")["card"].encode()), PRIMITIVES).card
    for node in (ZZ, JP, NZ):
        theirs = folder / f"{node.name}.card"
        theirs.write_text(SignedCard.issue(node.card(), node.root).armoured)
        au.ask("partner", "add", theirs)
        if node is not NZ:
            number = au.ask("partner", "number", node.name)["number"]
            au.ask("partner", "verify", node.name, "--number", number, "--by", "Lt Sato")
    with au.served() as ready:
        yield Victim(au, ready["peer_url"], Remote("au", card.key(Purpose.SEAL)))


class Passing:
    """A report of jp, jp's grant to zz for au, and the means to make either other than it was."""

    def __init__(self, victim: Victim, *, originator: Any = JP, body: bytes = b"Smoke.") -> None:
        self.victim = victim
        self.originator = originator
        letter = a_letter(originator, [ZZ], body)
        now = NOW()
        head = changed(letter.head, report_id=os.urandom(16), created_at=now,
                       expires_at=now + HOUR)  # fmt: skip
        self.original: Letter = changed(letter, head=head)
        self.signed = cose.sign(
            gate.encode_struct(head), suite.REPORT, originator.profile.number,
            originator.report_signers,
        )  # fmt: skip
        self.grant = Grant(
            1, os.urandom(16), originator.name, "zz", head.report_id, self.digest, Scope.WHOLE,
            ("au",), now, now + USUAL_TERM, "Cdr Ito",
        )  # fmt: skip

    @property
    def digest(self) -> bytes:
        return cose.digest(self.signed)

    @property
    def enclosure(self) -> Enclosure:
        beside = self.original.beside
        return Enclosure(self.signed, beside.salt, beside.content)

    def granted(
        self, signers: Any = None, context: suite.Context = suite.GRANT, **fields: Any
    ) -> SignedGrant:
        grant = changed(self.grant, **fields)
        profile = self.originator.profile.number
        chosen = self.originator.report_signers if signers is None else signers
        raw = cose.sign(gate.encode_struct(grant), context, profile, chosen)
        return SignedGrant(grant, raw)

    def wrapped(
        self,
        body: bytes | None = None,
        kind: str = PASSED_ON,
        media_type: str = NOROSHI,
        **head: Any,
    ) -> bytes:
        """Return zz's envelope to au, which it signs and seals rightly."""
        letter = self.victim.letter()
        content = changed(
            decode_content(letter.beside.content), kind=kind, references=(), media_type=media_type,
            body=encode_enclosure(self.enclosure, self.granted()) if body is None else body,
        )  # fmt: skip
        beside = changed(letter.beside, content=encode_content(content))
        told = self.original.head
        outer = changed(
            letter.head, marking=told.marking, status=told.status,
            content_digest=salted_digest(beside.salt, beside.content),
        )  # fmt: skip
        return raw_seal(changed(letter, beside=beside, head=changed(outer, **head)))

    def by(self, grant: SignedGrant) -> bytes:
        return self.wrapped(encode_enclosure(self.enclosure, grant))


def test_with_consent_it_is_taken_and_shown_as_the_originators(victim: Victim) -> None:
    passing = Passing(victim)
    assert victim.offer(passing.wrapped()) == [{"taken": True}]
    au: Desk = victim.desk
    (row,) = [r for r in au.ask_lines("inbox") if r["by_way_of"] == "zz"]
    assert row["from"] == "cyber@jp"
    shown = au.run("show", row["report"]).text
    assert "cyber@jp" in next(line for line in shown.splitlines() if line.startswith("From "))
    assert "cyber@zz, with the consent of Cdr Ito (" in shown
    assert au.ask("show", passing.original.head.report_id.hex())["body"] == "Smoke."
    assert au.ask("ack", row["report"], "--by", "Sgt Hill")["state"] == "ACKNOWLEDGED"


def without_a_grant(passing: Passing) -> bytes:
    body = json.loads(encode_enclosure(passing.enclosure, passing.granted()))
    del body["grant"]
    return passing.wrapped(json.dumps(body).encode())


def with_an_empty_grant(passing: Passing) -> bytes:
    return passing.by(SignedGrant(passing.grant, b""))


def for_another_digest(passing: Passing) -> bytes:
    return passing.by(passing.granted(head_digest=os.urandom(32)))


def for_another_report(passing: Passing) -> bytes:
    return passing.by(Passing(passing.victim).granted())


def for_another_audience(passing: Passing) -> bytes:
    return passing.by(passing.granted(audience=("kr", "nz")))


def for_another_holder(passing: Passing) -> bytes:
    return passing.by(passing.granted(holder="nz"))


def ended(passing: Passing) -> bytes:
    now = NOW()
    return passing.by(passing.granted(granted_at=now - 2 * DAY, ends_at=now - 1))


def from_the_future(passing: Passing) -> bytes:
    now = NOW()
    return passing.by(passing.granted(granted_at=now + 3 * DAY, ends_at=now + 4 * DAY))


def for_the_tearline(passing: Passing) -> bytes:
    return passing.by(passing.granted(scope=Scope.TEARLINE))


def signed_by_the_holder(passing: Passing) -> bytes:
    profile = ZZ.profile.number
    raw = cose.sign(gate.encode_struct(passing.grant), suite.GRANT, profile, ZZ.report_signers)
    return passing.by(SignedGrant(passing.grant, raw))


def signed_by_another_partner(passing: Passing) -> bytes:
    profile = NZ.profile.number
    raw = cose.sign(gate.encode_struct(passing.grant), suite.GRANT, profile, NZ.report_signers)
    return passing.by(SignedGrant(passing.grant, raw))


def signed_by_keys_of_another_purpose(passing: Passing) -> bytes:
    return passing.by(passing.granted(signers=JP.receipt_signers))


def signed_for_another_purpose(passing: Passing) -> bytes:
    return passing.by(passing.granted(context=suite.REPORT))


def with_a_signature_stripped(passing: Passing) -> bytes:
    return passing.by(passing.granted(signers=JP.report_signers[:1]))


def altered(passing: Passing) -> bytes:
    told = changed(decode_content(passing.original.beside.content), body=b"All is well.")
    enclosure = changed(passing.enclosure, content=encode_content(told))
    return passing.wrapped(encode_enclosure(enclosure, passing.granted()))


def forged(passing: Passing) -> bytes:
    """Return what jp never wrote, signed by zz under jp's name."""
    head = gate.encode_struct(passing.original.head)
    raw = cose.sign(head, suite.REPORT, ZZ.profile.number, ZZ.report_signers)
    enclosure = changed(passing.enclosure, signed=raw)
    grant = passing.granted(head_digest=cose.digest(raw))
    return passing.wrapped(encode_enclosure(enclosure, grant))


def under_another_marking(passing: Passing) -> bytes:
    return passing.wrapped(marking="TLP:CLEAR")


def of_its_own(passing: Passing) -> bytes:
    own = Passing(passing.victim, originator=ZZ)
    return own.wrapped()


def of_somebody_unverified(passing: Passing) -> bytes:
    return Passing(passing.victim, originator=NZ).wrapped()


def with_an_object_marked_higher(passing: Passing) -> bytes:
    red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    found = {"type": "bundle", "objects": [{"id": "x", "object_marking_refs": [red]}]}
    return Passing(passing.victim, body=json.dumps(found).encode()).wrapped()


def a_bundle_marked_higher(passing: Passing) -> bytes:
    red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    found = {"type": "bundle", "objects": [{"id": "x", "object_marking_refs": [red]}]}
    return passing.wrapped(json.dumps(found).encode(), kind="cyber-incident")


def a_portion_marked_higher(passing: Passing) -> bytes:
    told = {"noroshi": 1, "portions": [{"marking": "TLP:RED", "text": "x"}]}
    return passing.wrapped(json.dumps(told).encode(), kind="situation-report")


def a_name_twice(passing: Passing) -> bytes:
    body = encode_enclosure(passing.enclosure, passing.granted())
    return passing.wrapped(body[:-1] + b',"grant":""}')


def a_name_twice_in_plain_text(passing: Passing) -> bytes:
    body = encode_enclosure(passing.enclosure, passing.granted())
    twice = b'{"grant":"",' + body[1:].replace(b'"noroshi":1,', b"")
    return passing.wrapped(twice, media_type=TEXT)


def a_request_for_nothing(passing: Passing) -> bytes:
    told = {"noroshi": 1, "kind": "consent-request", "report": "x"}
    return passing.wrapped(json.dumps(told).encode(), kind="consent-request")


def a_request_for_anothers_report(passing: Passing) -> bytes:
    told = {
        "noroshi": 1, "kind": "consent-request", "report": passing.original.head.report_id.hex(),
        "head_digest": passing.digest.hex(), "audience": ["nz"],
    }  # fmt: skip
    return passing.wrapped(json.dumps(told).encode(), kind="consent-request")


def a_grant_of_another(passing: Passing) -> bytes:
    told = {"noroshi": 1, "kind": "consent-grant", "request": bytes(16).hex()}
    body = json.loads(encode_enclosure(passing.enclosure, passing.granted()))
    told["grant"] = body["grant"]
    return passing.wrapped(json.dumps(told).encode(), kind="consent-grant")


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (without_a_grant, "malformed"),
        (with_an_empty_grant, "no-consent"),
        (for_another_digest, "no-consent"),
        (for_another_report, "no-consent"),
        (for_another_audience, "no-consent"),
        (for_another_holder, "no-consent"),
        (ended, "no-consent"),
        (from_the_future, "no-consent"),
        (for_the_tearline, "no-consent"),
        (signed_by_the_holder, "no-consent"),
        (signed_by_another_partner, "no-consent"),
        (signed_by_keys_of_another_purpose, "no-consent"),
        (signed_for_another_purpose, "no-consent"),
        (with_a_signature_stripped, "no-consent"),
        (altered, "malformed"),
        (forged, "malformed"),
        (under_another_marking, "malformed"),
        (of_its_own, "malformed"),
        (of_somebody_unverified, "unknown-partner"),
        (with_an_object_marked_higher, "bad-marking"),
        (a_bundle_marked_higher, "bad-marking"),
        (a_portion_marked_higher, "bad-marking"),
        (a_name_twice, "bad-json"),
        (a_name_twice_in_plain_text, "malformed"),
        (a_request_for_nothing, "malformed"),
        (a_request_for_anothers_report, "not-found"),
        (a_grant_of_another, "no-consent"),
    ],
)
def test_what_has_no_consent_is_refused_by_the_third_partner_itself(
    victim: Victim, attack: Callable[[Passing], bytes], code: str
) -> None:
    before = victim.inbox()
    refused, taken = victim.offer(attack(Passing(victim)), raw_seal(victim.letter(b"good")))
    assert (refused["taken"], refused["code"]) == (False, code), refused
    assert taken == {"taken": True}
    assert len(victim.inbox()) == len(before) + 1
    assert victim.desk.ask("journal", "verify")["ok"] is True


def test_a_grant_for_one_envelope_is_no_grant_for_another_report_of_the_same_words(
    victim: Victim,
) -> None:
    first, second = Passing(victim), Passing(victim)
    assert victim.offer(first.wrapped()) == [{"taken": True}]
    (refused,) = victim.offer(second.by(first.granted()))
    assert refused["code"] == "no-consent"


def test_the_same_original_enclosed_twice_is_shown_once(victim: Victim) -> None:
    passing, before = Passing(victim), len(victim.inbox())
    raw = passing.wrapped()
    assert victim.offer(raw, raw) == [{"taken": True}, {"taken": True}]
    assert victim.offer(passing.wrapped()) == [{"taken": True}], "another envelope, the same report"
    assert len(victim.inbox()) == before + 1
