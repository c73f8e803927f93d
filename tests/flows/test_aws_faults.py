"""AWS throttles, conflicts and succeeds partially, over HTTP. Queues and stream redeliver what failed."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.edge.batch import BatchFailed
from tests.flows.handlers import EmulatedSite, link_in, token_in

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


@pytest.fixture
def faulty_site(site: EmulatedSite, monkeypatch: pytest.MonkeyPatch) -> EmulatedSite:
    """The site, while AWS has faults. Claims end soon, because after a fault a claim may not be released."""
    monkeypatch.setattr("chalicelib.mail.send.CLAIM", timedelta(seconds=1))
    site.aws.judge.faults.set(FAULTS)
    return site


def test_no_signature_is_lost_or_counted_twice(faulty_site: EmulatedSite) -> None:
    for number in range(PEOPLE):
        retry_until(partial(has_status, 202, faulty_site.sign, email=f"a{number}@example.org"))
    links = deliver_everything(faulty_site)
    assert len(links) == PEOPLE
    for path in links.values():
        retry_until(partial(has_status, 200, faulty_site.post_form, "/confirm", {"token": token_in(path)}))
    faults = faulty_site.aws.judge.faults
    faults.set({})
    assert faulty_site.count() == PEOPLE
    assert faults.met.keys() & {"table-throttled", "queue-partial"}, "no fault occurred"


def deliver_everything(site: EmulatedSite) -> dict[str, str]:
    """Deliver everything. Return the link to confirm in each person's first email."""
    waiting: list[dict[str, Any]] = []
    overflowed: list[dict[str, Any]] = []
    links: dict[str, str] = {}
    for _ in range(TRIES):
        overflowed = site.store_overflow(overflowed + site.receive_overflow_messages())
        records = site.new_records()
        for handle in (site.project, site.relay):
            retry_until(partial(succeeds, handle, records))
        waiting += site.receive_mail_messages()
        failures = site.send(waiting)["batchItemFailures"]
        failed_ids = {failure["itemIdentifier"] for failure in failures}
        waiting = [message for message in waiting if message["messageId"] in failed_ids]
        for mail in site.new_mails():
            links.setdefault(mail["To"][0], link_in(mail, "confirm"))
        if not (records or waiting or overflowed):
            break
    return links


def has_status(status: int, send: Callable[..., HTTPResponse], *arguments: Any, **fields: Any) -> bool:
    return send(*arguments, **fields).status_code == status


def succeeds(handle: Callable[[Any], None], records: list[dict[str, Any]]) -> bool:
    try:
        handle(records)
    except BatchFailed:
        return False
    return True


def retry_until(is_done: Callable[[], bool]) -> None:
    """Try again, as people and queues do. Wait, because a process reads a missing petition once a second at most."""
    for _ in range(TRIES):
        if is_done():
            return
        time.sleep(0.1)
    raise AssertionError(f"not done after {TRIES} tries")
