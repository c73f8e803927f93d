"""An update to many subscribers, killed twice: emails a second relative to the given rate, and who got it how often.

The code is the product's, from the request to publish to each email. Tables, queues and SES are fakes in this process,
and the clock is simulated: only a sleep moves it. So the rate depends on the pace, not on this machine.
"""

import os
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from functools import partial
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
# Tracing takes four times as long.
FOR_MEMORY = (5_000, 20_000)
KILLS = 2


def updated(people: int) -> dict[str, Any]:
    transient = {f"at_{each}": ask("benchmarks.updating", str(each), "memory")["transient_mb"] for each in FOR_MEMORY}
    return {**ask("benchmarks.updating", str(people)), "transient_mb": transient}


def measure(people: str, what: str = "") -> dict[str, Any]:
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "MAIL_PER_SECOND": str(GIVEN), "MAIL_SENDERS": str(SENDERS)}
    scene.answer_at_once()
    with pytest.MonkeyPatch.context() as patch:
        return _memory(int(people), patch) if what == "memory" else _killed_and_sent(int(people), patch)


def _killed_and_sent(people: int, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    from tests.updates.sending import LATER, results, run_once

    site, path = _published(people, patch)
    slept = _virtual_time(patch)
    began = time.process_time()
    for _ in range(KILLS):
        with pytest.MonkeyPatch.context() as killing:
            killing.setattr(site.tables, "_called", _killed_at(people // 3))
            run_once(site)
        site.clock.forward(LATER)
    emails = _sent(site)
    cpu = time.process_time() - began
    got = Counter(mail.to for mail in site.mailer.mails)
    return {
        **results(site, path),
        "people": people,
        "killed": KILLS,
        "double": sum(number > 1 for number in got.values()),
        "missing": people - len(got),
        "of_the_given_rate": round(SENDERS * emails / slept[0] / (GIVEN * SHARES[Priority.OTHER]), 3),
        "emails_a_cpu_second": round(emails / cpu),
    }


def _memory(people: int, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the most memory that one invocation takes and frees. What it does not free is in the fakes."""
    site, _ = _published(people, patch)
    _virtual_time(patch)
    most = 0

    def watched(invoke: Callable[[], Any]) -> Any:
        nonlocal most
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = invoke()
        after, peak = tracemalloc.get_traced_memory()
        most = max(most, peak - max(before, after))
        return result

    tracemalloc.start()
    emails = _sent(site, watched)
    assert emails == people
    return {"transient_mb": round(most / 1e6, 1)}


def _published(people: int, patch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """Return a site with so many subscribers, and the path of an update to them that has begun."""
    from tests.actors import Person, a_published_petition
    from tests.fakes import FakeTables
    from tests.served import a_site, wire
    from tests.updates.sending import published, subscribed

    site = a_site(FakeTables())
    wire(site, patch)
    petition = a_published_petition(site.tables)
    crowd = [Person(f"Person {each}", f"person-{each}@mail.example") for each in range(people)]
    subscribed(site, petition, crowd)
    return site, published(site)


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


def _unwatched(invoke: Callable[[], Any]) -> Any:
    return invoke()


def _sent(site: Any, watched: Callable[[Callable[[], Any]], Any] = _unwatched) -> int:
    """Run the job and one sender until no message is left. Return the number of emails."""
    from tests.updates.sending import LATER, run_once

    while site.updates.messages or site.other_queue.messages:
        watched(lambda: run_once(site))
        while site.other_queue.messages:
            some, site.other_queue.messages[:AT_ONCE] = site.other_queue.messages[:AT_ONCE], []
            again = watched(partial(site.deliver, "send_other_mail", some))
            site.other_queue.messages += [some[int(each)] for each in again]
        site.clock.forward(LATER)
    return len(site.mailer.mails)


if __name__ == "__main__":
    answer(measure)
