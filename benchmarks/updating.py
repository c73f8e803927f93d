"""An update to many subscribers, killed twice: emails a second relative to the given rate, and who got it how often.

The code is the product's, from the request to publish to each email. Tables, queues and SES are fakes in this process,
and the clock is simulated: only a sleep moves it. So the rate depends on the pace, not on this machine.
"""

import os
import time
from collections import Counter
from itertools import count
from typing import Any

import pytest

from benchmarks import scene
from benchmarks.worker import answer, ask
from chalicelib.core.errors import Throttled
from chalicelib.core.settings import settings
from chalicelib.mail.model import Priority
from chalicelib.mail.pace import SHARES

GIVEN = 14.0
SENDERS = 2
AT_ONCE = 10
KILLS = 2


def updated(people: int) -> dict[str, Any]:
    return ask("benchmarks.updating", str(people))


def measure(people: str) -> dict[str, Any]:
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "MAIL_PER_SECOND": str(GIVEN), "MAIL_SENDERS": str(SENDERS)}
    from tests.actors import Person, a_published_petition
    from tests.fakes import FakeTables
    from tests.served import a_site, wire
    from tests.updates.sending import LATER, published, results, run_once, subscribed

    scene.answer_at_once()
    with pytest.MonkeyPatch.context() as patch:
        site = a_site(FakeTables())
        wire(site, patch)
        slept = _virtual_time(patch)
        petition = a_published_petition(site.tables)
        crowd = [Person(f"Person {each}", f"person-{each}@mail.example") for each in range(int(people))]
        subscribed(site, petition, crowd)
        began = time.process_time()
        path = published(site)
        for _ in range(KILLS):
            with pytest.MonkeyPatch.context() as killing:
                killing.setattr(site.tables, "_called", _killed_at(int(people) // 3))
                run_once(site)
            site.clock.forward(LATER)
        emails = _sent(site)
        cpu = time.process_time() - began
        got = Counter(mail.to for mail in site.mailer.mails)
        return {
            **results(site, path),
            "people": int(people),
            "killed": KILLS,
            "double": sum(number > 1 for number in got.values()),
            "missing": int(people) - len(got),
            "of_the_given_rate": round(SENDERS * emails / slept[0] / (GIVEN * SHARES[Priority.OTHER]), 3),
            "emails_a_cpu_second": round(emails / cpu),
        }


def _virtual_time(patch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds slept so far."""
    slept = [0.0]

    def sleep(seconds: float) -> None:
        slept[0] += seconds

    patch.setattr(time, "sleep", sleep)
    patch.setattr(time, "monotonic", lambda: slept[0])
    assert settings().mail_senders == SENDERS
    return slept


def _killed_at(call: int) -> Any:
    calls = count(1)

    def called(_: str) -> None:
        if next(calls) >= call:
            raise Throttled("storage")

    return called


def _sent(site: Any) -> int:
    """Run the job and one sender until no message is left. Return the number of emails."""
    from tests.updates.sending import LATER, run_once

    while site.updates.messages or site.other_queue.messages:
        run_once(site)
        while site.other_queue.messages:
            some, site.other_queue.messages[:AT_ONCE] = site.other_queue.messages[:AT_ONCE], []
            again = site.deliver("send_other_mail", some)
            site.other_queue.messages += [some[int(each)] for each in again]
        site.clock.forward(LATER)
    return len(site.mailer.mails)


if __name__ == "__main__":
    answer(measure)
