"""Claim, send, mark: after any failure the email is still sent, and nobody gets too many."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from chalicelib.aws.email import Mail
from chalicelib.aws.table import Change
from chalicelib.core import caching
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import ConditionFailed, MailRefused, NotYet, Throttled, Unavailable
from chalicelib.mail.send import CLAIM, SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.petitions.find import PETITION_SECONDS
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    CHARLIE,
    DAY,
    MINUTE,
    NOW,
    Person,
    a_mail_context,
    a_published_petition,
    identity_of,
    item_of,
    key_of,
    request_of,
    signed,
)
from tests.fakes import FakeTables, throttle

NOTHING, SECOND = timedelta(), timedelta(seconds=1)


class Sender:
    """Sends one requested email: the newest that was signed for."""

    def __init__(self, tables: FakeTables, petition: Petition) -> None:
        self.tables, self.petition = tables, petition
        self.recipients: list[str] = []
        self.sign(ALICE)

    def sign(self, person: Person) -> None:
        """Let the person sign. Their email is the next that is sent."""
        self.request = request_of(self.tables, self.petition, signed(self.tables, self.petition, person))

    def send(
        self,
        after: timedelta = timedelta(),
        failure: Exception | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> SendResult:
        """Send the email at NOW + `after`. SES answers with `failure`, or `meanwhile` happens before SES answers."""

        def deliver(mail: Mail) -> None:
            if failure:
                raise failure
            meanwhile()
            self.recipients.append(mail.to)

        return send(self.request, SIGNATURE_KINDS, a_mail_context(deliver), NOW + after, self.tables)


@pytest.fixture
def sender(tables: FakeTables, petition: Petition) -> Sender:
    """A sender with Alice's request."""
    return Sender(tables, petition)


def alices_item(sender: Sender) -> dict[str, Any]:
    return item_of(sender.tables, sender.petition, identity_of(sender.petition))


def change_petition(sender: Sender, **changes: Any) -> None:
    a_published_petition(sender.tables, **changes)
    forget_all()


def test_a_repeated_message_sends_one_email(sender: Sender) -> None:
    outcomes = [sender.send(minutes * MINUTE) for minutes in range(3)]
    assert outcomes == [SendResult.SENT, SendResult.SETTLED, SendResult.SETTLED]
    assert sender.recipients == [ALICE.email]


def test_a_concurrent_message_waits(sender: Sender) -> None:
    def send_again() -> None:
        with pytest.raises(NotYet):
            sender.send()

    assert sender.send(meanwhile=send_again) is SendResult.SENT
    assert sender.recipients == [ALICE.email]


def test_after_a_crash_between_send_and_mark_the_email_is_sent_again_once(petition: Petition) -> None:
    class FirstMarkFails(FakeTables):
        fails_next = True

        def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
            if self.fails_next and "mails" in change.add:
                self.fails_next = False
                raise Unavailable("storage")
            return super()._update(change, returns)

    tables = FirstMarkFails()
    a_published_petition(tables)
    sender = Sender(tables, petition)
    with pytest.raises(Unavailable):
        sender.send()
    assert [sender.send(CLAIM), sender.send(2 * CLAIM)] == [SendResult.SENT, SendResult.SETTLED]
    assert sender.recipients == [ALICE.email] * 2


def test_a_refused_email_is_recorded_and_not_retried(sender: Sender) -> None:
    assert sender.send(failure=MailRefused("MessageRejected")) is SendResult.REFUSED
    assert sender.send(DAY) is SendResult.SETTLED
    assert alices_item(sender)["undeliverable"] == "refused"


@pytest.mark.parametrize("call", [1, 2])  # The claim is call 0. Then the petition is read, and the budget taken.
def test_a_call_that_is_throttled_before_sending_is_retried_without_waiting_for_the_claim(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    forget_all()
    sender.tables.calls.clear()

    def throttle(name: str) -> None:
        sender.tables.calls.append(name)
        if len(sender.tables.calls) == call + 1:
            raise Throttled

    monkeypatch.setattr(sender.tables, "_called", throttle)
    with pytest.raises(Throttled):
        sender.send()
    assert not sender.recipients
    assert sender.send(5 * SECOND) is SendResult.SENT


def test_a_released_claim_can_be_claimed_at_once(sender: Sender) -> None:
    def claim(now: datetime) -> object:
        return state.claim(sender.request, now, CLAIM, sender.tables)

    state = SIGNATURE_KINDS["confirm"].state
    claim(NOW)
    state.release(sender.request, NOW + CLAIM, sender.tables)
    assert claim(NOW + SECOND)
    state.release(sender.request, NOW + CLAIM, sender.tables)  # A repeat of the call, which AWS handles late.
    with pytest.raises(ConditionFailed):
        claim(NOW + SECOND)


def test_withdrawn_and_deleted_signatures_get_no_email(sender: Sender) -> None:
    withdraw(key_of(sender.petition, identity_of(sender.petition)), sender.petition, NOW, sender.tables)
    assert sender.send() is SendResult.SETTLED
    sender.request = sender.request.model_copy(update={"key": delivery_key(sender.petition.slug, "0" * 32)})
    assert sender.send() is SendResult.SETTLED
    assert not sender.recipients


@pytest.mark.parametrize(
    ("changes", "after"),
    [({"state": "removed"}, NOTHING), ({"state": "draft"}, NOTHING), ({"closes_at": NOW + MINUTE}, 3 * DAY)],
)
def test_an_email_whose_link_would_not_work_is_held_until_the_petition_is_open_again(
    sender: Sender, changes: dict[str, Any], after: timedelta
) -> None:
    change_petition(sender, **changes)
    assert sender.send(after) is SendResult.HELD
    assert not sender.recipients
    change_petition(sender, state="open", closes_at=NOW + 9 * DAY)
    assert sender.send(after + DAY) is SendResult.SENT


def test_a_sender_reads_no_petition_again_for_its_next_email(sender: Sender) -> None:
    sender.send()
    sender.sign(CHARLIE)
    sender.tables.calls.clear()
    assert sender.send() is SendResult.SENT
    assert "get" not in sender.tables.calls


def test_a_sender_reads_a_petition_again_after_five_seconds_or_sends_nothing(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.send()
    sender.sign(CHARLIE)
    a_published_petition(sender.tables, state="removed")
    later = monotonic() + PETITION_SECONDS
    monkeypatch.setattr(caching, "monotonic", lambda: later)
    with monkeypatch.context() as patch:
        patch.setattr(sender.tables, "get", throttle)
        with pytest.raises(Throttled):
            sender.send()
    assert sender.send(2 * CLAIM) is SendResult.HELD
    assert sender.recipients == [ALICE.email]


def test_an_expired_signature_gets_no_email(sender: Sender) -> None:
    """TTL may delete the item days later, and the link would confirm nothing."""
    assert sender.send(UNMAILED_LIFETIME) is SendResult.SETTLED
    assert not sender.recipients
    assert "mail_kind" not in alices_item(sender)
