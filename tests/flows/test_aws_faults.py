"""AWS throttles, conflicts and succeeds partially, over the wire. Queues and stream redeliver what failed."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.edge.batch import BatchFailed
from stack.emulator import set_faults
from tests.emulated import IS_OWN_EMULATOR
from tests.flows.handlers import Site, link, token

PEOPLE = 12
TRIES = 40
FAULTS = {
    "table-throttled": 0.1,
    "transaction-conflict": 0.2,
    "transaction-in-progress": 0.1,
    "item-conflict": 0.05,
    "table-partial": 0.5,
    "short-page": 0.5,
    "queue-throttled": 0.1,
    "queue-key-throttled": 0.1,
    "queue-error": 0.1,
    "queue-partial": 0.3,
    "mail-throttled": 0.1,
}
pytestmark = pytest.mark.skipif(not IS_OWN_EMULATOR, reason="only our own emulator injects faults")


@pytest.fixture
def faulty(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The site with faults. Claims end soon, because after a fault a claim may not be released."""
    monkeypatch.setattr("chalicelib.mail.send.CLAIM", timedelta(seconds=1))
    set_faults(site.aws.endpoint, FAULTS)
    yield site
    set_faults(site.aws.endpoint, {})


def test_no_signature_is_lost_or_counted_twice(faulty: Site) -> None:
    before = set_faults(faulty.aws.endpoint, FAULTS)
    for number in range(PEOPLE):
        retry_until(partial(answers, 202, faulty.sign, email=f"a{number}@example.org"))
    links = deliver_everything(faulty)
    assert len(links) == PEOPLE
    for path in links.values():
        retry_until(partial(answers, 200, faulty.post_form, "/confirm", {"token": token(path)}))
    met = set_faults(faulty.aws.endpoint, {})
    assert faulty.count() == PEOPLE
    assert {name for name, times in met.items() if times > before.get(name, 0)} & {"table-throttled", "queue-partial"}


def deliver_everything(site: Site) -> dict[str, str]:
    """Deliver everything. Return the link to confirm in each person's first email."""
    waiting: list[dict[str, Any]] = []
    overflowed: list[dict[str, Any]] = []
    links: dict[str, str] = {}
    for _ in range(TRIES):
        overflowed = site.store(overflowed + site.receive_overflowed())
        records = site.stream()
        for work in (site.project, site.relay):
            retry_until(partial(succeeds, work, records))
        waiting += site.receive_queued()
        again = {each["itemIdentifier"] for each in site.send(waiting)["batchItemFailures"]}
        waiting = [message for message in waiting if message["messageId"] in again]
        for mail in site.new_mails():
            links.setdefault(mail["To"][0], link(mail, "confirm"))
        if not (records or waiting or overflowed):
            break
    return links


def answers(status: int, send: Callable[..., HTTPResponse], *what: Any, **fields: Any) -> bool:
    return send(*what, **fields).status_code == status


def succeeds(work: Callable[[Any], None], records: list[dict[str, Any]]) -> bool:
    try:
        work(records)
    except BatchFailed:
        return False
    return True


def retry_until(is_done: Callable[[], bool]) -> None:
    """Try again, as people and queues do. Wait, because a process reads a missing petition at most once a second."""
    for _ in range(TRIES):
        if is_done():
            return
        time.sleep(0.1)
    raise AssertionError(f"not done after {TRIES} tries")
