"""Claim, send, mark: after any failure the email is still sent, and nobody gets too many."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core.errors import MailRefused, NotYet, Throttled, Unavailable
from chalicelib.mail.kind import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM, SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    a_mail_context,
    a_published_petition,
    identity_of,
    item_of,
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
