"""Claim, send, mark: after any failure the email is still sent, and nobody gets too many."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core.errors import MailRefused, NotYet, Throttled, Unavailable, UnknownPetition
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM, Sent, send
from chalicelib.mail.signature_kinds import AFTER_LINK, SIGNATURE_KINDS, delivery_key
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
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


@pytest.fixture
def mails() -> list[Mail]:
    return []


def a_mail_request(tables: FakeTables, petition: Petition) -> MailRequest:
    return request_of(tables, petition, signed(tables, petition))


def failing(error: Exception) -> MailContext:
    def deliver(_: Mail) -> None:
        raise error

    return a_mail_context(deliver)


def test_a_request_is_one_email_to_the_typed_address(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    assert (
        send(a_mail_request(tables, petition), SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.SENT
    )
    assert [mail.to for mail in mails] == [ALICE.email]


def test_a_repeated_message_is_one_email(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    outcomes = [
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + seconds * MINUTE, tables)
        for seconds in range(3)
    ]
    assert outcomes == [Sent.SENT, Sent.SETTLED, Sent.SETTLED]
    assert len(mails) == 1


def test_a_concurrent_message_waits(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)

    def deliver(mail: Mail) -> None:
        with pytest.raises(NotYet):
            send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
        mails.append(mail)

    send(request, SIGNATURE_KINDS, a_mail_context(deliver), NOW, tables)
    assert len(mails) == 1


def test_a_crash_before_sending_loses_no_email(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    with pytest.raises(RuntimeError):
        send(request, SIGNATURE_KINDS, failing(RuntimeError()), NOW, tables)
    with pytest.raises(NotYet):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + timedelta(seconds=89), tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + CLAIM, tables) is Sent.SENT
    assert len(mails) == 1


def test_after_a_crash_between_send_and_mark_the_email_is_sent_again_once(
    petition: Petition, mails: list[Mail]
) -> None:
    class Crashing(FakeTables):
        crashes = True

        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            if self.crashes and "mails" in change.add:
                self.crashes = False
                raise Unavailable("storage")
            return super()._update(change, returns)

    tables = Crashing()
    a_published_petition(tables)
    request = a_mail_request(tables, petition)
    with pytest.raises(Unavailable):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + CLAIM, tables) is Sent.SENT
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + 2 * CLAIM, tables) is Sent.SETTLED
    assert len(mails) == 2


def test_a_throttled_email_is_retried_without_waiting_for_the_claim(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    with pytest.raises(Throttled):
        send(request, SIGNATURE_KINDS, failing(Throttled("mail")), NOW, tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.SENT


def test_an_email_that_may_have_been_sent_waits_for_its_claim(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    with pytest.raises(Unavailable):
        send(request, SIGNATURE_KINDS, failing(Unavailable("mail")), NOW, tables)
    with pytest.raises(NotYet):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)


def test_a_refused_email_is_recorded_and_not_retried(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    assert send(request, SIGNATURE_KINDS, failing(MailRefused("MessageRejected")), NOW, tables) is Sent.REFUSED
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + DAY, tables) is Sent.SETTLED
    assert item_of(tables, petition, identity_of(petition))["undeliverable"] == "refused"
    assert not mails


def test_withdrawn_and_deleted_signatures_get_no_email(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    withdraw(key_of(petition, identity_of(petition)), petition, NOW, tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.SETTLED
    gone = request.model_copy(update={"key": delivery_key(petition.slug, "0" * 32)})
    assert send(gone, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.SETTLED
    assert not mails


def test_a_complaint_after_the_request_stops_the_email(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    mark_undeliverable(key_of(petition, identity_of(petition)), "complained", tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.SETTLED
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
    assert send(again, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + MINUTE, tables) is Sent.SENT
    assert len(mails) == 2


@pytest.mark.parametrize("closes_at", [None, NOW + 3 * DAY, NOW + 30 * DAY])
def test_a_pending_signature_expires_a_day_after_its_link(tables: FakeTables, closes_at: object) -> None:
    """Independent of the closing time, because staff may move it."""
    petition = a_published_petition(tables, closes_at=closes_at)
    request = a_mail_request(tables, petition)
    send(request, SIGNATURE_KINDS, a_mail_context(), NOW, tables)
    assert item_of(tables, petition, identity_of(petition))["expires_at"] == int(
        (NOW + 14 * DAY + AFTER_LINK).timestamp()
    )


def test_email_of_a_hidden_petition_is_held_and_sent_later(tables: FakeTables, mails: list[Mail]) -> None:
    """Removed or back to draft: the link would not work, so the email is held until the petition is open again."""
    request = a_mail_request(tables, a_published_petition(tables))
    for hidden in ("removed", "draft"):
        a_published_petition(tables, state=hidden)
        assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.HELD
        assert not mails
    a_published_petition(tables, state="open")
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is Sent.SENT
    assert len(mails) == 1


def test_email_to_confirm_is_held_while_the_petition_is_closed_and_sent_when_it_opens_again(
    tables: FakeTables, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, a_published_petition(tables, closes_at=NOW + MINUTE))
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + 3 * DAY, tables) is Sent.HELD
    a_published_petition(tables, closes_at=NOW + 9 * DAY)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + 4 * DAY, tables) is Sent.SENT
    assert len(mails) == 1


def test_an_expired_signature_gets_no_email(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    """TTL may delete it days later, and the link would confirm nothing."""
    request = a_mail_request(tables, petition)
    late = NOW + UNMAILED_LIFETIME
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), late, tables) is Sent.SETTLED
    assert not mails
    assert "mail_kind" not in item_of(tables, petition, identity_of(petition))


def test_a_request_for_an_unknown_petition_raises(tables: FakeTables) -> None:
    petition = a_petition(slug="unpublished")
    with pytest.raises(UnknownPetition):
        send(a_mail_request(tables, petition), SIGNATURE_KINDS, a_mail_context(), NOW, tables)


def test_mailed_at_is_the_time_of_sending(tables: FakeTables, petition: Petition) -> None:
    """Pacing may delay an email for half a minute. The next one must wait a minute from the email, not the message."""
    context = replace(a_mail_context(), deliver=lambda _: timedelta(seconds=25))
    request = a_mail_request(tables, petition)
    assert send(request, SIGNATURE_KINDS, context, NOW, tables) is Sent.SENT
    assert item_of(tables, petition, identity_of(petition))["mailed_at"] == "2026-11-24T12:00:25Z"
