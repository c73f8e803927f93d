"""Claim, send, mark: after any failure the email is still sent, and nobody gets too many."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core import caching
from chalicelib.core.errors import MailRefused, NotYet, Throttled, Unavailable
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM, SendResult, send
from chalicelib.mail.signature_kinds import KEPT_AFTER_LINK, SIGNATURE_KINDS, delivery_key
from chalicelib.petitions.find import PETITION_SECONDS, forget_petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    CHARLIE,
    DAY,
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
)
from tests.fakes import FakeTables


def a_mail_request(tables: FakeTables, petition: Petition) -> MailRequest:
    return request_of(tables, petition, signed(tables, petition))


def a_failing_mail_context(error: Exception) -> MailContext:
    def deliver(_: Mail) -> None:
        raise error

    return a_mail_context(deliver)


def test_a_repeated_message_sends_one_email(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    context = a_mail_context(mails.append)
    outcomes = [send(request, SIGNATURE_KINDS, context, NOW + minutes * MINUTE, tables) for minutes in range(3)]
    assert outcomes == [SendResult.SENT, SendResult.SETTLED, SendResult.SETTLED]
    assert [mail.to for mail in mails] == [ALICE.email]


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
        send(request, SIGNATURE_KINDS, a_failing_mail_context(RuntimeError()), NOW, tables)
    with pytest.raises(NotYet):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + timedelta(seconds=89), tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + CLAIM, tables) is SendResult.SENT
    assert len(mails) == 1


def test_after_a_crash_between_send_and_mark_the_email_is_sent_again_once(
    petition: Petition, mails: list[Mail]
) -> None:
    class FirstMarkFails(FakeTables):
        fails_next = True

        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            if self.fails_next and "mails" in change.add:
                self.fails_next = False
                raise Unavailable("storage")
            return super()._update(change, returns)

    tables = FirstMarkFails()
    a_published_petition(tables)
    request = a_mail_request(tables, petition)
    with pytest.raises(Unavailable):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + CLAIM, tables) is SendResult.SENT
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + 2 * CLAIM, tables) is SendResult.SETTLED
    assert len(mails) == 2


def test_a_refused_email_is_recorded_and_not_retried(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    refusing = a_failing_mail_context(MailRefused("MessageRejected"))
    assert send(request, SIGNATURE_KINDS, refusing, NOW, tables) is SendResult.REFUSED
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW + DAY, tables) is SendResult.SETTLED
    assert item_of(tables, petition, identity_of(petition))["undeliverable"] == "refused"
    assert not mails


@pytest.mark.parametrize("call", [1, 2])  # The claim is call 0. Then the petition is read, and the budget taken.
def test_a_call_that_is_throttled_before_sending_is_retried_without_waiting_for_the_claim(
    tables: FakeTables, petition: Petition, mails: list[Mail], monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    request = a_mail_request(tables, petition)
    forget_petitions()
    tables.calls.clear()

    def throttle(name: str) -> None:
        tables.calls.append(name)
        if len(tables.calls) == call + 1:
            raise Throttled

    monkeypatch.setattr(tables, "_called", throttle)
    with pytest.raises(Throttled):
        send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables)
    assert mails == []
    later = NOW + timedelta(seconds=5)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), later, tables) is SendResult.SENT


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


def test_mailed_at_is_the_time_of_sending(tables: FakeTables, petition: Petition) -> None:
    """Pacing may delay an email for half a minute. The minute until the next email starts when this one is sent."""
    context = replace(a_mail_context(), deliver=lambda _: timedelta(seconds=25))
    request = a_mail_request(tables, petition)
    assert send(request, SIGNATURE_KINDS, context, NOW, tables) is SendResult.SENT
    assert item_of(tables, petition, identity_of(petition))["mailed_at"] == "2026-11-24T12:00:25Z"
