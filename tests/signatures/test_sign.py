"""A signature is stored once, however often a person signs, and no response reveals who has signed."""

from datetime import datetime, timedelta

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_mailed
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.sign import Outcome
from tests.actors import (
    ALICE,
    DAY,
    NOW,
    Person,
    a_signing_context,
    claim_mail,
    confirmed,
    item_of,
    key_of,
    sign_by_form,
    signed,
)
from tests.fakes import FakeTables

SECOND = timedelta(seconds=1)


def send_mail(tables: FakeTables, petition: Petition, identity: str, now: datetime = NOW) -> None:
    """Claim the requested email and mark it as sent, as a sender does."""
    requested_at = item_of(tables, petition, identity)["mail_requested_at"]
    claim_mail(tables, petition, identity, now)
    mark_mailed(key_of(petition, identity), requested_at, now, now + 15 * DAY, tables)


def signatures_in(tables: FakeTables) -> list[Item]:
    return [item for key, item in tables.items.items() if key.table == keys.SIGNATURES]


def test_signing_is_one_conditional_put(tables: FakeTables, petition: Petition) -> None:
    context = a_signing_context(tables)
    tables.calls.clear()
    assert sign_by_form(petition, NOW, context).outcome is Outcome.ACCEPTED
    assert tables.calls == ["put_new"]


def test_the_item_records_everything_needed_as_proof(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition, updates=True, country="NL", postcode="1012 AB", source="bbc")
    assert item_of(tables, petition, identity) == {
        "pk": f"safe-children#{keys.bucket_of(identity)}",
        "sk": identity,
        "state": "pending",
        "signed_at": "2026-11-24T12:00:00Z",
        "name": ALICE.name,
        "email": ALICE.email,
        "country": "NL",
        "postcode": "1012 AB",
        "source": "bbc",
        "updates": True,
        "obtained_by": petition.charity,
        "channel": "form",
        "text_version": petition.text_version,
        "consent_version": petition.consent_version,
        "mail_kind": "confirm",
        "mail_requested_at": "2026-11-24T12:00:00Z",
        "mails": 0,
        "expires_at": int((NOW + UNMAILED_LIFETIME).timestamp()),
    }


def test_another_spelling_of_the_same_mailbox_is_the_same_signature(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, Person("Alice", "a.lice@gmail.com"))
    signed(tables, petition, Person("Alice Again", "ALICE+news@googlemail.com"))
    assert [item["name"] for item in signatures_in(tables)] == ["Alice"]


def test_a_repetition_cannot_change_a_confirmed_signature(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    before = item_of(tables, petition, identity) | {"mail_kind": "already-signed"}
    signed(tables, petition, Person("Mallory", ALICE.email), NOW + DAY, country="NL", updates=True)
    item = item_of(tables, petition, identity)
    item.pop("mail_requested_at")
    assert item == before
