"""Measure the cost of a signature, and what faults lose or count wrongly. Both handlers run without Lambda and API.

The module sides.py has the handlers: ours and that of the tutorial.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from statistics import mean, median
from time import process_time
from typing import Any
from unittest import mock

from benchmarks import records
from benchmarks.tutorial.inbox import mails
from benchmarks.tutorial.queues import CONTEXT, drain
from benchmarks.tutorial.sides import NAMES, Sides, for_both
from benchmarks.worker import print_figures

WARM_UP, MEASURED = 20, 200
# The fault happens to every fourth person.
PEOPLE, FAULT_EVERY = 40, 4

Figures = dict[str, Any]


def measure(endpoint: str) -> Figures:
    sides = Sides(endpoint)
    return {
        **measure_costs(sides),
        "count_error_retries": count_error_of_retries(sides),
        "mails_lost": mails_lost(sides, endpoint),
    }


def measure_costs(sides: Sides) -> Figures:
    """Return means of calls and units, and the median of CPU times. Both sides alternate in one warm process."""
    calls: dict[str, list[Figures]] = {name: [] for name in NAMES}
    for number in range(WARM_UP + MEASURED):
        for name in NAMES:
            calls[name].append(_measure_call(sides, name, f"supporter-{number}"))
    costs: Figures = {"aws_calls": {}, "write_units": {}, "handler_cpu_ms": {}}
    for name in NAMES:
        measured = calls[name][WARM_UP:]
        costs["aws_calls"][name] = mean(call["calls"] for call in measured)
        costs["write_units"][name] = mean(call["write_units"] for call in measured)
        costs["handler_cpu_ms"][name] = round(median(call["cpu_ms"] for call in measured), 2)
    return costs


def _measure_call(sides: Sides, name: str, person: str) -> Figures:
    with sides.metered_app.meter_block() as usage:
        start = process_time()
        status = sides.sign(name, person)
        cpu = process_time() - start
    if status != 202:
        raise RuntimeError(f"{name} answered {status}")
    return {**usage.as_figures(), "cpu_ms": cpu * 1000}


def count_error_of_retries(sides: Sides) -> dict[str, int]:
    """Return the count minus the number of people. Responses to writes are lost, so the SDK and the browser retry."""
    from chalicelib.signatures.worker import store_overflow

    before = for_both(sides.read_count)
    for person, has_fault in people_and_faults("retries"):
        for name in NAMES:
            _act_with_fault(sides, has_fault, partial(sides.sign, name, person))
    drain("OVERFLOW_QUEUE_URL", store_overflow)
    # Our count has only confirmed signatures, so people also confirm ours.
    for person, has_fault in people_and_faults("retries"):
        _act_with_fault(sides, has_fault, partial(sides.metered_app.confirm, person))
    after = for_both(sides.read_count)
    return {name: after[name] - before[name] - PEOPLE for name in NAMES}


def _act_with_fault(sides: Sides, has_fault: bool, act: Callable[[], object]) -> None:
    """Call `act`. If there is a fault, responses to its writes are lost, and the person acts again."""
    fault = sides.faults.losing_answers() if has_fault else nullcontext()
    with fault:
        act()
    if has_fault:
        act()


def mails_lost(sides: Sides, endpoint: str) -> dict[str, int]:
    """Return how many people get no email. SES refuses emails only for a time, and people try again after an error."""
    from chalicelib.delivery.worker import send_mail

    for person, has_fault in people_and_faults("mails"):
        fault = sides.faults.refusing_mail() if has_fault else nullcontext()
        with fault, mock.patch("time.sleep"):
            statuses = {name: sides.sign(name, person) for name in NAMES}
            _relay(sides, person)
            # Receive only once: while SES refuses, a message fails each time.
            drain("MAIL_QUEUE_URL", send_mail, receives=1)
        for name in NAMES:
            if statuses[name] != 202:
                sides.sign(name, person)
    drain("MAIL_QUEUE_URL", send_mail)
    signers = {f"{person}@example.org" for person, _ in people_and_faults("mails")}
    recipients = _recipients(endpoint)
    return {name: len(signers - recipients[name]) for name in NAMES}


def _relay(sides: Sides, person: str) -> None:
    """Pass the signature's stream record to the relay, as Lambda would. The relay queues a message for the email."""
    from chalicelib.delivery.worker import relay_mail

    record = records.insert_record(sides.slug, sides.metered_app.id_of(person), 0)
    relay_mail({"Records": [record]}, CONTEXT)


def _recipients(endpoint: str) -> dict[str, set[str]]:
    """Return the people who got an email from each application. The subject tells which one sent it."""
    recipients: dict[str, set[str]] = {name: set() for name in NAMES}
    for mail in mails(endpoint):
        is_theirs = mail["Subject"].startswith("You signed")
        name = "theirs" if is_theirs else "ours"
        recipients[name].update(mail["To"])
    return recipients


def people_and_faults(prefix: str) -> Iterator[tuple[str, bool]]:
    """Yield people, and whether the fault happens to them."""
    for number in range(PEOPLE):
        has_fault = number % FAULT_EVERY == 0
        yield f"{prefix}-{number}", has_fault


if __name__ == "__main__":
    print_figures(measure)
