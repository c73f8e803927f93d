"""The owner's choice to get no more email about a petition is final, and only the owner or staff undo it."""

from datetime import datetime

from chalicelib.aws.email import Mail
from chalicelib.mail.budget import FORGET_AFTER, read_allowance
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.send import SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.stop import Choice, choice_of, is_stopped, resume, stop
from chalicelib.petitions.model import Petition
from chalicelib.signatures.erase import erase
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    LIMIT_KEYS,
    MINUTE,
    NOW,
    a_mail_context,
    a_published_petition,
    confirmed,
    identity_of,
    item_of,
    key_of,
    request_of,
    signed,
    subject_of,
)
from tests.fakes import FakeTables

TO_ALICE = mailbox_of(ALICE.email, LIMIT_KEYS)


def choice_about(petition: Petition) -> Choice:
    return choice_of(TO_ALICE, petition.slug)


def stopped(tables: FakeTables, petition: Petition) -> None:
    stop(choice_about(petition), subject_of(petition, identity_of(petition)), tables)


def mails_to(tables: FakeTables, petition: Petition, now: datetime) -> list[Mail]:
    """Sign as Alice and send what is requested."""
    mails: list[Mail] = []
    request = request_of(tables, petition, signed(tables, petition, now=now))
    outcome = send(request, SIGNATURE_KINDS, a_mail_context(mails.append), now, tables)
    assert (outcome is SendResult.SENT) is bool(mails)
    return mails


def test_nobody_can_have_email_sent_to_whoever_stopped_it(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, updates=True)
    for _ in range(2):
        stopped(tables, petition)
    assert not mails_to(tables, petition, NOW)
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], item["updates"], "mail_kind" in item) == ("pending", False, False)


def test_the_choice_outlives_the_signature_and_the_budget(tables: FakeTables, petition: Petition) -> None:
    mails_to(tables, petition, NOW)
    stopped(tables, petition)
    assert "expires_at" not in tables.items[TO_ALICE.key], "TTL must not delete it"
    erase(key_of(petition, identity_of(petition)), petition, NOW + MINUTE, tables)
    del tables.items[key_of(petition, identity_of(petition))]
    assert not mails_to(tables, petition, NOW + 400 * DAY)


def test_another_petition_may_send_email_and_does_not_make_the_choice_expire(
    tables: FakeTables, petition: Petition
) -> None:
    stopped(tables, petition)
    assert mails_to(tables, a_published_petition(tables, slug="another"), NOW)
    assert "expires_at" not in tables.items[TO_ALICE.key]
    assert is_stopped(choice_about(petition), tables)


def test_another_address_is_not_concerned(tables: FakeTables, petition: Petition) -> None:
    stopped(tables, petition)
    assert not read_allowance(mailbox_of(BOB.email, LIMIT_KEYS), petition.slug, NOW, tables).is_stopped


def test_an_undone_choice_allows_email_and_lets_the_item_expire(tables: FakeTables, petition: Petition) -> None:
    another = a_published_petition(tables, slug="another")
    for each in (petition, another):
        stopped(tables, each)
    for _ in range(2):
        resume(choice_about(petition), NOW, tables)
    assert is_stopped(choice_about(another), tables)
    assert mails_to(tables, petition, NOW)
    resume(choice_about(another), NOW + MINUTE, tables)
    assert tables.items[TO_ALICE.key]["expires_at"] >= int((NOW + FORGET_AFTER).timestamp())
    assert "stopped" not in tables.items[TO_ALICE.key]


def test_the_choice_names_no_petition(tables: FakeTables, petition: Petition) -> None:
    """Otherwise whoever has the secret and the table could list the opinions of an address."""
    stopped(tables, petition)
    assert petition.slug not in str(tables.items[TO_ALICE.key])
    bobs = choice_of(mailbox_of(BOB.email, LIMIT_KEYS), petition.slug)
    assert choice_about(petition).petition_hash != bobs.petition_hash


def test_whoever_confirms_nevertheless_gets_no_receipt(tables: FakeTables) -> None:
    petition = a_published_petition(tables, slug="with-receipt", receipt=True)
    identity, mails = confirmed(tables, petition), list[Mail]()
    stopped(tables, petition)
    outcome = send(request_of(tables, petition, identity), SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert (outcome, mails) == (SendResult.SETTLED, [])
