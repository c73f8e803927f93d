"""Simulate 100,000 views in one minute, in this process: the application with fakes, behind the CDN of the template.

The simulated clock jumps, so the results do not depend on how busy the machine is. Each answer of the origin takes
ORIGIN_SECONDS (an assumption), so that requests overlap. The speed of AWS or of this machine is not measured.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from multidict import CIMultiDict

from benchmarks import scene
from benchmarks.edge.clock import JumpingLoop
from benchmarks.edge.crowd import EveningCrowd, EveningPlan
from benchmarks.edge.record import Record
from benchmarks.edge.visits import SECONDS, VIEWS
from benchmarks.worker import print_figures
from chalicelib.petitions.publish import publish
from stack.edge.distribution import Distribution, EdgeOrigin
from stack.edge.engine import Edge
from stack.edge.local import PARAMETERS, WHERE
from stack.edge.message import EdgeAnswer, OriginRequest, ViewerRequest
from stack.edge.template import distributions
from stack.template.merge import merge_template
from tests.fake_site import FakeSite, a_fake_site, wire
from tests.fakes import FakeTables

BEGINS = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ORIGIN_SECONDS = 0.2
KEYS = json.dumps({"v1": "the-key-of-the-cdn"})
_LINKED = re.compile(rb'(?:href|src)="(/assets/[^"]+)"')


def measure(views: int | str = VIEWS, seconds: float | str = SECONDS) -> dict[str, Any]:
    """Return the figures of the minute, and the bytes of a first view."""
    os.environ |= {**scene.AWS_SETTINGS, **scene.SETTINGS, "ORIGIN_KEYS": KEYS}
    tables, petition = FakeTables(), scene.sample_petition()
    publish(petition, BEGINS - timedelta(days=1), tables)
    with pytest.MonkeyPatch.context() as patch:
        site = a_fake_site(tables)
        wire(site, patch)
        plan = EveningPlan(petition.slug, int(views), float(seconds), scene.SECRET, scene.TOKEN_KEYS, BEGINS)
        return _run_on_jumping_clock(lambda: _run_crowd(site, plan))


async def _run_crowd(site: FakeSite, plan: EveningPlan) -> dict[str, Any]:
    record, loop = Record(), asyncio.get_running_loop()
    distribution: Distribution = distributions(merge_template(), PARAMETERS, WHERE, {"OriginKeys": KEYS})["Edge"]
    edge = Edge(distribution, _Api(site, record).fetch, loop.time)
    await EveningCrowd(edge.answer, plan, record).run()
    return {**record.figures(plan.seconds), "first_view_bytes": await _first_view(edge, plan.slug)}


class _Api:
    """The CDN's origin, which is the application. Each answer takes ORIGIN_SECONDS on the simulated clock."""

    def __init__(self, site: FakeSite, record: Record) -> None:
        self._site, self._record = site, record

    async def fetch(self, _: EdgeOrigin, origin_request: OriginRequest) -> EdgeAnswer:
        loop = asyncio.get_running_loop()
        target = origin_request.target.removeprefix("/site")
        if origin_request.method == "GET":
            self._record.add_origin_request(target, origin_request.headers["Accept-Encoding"], loop.time())
        await asyncio.sleep(ORIGIN_SECONDS)
        self._site.clock.moment = BEGINS + timedelta(seconds=loop.time())
        answer = self._site.client.http.request(
            origin_request.method, target, dict(origin_request.headers), origin_request.body
        )
        headers: CIMultiDict[str] = CIMultiDict()
        for name, value in answer.headers.items():
            # Chalice's test client returns a list for a header that may have several values.
            first_value = value if isinstance(value, str) else value[0]
            headers.add(name, first_value)
        return EdgeAnswer(answer.status_code, headers, answer.body)


async def _first_view(edge: Edge, slug: str) -> dict[str, int]:
    """Return the bytes of a page and of all that it loads with an empty cache: with Brotli, and uncompressed."""
    page = f"/petitions/{slug}"
    plain = await edge.answer(_get(page, ""))
    linked = {path.decode() for path in _LINKED.findall(plain.body)}
    paths = [page, *sorted(linked)]
    sizes = {}
    for encoding in ("br", ""):
        answers = [await edge.answer(_get(path, encoding)) for path in paths]
        sizes[encoding] = sum(len(answer.body) for answer in answers)
    return {"total": sizes["br"], "uncompressed": sizes[""], "requests": len(paths)}


def _get(target: str, encoding: str) -> ViewerRequest:
    path, _, query = target.partition("?")
    return ViewerRequest("GET", path, query, CIMultiDict({"Accept-Encoding": encoding, "Accept": "*/*"}))


def _run_on_jumping_clock(run: Callable[[], Coroutine[Any, Any, dict[str, Any]]]) -> dict[str, Any]:
    loop = JumpingLoop()
    try:
        return loop.run_until_complete(run())
    finally:
        loop.close()


if __name__ == "__main__":
    print_figures(measure)
