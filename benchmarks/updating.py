"""Measure an update, which is an email to all subscribers of a petition. Its job is killed twice.

The figures are the emails a second, relative to the share of GIVEN_RATE that updates may use, and how many people got
the email twice or never. The code is the product's, from the request to publish the update until each email is sent.
Tables, queues and SES are fakes in this process, and only a sleep moves the simulated clock. So the rate depends on the
sleeps between emails (mail/rate_limit.py), and not on this machine.
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
from benchmarks.worker import measure_in_process, print_figures
from chalicelib.core.errors import Throttled
from chalicelib.core.settings import settings
from chalicelib.mail.model import Priority
from chalicelib.mail.rate_limit import SHARES

GIVEN_RATE = 14.0
SENDERS = 2
BATCH_SIZE = 10
# Fewer people, because a run takes four times as long while tracemalloc traces memory.
PEOPLE_FOR_MEMORY = (5_000, 20_000)
KILLS = 2


def measure_update(people: int) -> dict[str, Any]:
    """Return the figures. `transient_mb`: the most memory that one invocation takes and frees again."""
    transient = {}
    for number in PEOPLE_FOR_MEMORY:
        figures = measure_in_process("benchmarks.updating", str(number), "memory")
        transient[f"at_{number}"] = figures["transient_mb"]
    return {**measure_in_process("benchmarks.updating", str(people)), "transient_mb": transient}


def measure(people: str, figure: str = "") -> dict[str, Any]:
    os.environ |= {
        **scene.AWS_SETTINGS,
        **scene.SETTINGS,
        "MAIL_PER_SECOND": str(GIVEN_RATE),
        "MAIL_SENDERS": str(SENDERS),
    }
    scene.skip_wait_after_signing()
    measure_people = _measure_memory if figure == "memory" else _measure_with_kills
    with pytest.MonkeyPatch.context() as patch:
        return measure_people(int(people), patch)


def _measure_with_kills(people: int, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    from tests.updates.sending import LATER, results, run_once

    site, path = _publish_update(people, patch)
    slept = _use_simulated_clock(patch)
    began = time.process_time()
    for _ in range(KILLS):
        # Kill the job: from the call with this number on, all calls to the tables fail.
        with pytest.MonkeyPatch.context() as killing:
            killing.setattr(site.tables, "_called", _fail_from_call(people // 3))
            run_once(site)
        site.clock.forward(LATER)
    emails = _send_all(site)
    cpu = time.process_time() - began
    # Only one sender ran. All senders together are SENDERS times as fast.
    rate = SENDERS * emails / slept[0]
    allowed_rate = GIVEN_RATE * SHARES[Priority.OTHER]
    emails_by_address = Counter(mail.to for mail in site.mailer.mails)
    repeated = [address for address, number in emails_by_address.items() if number > 1]
    return {
        **results(site, path),  # The update's state and numbers, as staff see them.
        "people": people,
        "killed": KILLS,
        "double": len(repeated),
        "missing": people - len(emails_by_address),
        "of_the_given_rate": round(rate / allowed_rate, 3),
        "emails_a_cpu_second": round(emails / cpu),
    }


def _measure_memory(people: int, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the most memory that one invocation takes and frees. The memory that it does not free is in the fakes."""
    site, _ = _publish_update(people, patch)
    _use_simulated_clock(patch)
    most = 0

    def watch(invoke: Callable[[], Any]) -> Any:
        nonlocal most
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = invoke()
        after, peak = tracemalloc.get_traced_memory()
        # Memory above both `before` and `after` was taken and freed.
        most = max(most, peak - max(before, after))
        return result

    tracemalloc.start()
    emails = _send_all(site, watch)
    assert emails == people
    return {"transient_mb": round(most / 1e6, 1)}


def _publish_update(people: int, patch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """Publish an update to `people` subscribers of a new site. Return the site and the update's path."""
    from tests.actors import Person, a_published_petition
    from tests.fake_site import a_fake_site, wire
    from tests.fakes import FakeTables
    from tests.updates.sending import publish_update, subscribe

    site = a_fake_site(FakeTables())
    wire(site, patch)
    petition = a_published_petition(site.tables)
    crowd = [Person(f"Person {each}", f"person-{each}@mail.example") for each in range(people)]
    subscribe(site, petition, crowd)
    return site, publish_update(site)


def _use_simulated_clock(patch: pytest.MonkeyPatch) -> list[float]:
    """Let sleeps move a clock instead of waiting. Return a list whose only number is the seconds slept so far."""
    slept = [0.0]

    def sleep(seconds: float) -> None:
        slept[0] += seconds

    patch.setattr(time, "sleep", sleep)
    patch.setattr(time, "monotonic", lambda: slept[0])
    assert settings().mail_senders == SENDERS
    return slept


def _fail_from_call(call: int) -> Any:
    """Return a method for the fake tables with which all calls from number `call` on fail."""
    calls = count(1)

    def called(_: str) -> None:
        if next(calls) >= call:
            raise Throttled("storage")

    return called


def _call(invoke: Callable[[], Any]) -> Any:
    return invoke()


def _send_all(site: Any, watch: Callable[[Callable[[], Any]], Any] = _call) -> int:
    """Run the job and one sender until no message is left. Return the number of emails.

    `watch` gets each invocation as a function, calls it, and returns its result.
    """
    from tests.updates.sending import LATER, run_once

    while site.updates.messages or site.other_queue.messages:
        watch(lambda: run_once(site))
        while site.other_queue.messages:
            batch = site.other_queue.messages[:BATCH_SIZE]
            del site.other_queue.messages[:BATCH_SIZE]
            failed = watch(partial(site.deliver, "send_other_mail", batch))
            # `failed` has the ids of messages. An id is the position in the batch.
            site.other_queue.messages += [batch[int(each)] for each in failed]
        site.clock.forward(LATER)
    return len(site.mailer.mails)


if __name__ == "__main__":
    print_figures(measure)
