"""The owner of an address can stop all email about a petition. Only the owner and staff can undo that choice."""

from datetime import datetime

from chalicelib.aws.email import Mail
from chalicelib.mail.budget import FORGET_AFTER, Choice, choice_of, resume, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.mail.send import SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import erase
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    LIMIT_KEYS,
    MINUTE,
    NOW,
    a_mail_context,
    a_petition,
    a_published_petition,
    confirmed,
    identity_of,
    item_of,
    key_of,
    request_of,
    signed,
    subject_of,
)
from tests.fake_site import FakeSite, token_in
from tests.fakes import FakeTables
from tests.signatures.test_links import post, sign_and_email_alice

ALICES_MAILBOX = mailbox_of(ALICE.email, LIMIT_KEYS)


def alices_choice(petition: Petition) -> Choice:
    return choice_of(ALICES_MAILBOX, petition.slug)


def stop_email(tables: FakeTables, petition: Petition) -> None:
    stop(alices_choice(petition), subject_of(petition, identity_of(petition)), NOW, tables)


def emails_after_signing(tables: FakeTables, petition: Petition, now: datetime) -> list[Mail]:
    """Sign as Alice, and return the emails that are sent for it."""
    mails: list[Mail] = []
    request = request_of(tables, petition, signed(tables, petition, now=now))
    outcome = send(request, SIGNATURE_KINDS, a_mail_context(mails.append), now, tables)
    assert (outcome is SendResult.SENT) is bool(mails)
    return mails


def test_signing_for_a_person_who_stopped_email_sends_no_email(tables: FakeTables, petition: Petition) -> None:
    signed(tables, petition, updates=True)
    for _ in range(2):
        stop_email(tables, petition)
    assert not emails_after_signing(tables, petition, NOW)
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], item["updates"], "mail_kind" in item) == ("pending", False, False)


def test_the_choice_outlives_the_signature_and_the_budget(tables: FakeTables, petition: Petition) -> None:
    emails_after_signing(tables, petition, NOW)
    stop_email(tables, petition)
    assert "expires_at" not in tables.items[ALICES_MAILBOX.key], "TTL must not delete the choice"
    erase(key_of(petition, identity_of(petition)), petition, NOW + MINUTE, tables)
    del tables.items[key_of(petition, identity_of(petition))]
    assert not emails_after_signing(tables, petition, NOW + 400 * DAY)
    resume(alices_choice(petition), NOW, tables)
    assert tables.items[ALICES_MAILBOX.key]["expires_at"] >= int((NOW + FORGET_AFTER).timestamp())


def test_the_stored_choice_does_not_show_its_petition(tables: FakeTables, petition: Petition) -> None:
    """Otherwise anybody with the secret and the table could list the opinions of an address."""
    stop_email(tables, petition)
    assert petition.slug not in str(tables.items[ALICES_MAILBOX.key])
    bobs_choice = choice_of(mailbox_of(BOB.email, LIMIT_KEYS), petition.slug)
    assert alices_choice(petition).petition_hash != bobs_choice.petition_hash


def test_a_person_who_stopped_email_and_confirms_gets_no_receipt(tables: FakeTables) -> None:
    petition = a_published_petition(tables, slug="with-receipt", receipt=True)
    identity, mails = confirmed(tables, petition), list[Mail]()
    stop_email(tables, petition)
    outcome = send(request_of(tables, petition, identity), SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert (outcome, mails) == (SendResult.SETTLED, [])


def count_emails_after_signing(fake_site: FakeSite) -> int:
    before = len(fake_site.mailer.mails)
    fake_site.clock.forward(DAY)
    identity = signed(fake_site.tables, a_petition(), now=fake_site.clock())
    request = request_of(fake_site.tables, a_petition(), identity)
    kind = SIGNATURE_KINDS[request.kind]
    function = "send_mail" if kind.priority == "urgent" else "send_other_mail"
    assert fake_site.deliver(function, [request.model_dump()]) == []
    return len(fake_site.mailer.mails) - before


def test_opening_the_link_changes_nothing(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    page = fake_site.get(fake_site.last_link("stop"))
    assert page.status_code == 200
    assert 'method="post"' in page.body.decode()
    assert count_emails_after_signing(fake_site) == 1


def test_the_button_stops_email_and_the_same_link_allows_it_again(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    link = fake_site.last_link("stop")
    for _ in range(2):
        assert "no more email" in post(fake_site, link).body.decode()
    assert count_emails_after_signing(fake_site) == 0
    assert "Allow emails again" in fake_site.get(link).body.decode()
    for _ in range(2):
        assert "We can email you again" in post(fake_site, link, emails="again").body.decode()
    assert count_emails_after_signing(fake_site) == 1


def test_a_link_for_another_purpose_stops_nothing(fake_site: FakeSite) -> None:
    sign_and_email_alice(fake_site)
    for purpose in ("confirm", "withdraw", "unsubscribe"):
        token = token_in(fake_site.last_link(purpose))
        assert fake_site.post_form("/stop", {"token": token}).status_code == 400
    assert fake_site.post_form("/stop", {}).status_code == 400
    assert identity_of(a_petition()) in str(fake_site.tables.items)


def test_the_link_works_when_the_signature_is_deleted(fake_site: FakeSite) -> None:
    identity = sign_and_email_alice(fake_site)
    del fake_site.tables.items[key_of(a_petition(), identity)]
    assert post(fake_site, fake_site.last_link("stop")).status_code == 200
