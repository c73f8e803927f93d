"""SES throttles, stops or fails, and messages repeat: no letter and no digest is sent twice or lost."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import Denied, RateExceeded, SendingStopped, Throttled, Unavailable, Unreached
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.model import MailRequest
from chalicelib.mail.pause import PAUSE
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET, REQUEUE_AFTER
from chalicelib.petitions.model import Petition
from tests.fake_site import FakeSite, schedule_event
from tests.letters.lettering import TARGET as OFFICE, a_petition_with_a_letter, send_all
from tests.letters.test_counts import TARGET, numbers, request_letter
from tests.letters.test_digests import UNTIL_SEVEN, letters, run

NOT_SENT = [SendingStopped, Throttled, Denied, Unreached, RateExceeded]
PACES = [
    {"mode": "single"},
    {"mode": "paced", "per_hour": 60},
    {"mode": "digest", "first": 5},
    {"mode": "digest", "first": 0},
]


def a_petition(fake_site: FakeSite, delivery: dict[str, object]) -> Petition:
    return a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "delivery": delivery}])


def until_it_is_sent(fake_site: FakeSite) -> None:
    """Let a day go by, with every scheduled run, and with each message delivered twice."""
    for _ in range(48):
        fake_site.clock.forward(timedelta(minutes=30))
        fake_site.invoke("sweep_mail", schedule_event())
        fake_site.invoke("send_letter_digests", schedule_event())
        fake_site.deliver("send_other_mail", list(fake_site.other_queue.messages))
        send_all(fake_site)


@pytest.mark.parametrize("delivery", PACES, ids=str)
@pytest.mark.parametrize("error", NOT_SENT)
def test_what_ses_did_not_take_is_sent_later_and_once(
    fake_site: FakeSite, delivery: dict[str, object], error: type[Unavailable]
) -> None:
    request_letter(fake_site, a_petition(fake_site, delivery))
    fake_site.mailer.failures = [error("mail")] * 3
    until_it_is_sent(fake_site)
    assert len(fake_site.mailer.mails) == 1
    assert numbers(fake_site) == LetterNumbers(requested=1, sent=1)


@pytest.mark.parametrize("delivery", PACES, ids=str)
def test_what_ses_may_have_taken_is_never_sent_again(fake_site: FakeSite, delivery: dict[str, object]) -> None:
    request_letter(fake_site, a_petition(fake_site, delivery))
    send, lost = fake_site.mailer.send, [Unavailable("mail")]

    def sends_and_loses_the_answer(mail: object) -> str:
        identity = send(mail)  # type: ignore[arg-type]
        if lost:
            raise lost.pop()
        return identity

    fake_site.mailer.send = sends_and_loses_the_answer  # type: ignore[method-assign]
    until_it_is_sent(fake_site)
    assert len(fake_site.mailer.mails) == 1
    assert numbers(fake_site) == LetterNumbers(requested=1, unknown=1)


def test_letters_that_wait_for_their_turn_leave_the_queue_to_others(fake_site: FakeSite) -> None:
    petition = a_petition(fake_site, {"mode": "paced", "per_hour": 1})
    letters(fake_site, petition, 20)
    assert len(fake_site.mailer.mails) == 1
    assert fake_site.other_queue.messages == []


def test_a_quota_that_is_spent_for_a_night_costs_a_digest_only_time(fake_site: FakeSite) -> None:
    petition = a_petition(fake_site, {"mode": "digest", "first": 0})
    letters(fake_site, petition, 3)
    fake_site.clock.forward(UNTIL_SEVEN)
    fake_site.mailer.failures = [SendingStopped("mail")]
    run(fake_site)
    assert fake_site.mailer.mails == []
    fake_site.clock.forward(PAUSE + CLAIM)
    run(fake_site)
    assert [mail.subject[:9] for mail in fake_site.mailer.mails] == ["3 letters"]


def test_a_lost_message_of_a_digest_is_found_by_the_sweep(fake_site: FakeSite) -> None:
    petition = a_petition(fake_site, {"mode": "digest", "first": 0})
    letters(fake_site, petition, 3)
    fake_site.clock.forward(UNTIL_SEVEN)
    fake_site.invoke("send_letter_digests", schedule_event())
    fake_site.other_queue.messages.clear()
    fake_site.clock.forward(LOST_AFTER_IF_QUIET + REQUEUE_AFTER)
    for _ in range(3):
        fake_site.invoke("sweep_mail", schedule_event())
    send_all(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=3, sent=3)


def test_a_throttled_letter_keeps_its_turn_and_does_not_go_to_the_end(fake_site: FakeSite) -> None:
    petition = a_petition(fake_site, {"mode": "paced", "per_hour": 2})
    letters(fake_site, petition, 1)
    second = request_letter(fake_site, petition)
    request = MailRequest.model_validate(fake_site.other_queue.messages[0])
    send_all(fake_site)
    letters(fake_site, petition, 20)
    fake_site.clock.forward(timedelta(minutes=31))
    fake_site.mailer.failures = [Throttled("mail")]
    fake_site.deliver("send_other_mail", [request.model_dump()])
    item = fake_site.tables.items[LETTERS.item_key(letter_delivery("safe-children", TARGET, second))]
    assert item["mail_due_at"] == "2026-11-24T12:30:00Z"
    fake_site.clock.forward(timedelta(minutes=30))
    fake_site.deliver("send_other_mail", [request.model_dump()])
    assert len(fake_site.mailer.mails) == 2
