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
from tests.letters.lettering import TARGET as OFFICE, a_petition_with_a_letter, send_all
from tests.letters.test_counts import TARGET, numbers, request_letter
from tests.letters.test_digests import UNTIL_SEVEN, letters, run
from tests.served import Served, schedule_event

NOT_SENT = [SendingStopped, Throttled, Denied, Unreached, RateExceeded]
PACES = [
    {"mode": "single"},
    {"mode": "paced", "per_hour": 60},
    {"mode": "digest", "first": 5},
    {"mode": "digest", "first": 0},
]


def a_petition(served: Served, delivery: dict[str, object]) -> Petition:
    return a_petition_with_a_letter(served, targets=[{**OFFICE, "delivery": delivery}])


def until_it_is_sent(served: Served) -> None:
    """Let a day go by, with every scheduled run, and with each message delivered twice."""
    for _ in range(48):
        served.clock.forward(timedelta(minutes=30))
        served.invoke("sweep_mail", schedule_event())
        served.invoke("send_letter_digests", schedule_event())
        served.deliver("send_other_mail", list(served.other_queue.messages))
        send_all(served)


@pytest.mark.parametrize("delivery", PACES, ids=str)
@pytest.mark.parametrize("error", NOT_SENT)
def test_what_ses_did_not_take_is_sent_later_and_once(
    served: Served, delivery: dict[str, object], error: type[Unavailable]
) -> None:
    request_letter(served, a_petition(served, delivery))
    served.mailer.failures = [error("mail")] * 3
    until_it_is_sent(served)
    assert len(served.mailer.mails) == 1
    assert numbers(served) == LetterNumbers(requested=1, sent=1)


@pytest.mark.parametrize("delivery", PACES, ids=str)
def test_what_ses_may_have_taken_is_never_sent_again(served: Served, delivery: dict[str, object]) -> None:
    request_letter(served, a_petition(served, delivery))
    send, lost = served.mailer.send, [Unavailable("mail")]

    def sends_and_loses_the_answer(mail: object) -> str:
        identity = send(mail)  # type: ignore[arg-type]
        if lost:
            raise lost.pop()
        return identity

    served.mailer.send = sends_and_loses_the_answer  # type: ignore[method-assign]
    until_it_is_sent(served)
    assert len(served.mailer.mails) == 1
    assert numbers(served) == LetterNumbers(requested=1, unknown=1)


def test_letters_that_wait_for_their_turn_leave_the_queue_to_others(served: Served) -> None:
    petition = a_petition(served, {"mode": "paced", "per_hour": 1})
    letters(served, petition, 20)
    assert len(served.mailer.mails) == 1
    assert served.other_queue.messages == []


def test_a_quota_that_is_spent_for_a_night_costs_a_digest_only_time(served: Served) -> None:
    petition = a_petition(served, {"mode": "digest", "first": 0})
    letters(served, petition, 3)
    served.clock.forward(UNTIL_SEVEN)
    served.mailer.failures = [SendingStopped("mail")]
    run(served)
    assert served.mailer.mails == []
    served.clock.forward(PAUSE + CLAIM)
    run(served)
    assert [mail.subject[:9] for mail in served.mailer.mails] == ["3 letters"]


def test_a_lost_message_of_a_digest_is_found_by_the_sweep(served: Served) -> None:
    petition = a_petition(served, {"mode": "digest", "first": 0})
    letters(served, petition, 3)
    served.clock.forward(UNTIL_SEVEN)
    served.invoke("send_letter_digests", schedule_event())
    served.other_queue.messages.clear()
    served.clock.forward(LOST_AFTER_IF_QUIET + REQUEUE_AFTER)
    for _ in range(3):
        served.invoke("sweep_mail", schedule_event())
    send_all(served)
    assert numbers(served) == LetterNumbers(requested=3, sent=3)


def test_a_throttled_letter_keeps_its_turn_and_does_not_go_to_the_end(served: Served) -> None:
    petition = a_petition(served, {"mode": "paced", "per_hour": 2})
    letters(served, petition, 1)
    second = request_letter(served, petition)
    request = MailRequest.model_validate(served.other_queue.messages[0])
    send_all(served)
    letters(served, petition, 20)
    served.clock.forward(timedelta(minutes=31))
    served.mailer.failures = [Throttled("mail")]
    served.deliver("send_other_mail", [request.model_dump()])
    item = served.tables.items[LETTERS.item_key(letter_delivery("safe-children", TARGET, second))]
    assert item["mail_due_at"] == "2026-11-24T12:30:00Z"
    served.clock.forward(timedelta(minutes=30))
    served.deliver("send_other_mail", [request.model_dump()])
    assert len(served.mailer.mails) == 2
