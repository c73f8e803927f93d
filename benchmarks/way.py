"""One signature through every handler on the embedded AWS: CPU, calls, units, log bytes and response bytes.

Cost and model are calibrated with these figures. CPU is that of this process, without waiting for the emulator and
without TLS. Workers are measured with one record and with ten, because most of their cost depends on the records.
"""

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import process_time
from typing import Any

from benchmarks import records, scene
from benchmarks.calls import Stage
from benchmarks.worker import answer

SINGLES, TENS = 40, 20
SUPPORTERS = SINGLES + 10 * TENS
CONTEXT = type("Context", (), {"aws_request_id": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9"})()

Handle = Callable[[dict[str, Any]], Any]
Figures = dict[str, Any]


class Counted(io.TextIOBase):
    """Stands for Lambda's log: count the bytes and drop them."""

    size = 0

    def write(self, text: str) -> int:
        self.size += len(text.encode())
        return len(text)


class Way:
    """One petition and its supporters. Each step is measured."""

    def __init__(self, endpoint: str) -> None:
        self._stage, self._log = Stage(endpoint), Counted()
        records.prepare()
        self._people = [f"supporter-{number:03}" for number in range(SUPPORTERS)]
        self._ids = {person: self._stage.id_of(person) for person in self._people}
        self._before: dict[str, Any] = {}

    def walk(self) -> Figures:
        """Run the steps in a supporter's order: later steps need the items of earlier ones."""
        from chalicelib.delivery.worker import receive_feedback, relay_mail, send_mail
        from chalicelib.projections.worker import project_signatures

        slug = self._stage.petition.slug
        figures = {"sign": self._each(lambda person: scene.sign_event(slug, person), 202)}
        figures["relay"] = self._batches(relay_mail, self._changes(self._people))
        figures["project"] = self._batches(project_signatures, self._changes(self._people))
        figures["send"] = self._batches(send_mail, [records.request(slug, self._ids[one]) for one in self._people])
        figures["feedback"] = self._batches(receive_feedback, [records.delivery()] * SUPPORTERS)
        figures["confirm_page"] = self._each(lambda person: records.opened(self._pressed(person)))
        figures["confirm"] = self._each(self._pressed)
        return figures

    def _pressed(self, person: str) -> dict[str, Any]:
        return scene.confirm_event(self._stage.petition.slug, self._ids[person])

    def _changes(self, people: Sequence[str]) -> list[dict[str, Any]]:
        slug = self._stage.petition.slug
        return [records.inserted(slug, self._ids[person], number) for number, person in enumerate(people)]

    def _each(self, event: Callable[[str], dict[str, Any]], status: int = 200) -> Figures:
        from app import app

        return _typical([self._act(lambda sent: app(sent, CONTEXT), event(one), status) for one in self._people])

    def _batches(self, handle: Any, found: list[dict[str, Any]]) -> Figures:
        """Return a batch of one record and a batch of ten."""
        batches = [found[start : start + 1] for start in range(SINGLES)]
        batches += [found[start : start + 10] for start in range(SINGLES, SUPPORTERS, 10)]
        done = [self._act(lambda event: handle(event, CONTEXT), {"Records": batch}) for batch in batches]
        return {"of_1": _typical(done[:SINGLES]), "of_10": _typical(done[SINGLES:])}

    def _act(self, handle: Handle, event: dict[str, Any], status: int = 0) -> Figures:
        with self._stage.metered() as spent, _stdout(self._log):
            self._log.size, start = 0, process_time()
            answered = handle(event) or {}
            cpu = process_time() - start
        if answered.get("statusCode", 0) != status or answered.get("batchItemFailures"):
            raise RuntimeError(f"not as expected: {json.dumps(answered)[:300]}")
        spending = {name: value for name, value in spent.as_figures().items() if name != "operations"}
        return {"cpu_us": cpu * 1e6, **spending, "log_bytes": self._log.size, "answer_bytes": _size(answered)}


@contextmanager
def _stdout(instead: io.TextIOBase) -> Iterator[None]:
    """The log handler keeps the stream of its first use, so pass the same stream every time."""
    before, sys.stdout = sys.stdout, instead
    try:
        yield
    finally:
        sys.stdout = before


def _size(answered: dict[str, Any]) -> int:
    """Return the bytes of body and headers, before the gateway compresses them."""
    headers = {**answered.get("headers", {}), **answered.get("multiValueHeaders", {})}
    return len(answered.get("body", "").encode()) + sum(len(f"{name}: {value}\r\n") for name, value in headers.items())


def _typical(acts: Sequence[Figures]) -> Figures:
    """Return means of counts, because a batch may contain one bucket or ten, and medians of times."""
    counted = {name: round(sum(act[name] for act in acts) / len(acts), 2) for name in acts[0] if name != "cpu_us"}
    return {"cpu_us": round(median(act["cpu_us"] for act in acts)), **counted}


def measure(endpoint: str) -> Figures:
    # `lambdas.seconds` adds the wait. After sleeping, the CPU of signing would be that of cold caches.
    scene.answer_at_once()
    return Way(endpoint).walk()


if __name__ == "__main__":
    answer(measure)
