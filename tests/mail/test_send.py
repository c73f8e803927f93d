"""Claim, send, mark: whatever breaks, nobody waits for a mail in vain and nobody is flooded."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core.errors import MailRefused, NotYet, Throttled, Unavailable, UnknownPetition
from chalicelib.mail.compose import MailContext
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import AFTER_LINK, CLAIM, Sent, send
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    DAY,
    MINUTE,
    NOW,
    a_mail_context,
    a_petition,
    a_published_petition,
    change_item,
    confirmed,
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


def test_a_wish_is_one_mail_to_the_address_as_typed(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    assert send(a_mail_request(tables, petition), a_mail_context(mails.append), NOW, tables) is Sent.SENT
    assert [mail.to for mail in mails] == [ALICE.email]


def test_a_message_that_comes_twice_is_one_mail(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    outcomes = [send(request, a_mail_context(mails.append), NOW + seconds * MINUTE, tables) for seconds in range(3)]
    assert outcomes == [Sent.SENT, Sent.SETTLED, Sent.SETTLED]
    assert len(mails) == 1


def test_a_message_that_comes_at_the_same_time_waits(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)

    def deliver(mail: Mail) -> None:
        with pytest.raises(NotYet):
            send(request, a_mail_context(mails.append), NOW, tables)
        mails.append(mail)

    send(request, a_mail_context(deliver), NOW, tables)
    assert len(mails) == 1


def test_a_crash_before_sending_costs_no_mail(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    with pytest.raises(RuntimeError):
        send(request, failing(RuntimeError()), NOW, tables)
    with pytest.raises(NotYet):
        send(request, a_mail_context(mails.append), NOW + timedelta(seconds=89), tables)
    assert send(request, a_mail_context(mails.append), NOW + CLAIM, tables) is Sent.SENT
    assert len(mails) == 1


def test_a_crash_after_sending_costs_one_mail_too_many_and_never_one_too_few(
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
        send(request, a_mail_context(mails.append), NOW, tables)
    assert send(request, a_mail_context(mails.append), NOW + CLAIM, tables) is Sent.SENT
    assert send(request, a_mail_context(mails.append), NOW + 2 * CLAIM, tables) is Sent.SETTLED
    assert len(mails) == 2


def test_a_throttled_mail_is_tried_again_without_waiting_for_the_claim(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    with pytest.raises(Throttled):
        send(request, failing(Throttled("mail")), NOW, tables)
    assert send(request, a_mail_context(mails.append), NOW, tables) is Sent.SENT


def test_a_mail_that_was_perhaps_sent_waits_for_its_claim(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    with pytest.raises(Unavailable):
        send(request, failing(Unavailable("mail")), NOW, tables)
    with pytest.raises(NotYet):
        send(request, a_mail_context(mails.append), NOW, tables)


def test_what_ses_never_takes_is_recorded_and_tried_no_more(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    assert send(request, failing(MailRefused("MessageRejected")), NOW, tables) is Sent.REFUSED
    assert send(request, a_mail_context(mails.append), NOW + DAY, tables) is Sent.SETTLED
    assert item_of(tables, petition, request.signature_id)["undeliverable"] == "refused"
    assert not mails


def test_nobody_who_withdrew_or_complained_or_has_gone_is_mailed(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    withdraw(key_of(petition, request.signature_id), petition, NOW, tables)
    assert send(request, a_mail_context(mails.append), NOW, tables) is Sent.SETTLED
    gone = request.model_copy(update={"signature_id": "0" * 32})
    assert send(gone, a_mail_context(mails.append), NOW, tables) is Sent.SETTLED
    assert not mails


def test_a_complaint_between_wish_and_mail_is_heard(tables: FakeTables, petition: Petition, mails: list[Mail]) -> None:
    request = a_mail_request(tables, petition)
    mark_undeliverable(key_of(petition, request.signature_id), "complained", tables)
    assert send(request, a_mail_context(mails.append), NOW, tables) is Sent.SETTLED
    assert not mails


def test_whoever_confirmed_meanwhile_is_not_asked_to_confirm(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)
    confirmed(tables, petition)
    send(request, a_mail_context(mails.append), NOW, tables)
    assert not mails


def test_a_withdrawal_during_the_sending_stays_withdrawn(tables: FakeTables, petition: Petition) -> None:
    request = a_mail_request(tables, petition)

    def deliver(_: Mail) -> None:
        withdraw(key_of(petition, request.signature_id), petition, NOW, tables)

    send(request, a_mail_context(deliver), NOW, tables)
    item = item_of(tables, petition, request.signature_id)
    assert (item["state"], "email" in item) == ("withdrawn", False)


def test_a_mail_that_went_while_its_signature_was_withdrawn_still_counts_against_the_limits(
    tables: FakeTables, petition: Petition, mails: list[Mail]
) -> None:
    request = a_mail_request(tables, petition)

    def deliver(mail: Mail) -> None:
        mails.append(mail)
        withdraw(key_of(petition, request.signature_id), petition, NOW, tables)
        signed(tables, petition, now=NOW + timedelta(seconds=1))

    send(request, a_mail_context(deliver), NOW, tables)
    assert item_of(tables, petition, request.signature_id)["mails"] == 1
    again = request_of(tables, petition, request.signature_id)
    with pytest.raises(NotYet):
        send(again, a_mail_context(mails.append), NOW + timedelta(seconds=59), tables)
    assert send(again, a_mail_context(mails.append), NOW + MINUTE, tables) is Sent.SENT
    assert len(mails) == 2


@pytest.mark.parametrize("closes_at", [None, NOW + 3 * DAY, NOW + 30 * DAY])
def test_a_pending_signature_outlives_its_link_by_a_day(tables: FakeTables, closes_at: object) -> None:
    """Whenever the petition closes: a pause may move that."""
    petition = a_published_petition(tables, closes_at=closes_at)
    request = a_mail_request(tables, petition)
    send(request, a_mail_context(), NOW, tables)
    assert item_of(tables, petition, request.signature_id)["expires_at"] == int(
        (NOW + 14 * DAY + AFTER_LINK).timestamp()
    )


def test_no_mail_asks_to_confirm_what_can_be_confirmed_no_more(tables: FakeTables, mails: list[Mail]) -> None:
    """SES may be weeks behind: the petition has closed, and a day has passed."""
    petition = a_published_petition(tables, closes_at=NOW + MINUTE)
    request = a_mail_request(tables, petition)
    send(request, a_mail_context(mails.append), NOW + 3 * DAY, tables)
    assert not mails, "its link had expired before it was sent"


def test_a_petition_taken_down_by_mistake_costs_nobody_the_mail(tables: FakeTables, mails: list[Mail]) -> None:
    """Removed, or back as a draft: a link would lead nowhere, and who signed is told nothing yet."""
    request = a_mail_request(tables, a_published_petition(tables))
    for hidden in ("removed", "draft"):
        a_published_petition(tables, state=hidden)
        assert send(request, a_mail_context(mails.append), NOW, tables) is Sent.HELD
        assert not mails
    a_published_petition(tables, state="open")
    assert send(request, a_mail_context(mails.append), NOW, tables) is Sent.SENT
    assert len(mails) == 1


def test_a_wish_past_five_mails_is_settled_and_comes_no_more(tables: FakeTables, petition: Petition) -> None:
    request = a_mail_request(tables, petition)
    change_item(tables, petition, request.signature_id, mails=5)
    assert send(request, a_mail_context(), NOW, tables) is Sent.SETTLED


def test_a_wish_of_a_petition_nobody_knows_is_not_lost_silently(tables: FakeTables) -> None:
    petition = a_petition(slug="unpublished")
    with pytest.raises(UnknownPetition):
        send(a_mail_request(tables, petition), a_mail_context(), NOW, tables)


def test_the_time_of_a_mail_is_when_it_went_and_not_when_its_turn_came(tables: FakeTables, petition: Petition) -> None:
    """Pacing may hold it for half a minute: the next one must keep its minute from the mail, not from the message."""
    context = replace(a_mail_context(), clock=lambda: NOW + timedelta(seconds=25))
    request = a_mail_request(tables, petition)
    assert send(request, context, NOW, tables) is Sent.SENT
    assert item_of(tables, petition, request.signature_id)["mailed_at"] == "2026-11-24T12:00:25Z"
