"""Measure requests a second, through API Gateway and Lambda on the emulator. The two applications alternate.

Here our workers (of the stream, queues and email) share the cores with the requests. On AWS they run elsewhere. So the
rate is measured as deployed, and again with the workers paused until the round is over.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks import scene
from benchmarks.tutorial.crowd import send_requests
from benchmarks.tutorial.deployment import SLUG, Both
from benchmarks.tutorial.inbox import count_mails
from stack.aws import Cloud

CONNECTIONS = 32
SIGNATURES, ROUNDS = 600, 3
# The longest wait for all emails of a round.
MAIL_SECONDS = 120.0
# After the last email, our workers still count its signature: they gather changes for two seconds
# (stack/template/streams.py).
SETTLE_SECONDS = 4.0

Figures = dict[str, float]


def rates(both: Both) -> dict[str, Any]:
    """Return requests a second, and seconds until all emails are sent: the medians, and the figures of each round."""
    _measure_as_deployed(both, "warm")
    deployed = [_measure_as_deployed(both, f"deployed-{number}") for number in range(ROUNDS)]
    with_paused = [_measure_with_workers_paused(both, f"apart-{number}") for number in range(ROUNDS)]
    as_deployed = [rate for rate, _ in deployed]
    mailed = [seconds for _, seconds in deployed]
    return {
        "requests_per_second": _medians(as_deployed),
        "requests_per_second_workers_apart": _medians(with_paused),
        "seconds_until_all_mails_sent": _medians(mailed),
        "rounds": {"as_deployed": as_deployed, "workers_apart": with_paused},
    }


def _measure_as_deployed(both: Both, prefix: str) -> tuple[Figures, Figures]:
    """Return requests a second, and seconds until the last email, of each side.

    Theirs starts after the last email of ours, because both send to the same emulated SES.
    """
    rate, mailed = {}, {}
    for name, api in _sides(both):
        before = count_mails(both.ours.endpoint)
        started = time.perf_counter()
        rate[name] = _measure_rate(api, prefix)
        _wait_for_mails(both, before + SIGNATURES)
        mailed[name] = round(time.perf_counter() - started - SETTLE_SECONDS, 1)
    return rate, mailed


def _measure_with_workers_paused(both: Both, prefix: str) -> Figures:
    """Return requests a second while our workers are paused. Afterwards, wait until the workers have sent all email."""
    before = count_mails(both.ours.endpoint)
    with paused_workers(both.ours.endpoint):
        rate = {name: _measure_rate(api, prefix) for name, api in _sides(both)}
    emails_of_both_sides = 2 * SIGNATURES  # Both send to the same emulated SES.
    _wait_for_mails(both, before + emails_of_both_sides)
    return rate


def _sides(both: Both) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("ours", both.ours.api), ("theirs", both.theirs)


def _measure_rate(api: str, prefix: str) -> float:
    people = [scene.sign_event(SLUG, f"{prefix}-{number}") for number in range(SIGNATURES)]
    return round(send_requests(api, people, CONNECTIONS), 1)


def _wait_for_mails(both: Both, mails: int) -> None:
    deadline = time.perf_counter() + MAIL_SECONDS
    while count_mails(both.ours.endpoint) < mails:
        if time.perf_counter() > deadline:
            raise RuntimeError(f"not all emails were sent in {MAIL_SECONDS:.0f} s")
        time.sleep(0.1)
    time.sleep(SETTLE_SECONDS)


@contextmanager
def paused_workers(endpoint: str) -> Iterator[None]:
    """Pause all workers in the block. Their work waits in the stream and the queues."""
    client = Cloud(endpoint).client("lambda")
    sources = client.list_event_source_mappings()["EventSourceMappings"]
    enabled = [source["UUID"] for source in sources if source["State"] == "Enabled"]
    _switch(client, enabled, on=False)
    try:
        yield
    finally:
        _switch(client, enabled, on=True)


def _switch(client: Any, sources: list[str], *, on: bool) -> None:
    for source in sources:
        client.update_event_source_mapping(UUID=source, Enabled=on)


def _medians(rounds: Sequence[Figures]) -> Figures:
    medians = {}
    for name in rounds[0]:
        values = [figures[name] for figures in rounds]
        medians[name] = median(values)
    return medians
