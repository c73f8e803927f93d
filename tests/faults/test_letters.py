"""SES throttles, stops or fails, and messages repeat: no letter and no digest is sent twice or lost."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import RateExceeded, SendingStopped, Throttled, Unavailable
from chalicelib.letters.counts import LetterNumbers
from tests.fake_site import FakeSite
from tests.letters.lettering import publish_with_delivery, request_letter, send_all
from tests.letters.test_counts import numbers

pytestmark = pytest.mark.faults

NOT_SENT_ERRORS = [SendingStopped, Throttled, RateExceeded]
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
