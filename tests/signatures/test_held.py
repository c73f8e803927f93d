"""A signature that looks wrong is held, and the person gets the usual answer. A proof of work ends most reasons."""

import json
from base64 import b64encode
from datetime import timedelta
from time import process_time
from typing import Any

import altcha
import pytest

from chalicelib.core.address import LARGE_PROVIDERS
from chalicelib.core.caching import forget_all
from chalicelib.core.rights import Right
from chalicelib.petitions.model import Petition
from chalicelib.shedding.watch import EVERYWHERE, ask, watch
from chalicelib.signatures.held import is_disposable
from chalicelib.signatures.mailboxes import _known_domains
from chalicelib.signatures.model import HeldReason, Signature
from chalicelib.signatures.network import domain_hash, network_hash
from chalicelib.signatures.proof import LIFETIME, MAX_LENGTH, is_proof, new_challenge
from chalicelib.signatures.sign import with_submission
from tests.actors import (
    ALICE,
    LIMIT_KEYS,
    MINUTE,
    NOW,
    THROUGH_THE_CDN,
    Person,
    a_petition,
    bobs_token,
    fields_of,
    identity_of,
    item_of,
    json_of,
)
from tests.fake_site import JSON, FakeSite

PATH = "/api/petitions/safe-children"
VISITOR = "203.0.113.7"
ADDRESS = ALICE.email
DISPOSABLE = Person(ALICE.name, "alice@mailinator.com")


def solved(challenge: dict[str, Any]) -> str:
    parsed = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(parsed)
    assert solution
    return altcha.Payload(parsed, solution).to_base64()


def a_proof(slug: str = "safe-children", address: str = ADDRESS) -> str:
    return solved(new_challenge(slug, address, NOW, LIMIT_KEYS))


PROOF = a_proof()


def watch_reason(reason: str, site: FakeSite) -> None:
    """Make signatures of the visitor's network, or of Alice's domain, or all, need a proof."""
    if reason == "network":
        watch(network_hash(VISITOR, NOW, LIMIT_KEYS) or "", NOW, site.tables)
    elif reason == "domain":
        watch(domain_hash("mail.example", NOW, LIMIT_KEYS), NOW, site.tables)
    elif reason:
        ask(reason, asked=True, tables=site.tables)
    forget_all()


def post(site: FakeSite, person: Person = ALICE, **changes: Any) -> Any:
    return site.post(f"{PATH}/signatures", json.dumps(json_of(person, **changes)).encode(), JSON, **THROUGH_THE_CDN)


def held(site: FakeSite, person: Person = ALICE) -> str | None:
    reason: str | None = item_of(site.tables, a_petition(), identity_of(a_petition(), person)).get("held")
    return reason


CASES = [
    ("", ALICE, "", None),
    ("network", ALICE, "", "network"),
    ("network", ALICE, PROOF, None),
    ("domain", ALICE, "", "domain"),
    ("domain", ALICE, PROOF, None),
    ("safe-children", ALICE, "", "no-proof"),
    (EVERYWHERE, ALICE, "", "no-proof"),
    (EVERYWHERE, ALICE, PROOF, None),
    ("another-petition", ALICE, "", None),
    ("", DISPOSABLE, "", "disposable"),
    (EVERYWHERE, DISPOSABLE, a_proof(address=DISPOSABLE.email), "disposable"),
]


@pytest.mark.parametrize(("watched", "person", "proof", "reason"), CASES)
@pytest.mark.usefixtures("petition")
def test_why_a_signature_is_held(
    fake_site: FakeSite, watched: str, person: Person, proof: str, reason: str | None
) -> None:
    watch_reason(watched, fake_site)
    answer = post(fake_site, person, **({"proof": proof} if proof else {}))
    assert (answer.status_code, answer.json_body) == (202, {"status": "check-your-inbox"})
    assert held(fake_site, person) == reason


@pytest.mark.usefixtures("petition")
def test_holding_costs_no_further_call_and_an_item_of_one_write_unit(fake_site: FakeSite) -> None:
    watch_reason(EVERYWHERE, fake_site)
    post(fake_site, Person("Warm Process", "warm@mail.example"))
    fake_site.tables.calls.clear()
    post(fake_site)
    assert fake_site.tables.calls == ["put_new"]
    item = item_of(fake_site.tables, a_petition(), identity_of(a_petition()))
    assert item["network"] == network_hash(VISITOR, NOW, LIMIT_KEYS)
    assert len(json.dumps({**item, "pk": "safe-children#00"})) < 900


@pytest.mark.parametrize(
    ("proof", "minutes"),
    [
        (a_proof("another-petition"), 0),
        (a_proof(address="bob@mail.example"), 0),
        (PROOF, LIFETIME / MINUTE),
        (PROOF[:-40] + "A" * 40, 0),
        (b64encode(json.dumps({"challenge": new_challenge("safe-children", ADDRESS, NOW, LIMIT_KEYS)}).encode()), 0),
    ],
    ids=["another petition", "another address", "expired", "tampered", "unsolved"],
)
def test_other_proofs_are_no_proof(proof: str | bytes, minutes: float) -> None:
    text = proof.decode() if isinstance(proof, bytes) else proof
    assert is_proof(PROOF, "safe-children", ADDRESS, NOW, LIMIT_KEYS)
    assert not is_proof(text, "safe-children", ADDRESS, NOW + timedelta(minutes=minutes), LIMIT_KEYS)


def deep(levels: int) -> str:
    return b64encode(b'{"challenge":{"parameters":' + b"[" * levels + b"]" * levels + b"}}").decode()


@pytest.mark.parametrize(
    "text",
    ["", "é", "=" * MAX_LENGTH, deep(600), b64encode(b"[]").decode(), b64encode(b"9" * 1400).decode(), "A" * 99999],
)
def test_a_hostile_proof_is_no_proof_and_costs_little(text: str) -> None:
    started = process_time()
    assert not is_proof(text, "safe-children", ADDRESS, NOW, LIMIT_KEYS)
    assert process_time() - started < 0.05


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        (HeldReason.NETWORK, None, None),
        (HeldReason.NO_PROOF, None, None),
        (HeldReason.NETWORK, HeldReason.DOMAIN, HeldReason.NETWORK),
        (HeldReason.DISPOSABLE, None, HeldReason.DISPOSABLE),
        (None, HeldReason.NETWORK, None),
    ],
)
@pytest.mark.usefixtures("petition")
def test_signing_again_may_end_a_hold_but_never_begins_one(
    fake_site: FakeSite, first: HeldReason | None, second: HeldReason | None, after: HeldReason | None
) -> None:
    post(fake_site)
    stored = Signature.model_validate(item_of(fake_site.tables, a_petition(), identity_of(a_petition())))
    earlier, new = (stored.model_copy(update={"held": reason}) for reason in (first, second))
    assert with_submission(earlier, new, NOW + MINUTE).held is after


@pytest.mark.parametrize(
    ("domain", "is_listed"),
    [
        ("mailinator.com", True),
        ("a.b.mailinator.com", True),
        ("mailinator.com.example", False),
        ("gmail.com", False),
        ("", False),
    ],
)
def test_a_subdomain_of_a_disposable_domain_is_one_too(domain: str, is_listed: bool) -> None:
    assert is_disposable(domain) is is_listed


def test_no_large_provider_is_disposable_and_our_list_of_webmail_has_no_others() -> None:
    from disposable_email_domains import blocklist

    assert not LARGE_PROVIDERS & set(blocklist)
    assert set(_known_domains()["webmail"]) <= LARGE_PROVIDERS


def challenge(site: FakeSite) -> Any:
    body = json.dumps({"email": f" {ADDRESS.upper()} "}).encode()
    return site.post(f"{PATH}/challenge", body, JSON, **THROUGH_THE_CDN).json_body["challenge"]


def test_who_needs_a_proof_gets_a_challenge_and_others_get_none(fake_site: FakeSite, petition: Petition) -> None:
    assert challenge(fake_site) is None
    count = fake_site.get(f"{PATH}/count")
    assert "may_need_proof" not in count.json_body
    assert b"data-may-need-proof" not in fake_site.get(f"/petitions/{petition.slug}").body
    watch_reason("network", fake_site)
    watched = fake_site.get(f"{PATH}/count", if_none_match=count.headers["ETag"])
    assert watched.json_body["may_need_proof"] is True
    assert b"data-may-need-proof" in fake_site.get(f"/petitions/{petition.slug}").body
    post(fake_site, proof=solved(challenge(fake_site)))
    assert held(fake_site) is None


def put(site: FakeSite, **body: object) -> dict[str, object]:
    token = bobs_token(site.tables, site.clock(), Right.MANAGE)
    headers = {"Content-Type": JSON, "Authorization": f"Bearer {token}"}
    answer = site.client.http.put("/api/staff/proof", headers=headers, body=json.dumps(body).encode())
    found: dict[str, object] = answer.json_body
    return found


def test_staff_ask_for_proofs_and_stop(fake_site: FakeSite, petition: Petition) -> None:
    watch("n" * 32, NOW, fake_site.tables)
    one = put(fake_site, petition=petition.slug, asked=True)
    assert one == {"everywhere": False, "petitions": [petition.slug], "watched": 1}
    assert put(fake_site, asked=True)["everywhere"] is True
    assert put(fake_site, petition=petition.slug, asked=False) == {"everywhere": True, "petitions": [], "watched": 1}
    assert put(fake_site, petition="nobody", asked=True)["status"] == 404
    assert len([key for key in fake_site.tables.items if key.table == "audit"]) == 3


@pytest.mark.usefixtures("petition")
def test_without_javascript_the_signature_is_held_and_the_answer_is_the_same(fake_site: FakeSite) -> None:
    def send(email: str) -> Any:
        answer = fake_site.post_form("/petitions/safe-children/signatures", fields_of(Person("Zoe", email)))
        return answer.status_code, answer.headers, answer.body

    usual = send("first@mail.example")
    watch_reason(EVERYWHERE, fake_site)
    assert send("second@mail.example") == usual
    assert held(fake_site, Person("Zoe", "second@mail.example")) == "no-proof"
