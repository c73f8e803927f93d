"""Email that waits, is not sent, or is marked as sent after its signature has changed."""

from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core import caching
from chalicelib.core.errors import NotYet, Throttled, UnknownPetition
from chalicelib.mail.send import CLAIM, SendResult, send
from chalicelib.mail.signature_kinds import KEPT_AFTER_LINK, SIGNATURE_KINDS, delivery_key
from chalicelib.petitions.find import PETITION_SECONDS, forget_petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    CHARLIE,
    DAY,
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
)
from tests.fakes import FakeTables
from tests.mail.test_send import a_mail_request


def throttle(*_: object, **__: object) -> None:
    raise Throttled("storage")


def test_withdrawn_and_deleted_signatures_get_no_email(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    withdraw(key_of(petition, identity_of(petition)), petition, NOW, tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.SETTLED
    gone = request.model_copy(update={"key": delivery_key(petition.slug, "0" * 32)})
    assert send(gone, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.SETTLED
    assert not mails


def test_a_complaint_after_the_request_stops_the_email(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    mark_undeliverable(key_of(petition, identity_of(petition)), "complained", tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.SETTLED
    assert not mails


def test_a_signature_confirmed_meanwhile_gets_no_email_to_confirm(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    confirmed(tables, petition)
    send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert not mails


def test_a_signature_withdrawn_during_sending_stays_withdrawn(tables: FakeTables, petition: Petition) -> None:
    request = a_mail_request(tables, petition)

    def deliver(_: Mail) -> None:
        withdraw(key_of(petition, identity_of(petition)), petition, NOW, tables)

    send(request, SIGNATURE_KINDS, a_mail_context(deliver), NOW, tables)
    item = item_of(tables, petition, identity_of(petition))
    assert (item["state"], "email" in item) == ("withdrawn", False)


def test_an_email_sent_during_a_withdrawal_counts_against_the_limits(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)

    def deliver(mail: Mail) -> None:
        mails.append(mail)
        withdraw(key_of(petition, identity_of(petition)), petition, NOW, tables)
        signed(tables, petition, now=NOW + timedelta(seconds=1))

    send(request, SIGNATURE_KINDS, a_mail_context(deliver), NOW, tables)
    assert item_of(tables, petition, identity_of(petition))["mails"] == 1
    again = request_of(tables, petition, identity_of(petition))
    with pytest.raises(NotYet):
        send(again, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + timedelta(seconds=59), tables)
    assert send(again, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + MINUTE, tables) is SendResult.SENT
    assert len(mails) == 2


@pytest.mark.parametrize("closes_at", [None, NOW + 3 * DAY, NOW + 30 * DAY])
def test_a_pending_signature_expires_a_day_after_its_link(tables: FakeTables, closes_at: object) -> None:
    """Independent of the closing time, because staff may change that."""
    petition = a_published_petition(tables, closes_at=closes_at)
    request = a_mail_request(tables, petition)
    send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    item = item_of(tables, petition, identity_of(petition))
    expires_at = NOW + 14 * DAY + KEPT_AFTER_LINK
    assert item["expires_at"] == int(expires_at.timestamp())


def test_email_of_a_hidden_petition_is_held_and_sent_later(tables: FakeTables, mails: list[Mail]) -> None:
    """Removed or back to draft: the link would not work, so the email is held until the petition is open again."""
    request = a_mail_request(tables, a_published_petition(tables))
    for state in ("removed", "draft"):
        a_published_petition(tables, state=state)
        forget_petitions()
        assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.HELD
        assert not mails
    a_published_petition(tables, state="open")
    forget_petitions()
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.SENT
    assert len(mails) == 1


def test_email_to_confirm_is_held_while_the_petition_is_closed_and_sent_when_it_opens_again(
    tables: FakeTables, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, a_published_petition(tables, closes_at=NOW + MINUTE))
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + 3 * DAY, tables) is SendResult.HELD
    a_published_petition(tables, closes_at=NOW + 9 * DAY)
    forget_petitions()
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + 4 * DAY, tables) is SendResult.SENT
    assert len(mails) == 1


def test_a_sender_reads_a_petition_once_for_several_emails(tables: FakeTables, petition: Petition) -> None:
    requests = [request_of(tables, petition, signed(tables, petition, person)) for person in (ALICE, CHARLIE)]
    tables.calls.clear()
    for request in requests:
        assert send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables) is SendResult.SENT
    assert tables.calls.count("get") == 1


def test_a_sender_reads_a_petition_again_after_five_seconds_or_sends_nothing(
    tables: FakeTables, petition: Petition, mails: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = a_mail_request(tables, petition)
    send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    request = request_of(tables, petition, signed(tables, petition, CHARLIE))
    a_published_petition(tables, state="removed")
    later = monotonic() + PETITION_SECONDS
    monkeypatch.setattr(caching, "monotonic", lambda: later)
    with monkeypatch.context() as patch:
        patch.setattr(tables, "get", throttle)
        with pytest.raises(Throttled):
            send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    after_the_claim = NOW + 2 * CLAIM
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), after_the_claim, tables) is SendResult.HELD
    assert not mails


def test_an_expired_signature_gets_no_email(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    """TTL may delete the item days later, and the link would confirm nothing."""
    request = a_mail_request(tables, petition)
    late = NOW + UNMAILED_LIFETIME
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), late, tables) is SendResult.SETTLED
    assert not mails
    assert "mail_kind" not in item_of(tables, petition, identity_of(petition))


def test_a_request_for_an_unknown_petition_raises(tables: FakeTables) -> None:
    petition = a_petition(slug="unpublished")
    with pytest.raises(UnknownPetition):
        send(a_mail_request(tables, petition), SIGNATURE_KINDS, a_mail_context(), NOW, tables)


def test_mailed_at_is_the_time_of_sending(tables: FakeTables, petition: Petition) -> None:
    """Pacing may delay an email for half a minute. The minute until the next email starts when this one is sent."""
    context = replace(a_mail_context(), deliver=lambda _: timedelta(seconds=25))
    request = a_mail_request(tables, petition)
    assert send(request, SIGNATURE_KINDS, context, NOW, tables) is SendResult.SENT
    assert item_of(tables, petition, identity_of(petition))["mailed_at"] == "2026-11-24T12:00:25Z"
