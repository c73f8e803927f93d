"""The cost of each signature, and what faults lose and miscount. Without Lambda and API Gateway."""

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
from benchmarks.tutorial.sides import NAMES, Sides, each
from benchmarks.worker import print_figures

WARM_UP, MEASURED = 20, 200
# Every fourth person meets the fault.
PEOPLE, EVERY = 40, 4

Figures = dict[str, Any]


def measure(endpoint: str) -> Figures:
    sides = Sides(endpoint)
    return {
        **spent(sides),
        "count_error_retries": count_error_of_retries(sides),
        "mails_lost": mails_lost(sides, endpoint),
    }


def spent(sides: Sides) -> Figures:
    """Return means of counts and the median of CPU: warm, alternating, in one process."""
    acts = [each(partial(_act, sides, person=f"supporter-{number}")) for number in range(WARM_UP + MEASURED)][WARM_UP:]
    return {
        "aws_calls": each(lambda name: mean(act[name]["calls"] for act in acts)),
        "write_units": each(lambda name: mean(act[name]["write_units"] for act in acts)),
        "handler_cpu_ms": each(lambda name: round(median(act[name]["cpu_ms"] for act in acts), 2)),
    }


def _act(sides: Sides, name: str, person: str) -> Figures:
    with sides.metered_app.metered() as spent:
        start = process_time()
        status = sides.sign(name, person)
        cpu = process_time() - start
    if status != 202:
        raise RuntimeError(f"{name} answered {status}")
    return {**spent.as_figures(), "cpu_ms": cpu * 1000}


def count_error_of_retries(sides: Sides) -> dict[str, int]:
    """Return how many people too many are counted when responses of writes are lost and SDK and browser retry."""
    from chalicelib.signatures.worker import store_overflow

    before = each(sides.counted)
    for person, is_hit in people("retries"):
        for name in NAMES:
            _until_answered(sides, is_hit, partial(sides.sign, name, person))
    drain("OVERFLOW_QUEUE_URL", store_overflow)
    for person, is_hit in people("retries"):
        _until_answered(sides, is_hit, partial(sides.metered_app.confirm, person))
    after = each(sides.counted)
    return each(lambda name: after[name] - before[name] - PEOPLE)


def _until_answered(sides: Sides, is_hit: bool, act: Callable[[], object]) -> None:
    """Sign again after each timeout."""
    with sides.faults.losing_answers() if is_hit else nullcontext():
        act()
    if is_hit:
        act()


def mails_lost(sides: Sides, endpoint: str) -> dict[str, int]:
    """Return how many people get no email although SES refused only for a while and people retried after errors."""
    from chalicelib.delivery.worker import send_mail

    for person, is_hit in people("mails"):
        with sides.faults.refusing_mail() if is_hit else nullcontext(), mock.patch("time.sleep"):
            refused = [name for name, status in each(partial(sides.sign, person=person)).items() if status != 202]
            _relay(sides, person)
            drain("MAIL_QUEUE_URL", send_mail, receives=1)
        for name in refused:
            sides.sign(name, person)
    drain("MAIL_QUEUE_URL", send_mail)
    recipients = _recipients(endpoint)
    return each(lambda name: sum(f"{person}@example.org" not in recipients[name] for person, _ in people("mails")))


def _relay(sides: Sides, person: str) -> None:
    """Relay as the stream would."""
    from chalicelib.delivery.worker import relay_mail

    record = records.insert_record(sides.slug, sides.metered_app.id_of(person), 0)
    relay_mail({"Records": [record]}, CONTEXT)


def _recipients(endpoint: str) -> dict[str, set[str]]:
    """Return who got an email from which application, by subject."""
    recipients: dict[str, set[str]] = each(lambda _: set())
    for mail in mails(endpoint):
        recipients["theirs" if mail["Subject"].startswith("You signed") else "ours"].update(mail["To"])
    return recipients


def people(what: str) -> Iterator[tuple[str, bool]]:
    """Yield people, and whether the fault meets them."""
    return ((f"{what}-{number}", number % EVERY == 0) for number in range(PEOPLE))


if __name__ == "__main__":
    print_figures(measure)
