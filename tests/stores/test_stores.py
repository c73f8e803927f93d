"""The stores' conditional writes: every condition, met and not met."""

from datetime import timedelta

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.mail.model import MailRequest
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.petitions import store as petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures import mail_state
from chalicelib.signatures.model import MailKind
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from tests.actors import (
    DAY,
    MINUTE,
    NOW,
    a_petition,
    claim_mail,
    confirmed,
    item_of,
    key_of,
    request_of,
    signed,
    subject_of,
)
from tests.stores.racing import at_once, succeeds

SLUG = "safe-children"
REQUESTED_AT = "2026-11-24T12:00:00Z"
CONFIRM = SIGNATURE_KINDS["confirm"].state
TODAY = NOW.date()


def test_an_expired_signature_is_renewed(tables: Tables, petition: Petition) -> None:
    identity = signed(tables, petition)
    claim_mail(tables, petition, identity, NOW)
    mail_state.mark_mailed(key_of(petition, identity), REQUESTED_AT, NOW, NOW + DAY, tables)
    signed(tables, petition, now=NOW + DAY)
    item = item_of(tables, petition, identity)
    assert (item["signed_at"], item["mail_kind"], item["mails"]) == ("2026-11-25T12:00:00Z", "confirm", 1)


def test_only_one_caller_claims_a_request_and_its_email_is_marked_once(tables: Tables, petition: Petition) -> None:
    key = key_of(petition, signed(tables, petition))

    def claim(_: object = None) -> bool:
        return succeeds(lambda: claim_mail(tables, petition, key.sk, NOW))

    assert at_once(claim, range(12)).count(True) == 1
    CONFIRM.release(request_of(tables, petition, key.sk), NOW + MINUTE, tables)
    assert claim()
    for _ in range(2):
        mail_state.mark_mailed(key, REQUESTED_AT, NOW, NOW + DAY, tables)
    item = item_of(tables, petition, key.sk)
    assert (item["mails"], item["mailed_at"], "mail_kind" in item) == (1, REQUESTED_AT, False)
    mail_state.request_mail(key, MailKind.CONFIRM, NOW + timedelta(seconds=1), tables)
    with pytest.raises(ConditionFailed):
        claim_mail(tables, petition, key.sk, NOW + MINUTE - timedelta(seconds=1))
    claim_mail(tables, petition, key.sk, NOW + MINUTE)


def test_an_email_to_a_confirmed_signer_sets_no_expiry(tables: Tables, petition: Petition) -> None:
    identity = confirmed(tables, petition)
    key = key_of(petition, identity)
    mail_state.request_mail(key, MailKind.ALREADY_SIGNED, NOW, tables)
    mail_state.mark_mailed(key, REQUESTED_AT, NOW, NOW + DAY, tables)
    assert "expires_at" not in item_of(tables, petition, identity)
    mail_state.mark_undeliverable(key, "bounced", tables)
    with pytest.raises(ConditionFailed):
        mail_state.request_mail(key, MailKind.ALREADY_SIGNED, NOW + DAY, tables)


def test_changes_never_create_a_signature(tables: Tables, petition: Petition) -> None:
    subject = subject_of(petition, "0" * 32)
    absent = MailRequest(kind="confirm", key=delivery_key(petition.slug, "0" * 32), requested_at=REQUESTED_AT)
    CONFIRM.release(absent, NOW, tables)
    mail_state.mark_mailed(subject.key, REQUESTED_AT, NOW, NOW, tables)
    CONFIRM.mark_refused(absent, NOW, tables)
    mail_state.mark_undeliverable(subject.key, "bounced", tables)
    unsubscribe(subject.key, NOW, tables)
    withdraw(subject.key, petition, NOW, tables)
    assert tables.get(subject.key, consistent=True) is None


def test_petitions_are_listed_in_order_of_slug(tables: Tables) -> None:
    for slug in "ba":
        petitions.add(a_petition(slug=slug), tables)
    assert [petition.slug for petition in petitions.list_all(tables)] == ["a", "b"]


@pytest.mark.parametrize("revision", [0, 1, 7])
def test_a_replacement_needs_the_next_revision(tables: Tables, revision: int) -> None:
    petitions.add(a_petition(revision=revision, goals=[20_000]), tables)
    wrong_revisions = {revision, revision + 2} - {0}
    for wrong in wrong_revisions:
        with pytest.raises(ConditionFailed):
            petitions.replace(a_petition(revision=wrong, goal=5), tables)
    petitions.replace(a_petition(revision=revision + 1, goals=[70_000]), tables)
    found = petitions.get(SLUG, tables, consistent=True)
    assert found == a_petition(revision=revision + 1, goals=[70_000])
