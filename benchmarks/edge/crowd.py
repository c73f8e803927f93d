"""Simulate a crowd: viewers, and a few people who sign and confirm. It sends requests by HTTP, or in this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from multidict import CIMultiDict

from benchmarks import scene
from benchmarks.edge.record import Record, number_in
from benchmarks.edge.visits import BROWSER, Visit, visits
from chalicelib.core.address import signature_id
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, Subject, issue
from stack.edge.message import EdgeAnswer, ViewerRequest

Send = Callable[[ViewerRequest], Awaitable[EdgeAnswer]]
# Seconds between signing and confirming.
CONFIRMED_AFTER = 2.0
SIGNERS_A_SECOND = 5


@dataclass(frozen=True)
class EveningPlan:
    """What the crowd does. With the site's `secret` and `token_keys`, it makes the links that people get by email."""

    slug: str
    views: int
    seconds: float
    secret: str
    token_keys: dict[str, str]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class EveningCrowd:
    send: Send
    plan: EveningPlan
    record: Record = field(default_factory=Record)
    _number_by_body: dict[bytes, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Send each request at its time, even if earlier ones have no answer yet, and wait for all answers."""
        began = self._time()
        tasks = [asyncio.ensure_future(each) for each in self._signers(began)]
        for visit in visits(self.plan.slug, self.plan.views, self.plan.seconds):
            due = began + visit.at
            if due > self._time():
                await asyncio.sleep(due - self._time())
            tasks.append(asyncio.ensure_future(self._view(visit, due)))
        await asyncio.gather(*tasks)

    def _time(self) -> float:
        return asyncio.get_running_loop().time()

    def _signers(self, began: float) -> Iterator[Any]:
        for number in range(int(SIGNERS_A_SECOND * self.plan.seconds)):
            yield self._sign(number, began + number / SIGNERS_A_SECOND)

    async def _view(self, visit: Visit, due: float) -> None:
        headers = {"User-Agent": BROWSER, "Accept": "text/html", "Accept-Encoding": visit.encoding}
        answer = await self.send(ViewerRequest("GET", visit.path, visit.query, CIMultiDict(headers)))
        kind = "count" if visit.is_count else "page"
        self.record.add_answer(kind, answer.status, self._time() - due)
        if answer.status == 200:
            self.record.add_shown_number(kind, self._number(answer, visit), len(answer.body), self._time())

    def _number(self, answer: EdgeAnswer, visit: Visit) -> int:
        """Return the number in an answer. Parse equal bodies only once."""
        if answer.body not in self._number_by_body:
            encoding = answer.headers.get("Content-Encoding", "")
            self._number_by_body[answer.body] = number_in(answer.body, encoding, is_count=visit.is_count)
        return self._number_by_body[answer.body]

    async def _sign(self, number: int, due: float) -> None:
        await asyncio.sleep(due - self._time())
        plan = self.plan
        email = f"{run_name(plan)}-{number}@example.org"
        body = {"name": "Amina Okonkwo", "email": email, "country": "GB", "consent": {"sign": True, "updates": False}}
        status = await self._post(f"/api/petitions/{plan.slug}/signatures", json.dumps(body), scene.JSON)
        self.record.add_answer("sign", status, self._time() - due)
        await asyncio.sleep(CONFIRMED_AFTER)
        if status != 202:
            return
        subject = Subject(plan.slug, signature_id(plan.slug, email, plan.secret), "GB", "direct")
        token = issue(Purpose.CONFIRM, subject, plan.now + CONFIRM_LIFETIME, plan.token_keys)
        confirm_status = await self._post("/confirm", urlencode({"token": token}), scene.FORM)
        if confirm_status == 200:
            self.record.confirmed_at.append(self._time())

    async def _post(self, path: str, body: str, kind: str) -> int:
        headers = CIMultiDict({"Content-Type": kind, "Accept": "application/json"})
        answer = await self.send(ViewerRequest("POST", path, "", headers, body.encode()))
        return answer.status


def run_name(plan: EveningPlan) -> str:
    """Return a prefix of addresses that no other run uses."""
    return f"evening-{plan.now.timestamp():.0f}"
