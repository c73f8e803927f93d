"""The crowd of `make bench`, part `edge`: what it records, and a minute of a small crowd with the real application."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from benchmarks.cost.prices import prices
from benchmarks.cost.views import VIEWS, requests_per_signature, views
from benchmarks.edge.client import Client
from benchmarks.edge.clock import JumpingLoop
from benchmarks.edge.record import Record, address, number_in
from benchmarks.edge.visits import visits
from benchmarks.results import read
from benchmarks.worker import measure_in_process
from stack.edge.message import ViewerRequest

Result = TypeVar("Result")
MINUTE = {"first_view_bytes": {"total": 17_000, "uncompressed": 60_000, "requests": 6}, "bytes": {"count": 95}}


def in_a_thread(act: Callable[[], Result]) -> Result:
    """Call `act` in another thread: the main thread may have the event loop of the browser tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


def test_a_minute_passes_at_once_on_a_jumping_clock() -> None:
    loop = JumpingLoop()
    in_a_thread(lambda: loop.run_until_complete(asyncio.sleep(60)))
    assert loop.time() == pytest.approx(60, abs=0.1)
    loop.close()


def test_visits_come_in_order_and_half_of_them_read_the_count() -> None:
    found = [*visits("clean-the-river", 2_000, 60)]
    assert [visit.at for visit in found] == sorted(visit.at for visit in found)
    kinds = Counter(visit.is_count for visit in found)
    assert kinds[True] == pytest.approx(1_000, abs=100)
    addresses = {address(visit.target) for visit in found if not visit.is_count}
    assert addresses == {
        "/petitions/clean-the-river",
        "/petitions/clean-the-river?lang=cy",
        "/petitions/clean-the-river?source=evening-news",
        "/petitions/clean-the-river?source=newsletter",
    }


def test_a_shown_number_is_as_old_as_the_first_confirmation_that_it_lacks() -> None:
    record = Record(confirmed_at=[10.0, 20.0])
    for number, now, age in ((0, 9.0, 0.0), (0, 13.0, 3.0), (1, 13.0, 0.0), (1, 21.5, 1.5), (2, 60.0, 0.0)):
        record.add_shown_number("count", number, 1, now)
        assert record.stale["count"][-1] == age
    later = Record(before=7, confirmed_at=[10.0])
    for number in (7, 3):
        later.add_shown_number("count", number, 1, 12.0)
    assert later.stale["count"] == [2.0, 2.0]


def test_requests_at_the_origin_are_counted_by_copy_and_second() -> None:
    record = Record()
    for now in (1.0, 1.9, 2.0):
        record.add_origin_request("/petitions/a?source=b&fbclid=1", "br", now)
    record.add_origin_request("/petitions/a?source=b", "gzip", 1.0)
    figures = record.origin_figures(10)
    assert (figures["origin_requests"], figures["cached_copies"]) == (4, 2)
    assert figures["origin_per_copy_and_second"] == {"max": 2, "mean": 0.2}


def test_the_number_is_read_from_pages_and_counts() -> None:
    assert number_in(b'<strong data-count="1234">1,234</strong>', "", is_count=False) == 1234
    assert number_in(b'{"count": 7}', "", is_count=True) == 7


def test_a_request_without_an_answer_has_status_0() -> None:
    async def send() -> int:
        answer = await Client("127.0.0.1", 1).send(ViewerRequest("GET", "/"))
        return answer.status

    status = in_a_thread(lambda: asyncio.run(send()))
    assert status == 0


def test_a_small_crowd_reaches_the_origin_at_most_once_a_second_for_each_copy() -> None:
    """The real application behind the template's CDN, 300 views and 25 signatures."""
    found = measure_in_process("benchmarks.edge.minute", "300", "5")
    assert found["statuses"].keys() == {"count 200", "page 200", "sign 202"}
    assert found["origin_per_copy_and_second"]["max"] == 1
    assert found["confirmed"] == 25
    assert found["stale_s"]["count"]["max"] <= 10
    assert found["first_view_bytes"]["total"] < found["first_view_bytes"]["uncompressed"] / 3


def test_views_cost_less_behind_the_cdn() -> None:
    bill = views(MINUTE, read()["way"], prices())
    assert requests_per_signature(MINUTE) == VIEWS * 8
    assert bill["with_cdn"]["CloudFront: requests"] == 83
    assert bill["without_cdn"]["API Gateway: requests"] == 280
    assert bill["with_cdn"]["all"] < bill["without_cdn"]["all"]
