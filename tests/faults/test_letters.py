"""SES throttles, stops or fails, and messages repeat: no letter and no digest is sent twice or lost."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import Denied, RateExceeded, SendingStopped, Throttled, Unavailable, Unreached
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sending import PAUSE
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG, REQUEUE_AFTER
from tests.fake_site import FakeSite
from tests.letters.lettering import publish_with_delivery, send_all
from tests.letters.test_counts import TARGET, numbers, request_letter
from tests.letters.test_digests import UNTIL_SEVEN, send_digests, send_letters

pytestmark = pytest.mark.faults

NOT_SENT_ERRORS = [SendingStopped, Throttled, Denied, Unreached, RateExceeded]
DELIVERIES = [
    {"mode": "single"},
    {"mode": "paced", "per_hour": 60},
    {"mode": "digest", "first": 5},
    {"mode": "digest", "first": 0},
]


def let_a_day_pass(fake_site: FakeSite) -> None:
    """Let a day pass with every scheduled run, and deliver each message twice."""
    for _ in range(48):
        fake_site.clock.forward(timedelta(minutes=30))
        fake_site.invoke("check_mail", {"task": "sweep"})
        fake_site.invoke("check_mail", {"task": "digests"})
        fake_site.deliver("send_other_mail", list(fake_site.other_queue.messages))
        send_all(fake_site)


@pytest.mark.parametrize("delivery", DELIVERIES, ids=str)
@pytest.mark.parametrize("error", NOT_SENT_ERRORS)
def test_an_email_that_ses_did_not_take_is_sent_later_and_once(
    fake_site: FakeSite, delivery: dict[str, object], error: type[Unavailable]
) -> None:
    request_letter(fake_site, publish_with_delivery(fake_site, delivery))
    fake_site.mailer.failures = [error("mail")] * 3
    let_a_day_pass(fake_site)
    assert len(fake_site.mailer.mails) == 1
    assert numbers(fake_site) == LetterNumbers(requested=1, sent=1)


@pytest.mark.parametrize("delivery", DELIVERIES, ids=str)
def test_an_email_that_ses_may_have_taken_is_never_sent_again(fake_site: FakeSite, delivery: dict[str, object]) -> None:
    request_letter(fake_site, publish_with_delivery(fake_site, delivery))
    send, errors = fake_site.mailer.send, [Unavailable("mail")]

    def send_and_lose_the_answer(mail: object) -> str:
        identity = send(mail)  # type: ignore[arg-type]
        if errors:
            raise errors.pop()
        return identity

    fake_site.mailer.send = send_and_lose_the_answer  # type: ignore[method-assign]
    let_a_day_pass(fake_site)
    assert len(fake_site.mailer.mails) == 1
    assert numbers(fake_site) == LetterNumbers(requested=1, unknown=1)


def test_letters_that_wait_for_their_turn_leave_the_queue_to_others(fake_site: FakeSite) -> None:
    petition = publish_with_delivery(fake_site, {"mode": "paced", "per_hour": 1})
    send_letters(fake_site, petition, 20)
    assert len(fake_site.mailer.mails) == 1
    assert fake_site.other_queue.messages == []


def test_a_quota_that_is_spent_for_a_night_costs_a_digest_only_time(fake_site: FakeSite) -> None:
    petition = publish_with_delivery(fake_site, {"mode": "digest", "first": 0})
    send_letters(fake_site, petition, 3)
    fake_site.clock.forward(UNTIL_SEVEN)
    fake_site.mailer.failures = [SendingStopped("mail")]
    send_digests(fake_site)
    assert fake_site.mailer.mails == []
    fake_site.clock.forward(PAUSE + CLAIM)
    send_digests(fake_site)
    assert [mail.subject[:9] for mail in fake_site.mailer.mails] == ["3 letters"]


def test_a_lost_message_of_a_digest_is_found_by_the_sweep(fake_site: FakeSite) -> None:
    petition = publish_with_delivery(fake_site, {"mode": "digest", "first": 0})
    send_letters(fake_site, petition, 3)
    fake_site.clock.forward(UNTIL_SEVEN)
    fake_site.invoke("check_mail", {"task": "digests"})
    fake_site.other_queue.messages.clear()
    fake_site.clock.forward(LOST_AFTER_IF_NO_BACKLOG + REQUEUE_AFTER)
    for _ in range(3):
        fake_site.invoke("check_mail", {"task": "sweep"})
    send_all(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=3)


def test_a_throttled_letter_keeps_its_turn_and_does_not_go_behind_the_others(fake_site: FakeSite) -> None:
    petition = publish_with_delivery(fake_site, {"mode": "paced", "per_hour": 2})
    send_letters(fake_site, petition, 1)
    second = request_letter(fake_site, petition)
    request = MailRequest.model_validate(fake_site.other_queue.messages[0])
    send_all(fake_site)
    send_letters(fake_site, petition, 20)
    fake_site.clock.forward(timedelta(minutes=31))
    fake_site.mailer.failures = [Throttled("mail")]
    fake_site.deliver("send_other_mail", [request.model_dump()])
    item = fake_site.tables.items[LETTERS.item_key(letter_delivery("safe-children", TARGET, second))]
    assert item["mail_due_at"] == "2026-11-24T12:30:00Z"
    fake_site.clock.forward(timedelta(minutes=30))
    fake_site.deliver("send_other_mail", [request.model_dump()])
    assert len(fake_site.mailer.mails) == 2
