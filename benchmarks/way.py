"""Measure each handler on the way of a signature, on the emulator: CPU, calls, units, log bytes and response bytes.

Goals, cost and model use these figures. CPU is the CPU time of this process, without the time of the emulator and
without TLS. Workers are measured with one record and with ten, because their cost depends on the number of records.
"""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from time import process_time
from typing import Any

from benchmarks import records, scene
from benchmarks.meter import item_bytes
from benchmarks.metered import Event, Handle, MeteredApp
from benchmarks.records import CONTEXT
from benchmarks.worker import print_figures
from chalicelib.aws.expressions import to_wire
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.language import countries
from chalicelib.petitions.model import Petition
from chalicelib.tallies.model import MAX_SOURCES, TallyEntry
from chalicelib.tallies.store import entry_change

# The numbers of batches of one record, and of ten.
SINGLES, TENS = 40, 20
# The number of changes in the batch that shows how long it takes to read one.
CHANGES = 500
FEW, MANY = SINGLES + 10 * TENS, 100_000

Figures = dict[str, Any]


class SignaturePath:
    """One petition and its supporters. Each step is measured."""

    def __init__(self, endpoint: str) -> None:
        self._app = MeteredApp(endpoint)
        # One log for all calls, because the log handler keeps the first stream that it gets.
        self._log = io.StringIO()
        records.create_queue_and_sender()
        self._people = [f"supporter-{number:03}" for number in range(FEW)]

    def measure(self) -> Figures:
        """Run the steps in a supporter's order: later steps need the items of earlier ones."""
        app, slug = self._app, self._app.petition.slug
        self._requests([app.sign_event("warm-up")], 202)  # It reads the petition, which is cached from then on.
        way = {"sign": self._requests(map(app.sign_event, self._people), 202)}
        way["sign_again"] = self._requests([app.sign_event("warm-up")], 202)
        way |= self._workers()
        way["confirm_page"] = self._requests(records.page_request(app.confirm_event(each)) for each in self._people)
        way["confirm"] = self._requests(map(app.confirm_event, self._people))
        way["confirm_again"] = self._requests([app.confirm_event(self._people[0])])
        count = {f"at_{FEW}": self._count(FEW)}
        fill(app.petition, MANY - FEW)
        count[f"at_{MANY}"] = self._count(MANY)
        way["confirm_at_the_widest_tally"] = self._requests([app.confirm_event("warm-up")])
        stored = records.signature_item(slug, app.id_of(self._people[0]))
        return {"way": way, "count": count, "item_bytes": item_bytes(to_wire(stored))}

    def _workers(self) -> Figures:
        from chalicelib.delivery.worker import relay_mail, send_mail
        from chalicelib.projections.worker import project_signatures

        slug, ids = self._app.petition.slug, [self._app.id_of(person) for person in self._people]
        changes = [records.insert_record(slug, identity, number) for number, identity in enumerate(ids)]
        way = {"relay": self._batches(relay_mail, changes), "project": self._batches(project_signatures, changes)}
        # Many changes of one signature, which are not counted yet, need as few writes as one.
        later = [records.insert_record(slug, ids[0], number) for number in range(FEW, FEW + CHANGES)]
        cpu_us = self._call(project_signatures, {"Records": later})["cpu_us"] - way["project"]["of_1"]["cpu_us"]
        way["project"]["each_record_cpu_us"] = round(cpu_us / (CHANGES - 1), 1)
        way["send"] = self._batches(send_mail, [records.mail_request(slug, identity) for identity in ids])
        sent = [way["send"][f"of_{size}"]["emails"] for size in (1, 10)]
        if sent != [1, 10] or way["relay"]["of_10"]["calls"] < 1:  # To postpone an email costs less than to send it.
            raise RuntimeError("some emails were not requested or sent, so this is not the cost of sending")
        return way

    def _count(self, expected: int) -> Figures:
        """Measure two requests that pass the CDN: the first refreshes a stale snapshot, the second finds it fresh."""
        event = scene.count_event(self._app.petition.slug)
        with self._app.stale_snapshots():
            refresh, fresh = self._requests([event]), self._requests([event])
            counted = json.loads(self._app.app(event, None)["body"])["count"]
        if counted != expected:
            raise RuntimeError(f"counted {counted}, not {expected}")
        return {**fresh, "refresh": refresh}

    def _requests(self, events: Iterable[Event], status: int = 200) -> Figures:
        return _typical(self._call(self._app.app, event, status) for event in events)

    def _batches(self, worker: Handle, event_records: list[Event]) -> Figures:
        """Return the figures of a batch of one record and of a batch of ten."""
        singles = (event_records[start : start + 1] for start in range(SINGLES))
        tens = (event_records[start : start + 10] for start in range(SINGLES, FEW, 10))
        return {
            name: _typical(self._call(worker, {"Records": batch}) for batch in batches)
            for name, batches in (("of_1", singles), ("of_10", tens))
        }

    def _call(self, handle: Handle, event: Event, status: int = 0) -> Figures:
        """Return the figures of one invocation. `status`: the expected status; 0 for a worker, which has none."""
        with self._app.meter_block() as usage, redirect_stdout(self._log):
            logged, start = self._log.tell(), process_time()
            answer = handle(event, CONTEXT) or {}
            cpu = process_time() - start
        if answer.get("statusCode", 0) != status or answer.get("batchItemFailures"):
            raise RuntimeError(f"the handler answered: {json.dumps(answer)[:300]}")
        emails = usage.operations.count("sesv2.SendEmail")
        sizes = {"log_bytes": self._log.tell() - logged, "answer_bytes": _size(answer)}
        return {"cpu_us": cpu * 1e6, **usage.as_figures(), "emails": emails, **sizes}


def _size(answer: dict[str, Any]) -> int:
    """Return the bytes of body and headers, before the gateway compresses them."""
    headers = {**answer.get("headers", {}), **answer.get("multiValueHeaders", {})}
    header_text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return len(answer.get("body", "").encode()) + len(header_text)


def _typical(calls: Iterator[Figures]) -> Figures:
    """Return the median of CPU times, and means of counts.

    Counts vary: the projection writes the counters of each bucket (one of 64 parts of a petition) once, and ten records
    have one to ten buckets.
    """
    measured = list(calls)
    means = {name: round(mean(call[name] for call in measured), 2) for name in measured[0]}
    return {**means, "cpu_us": round(median(call["cpu_us"] for call in measured))}


def fill(petition: Petition, amount: int) -> None:
    """Add `amount` confirmations of today. Write as the application does, but several in one write.

    The tally becomes the widest: it has all countries, all hours, and as many sources as a shard stores.
    """
    midnight = datetime.combine(times.now().date(), datetime.min.time(), UTC)
    codes = [*countries()]
    sources = [scene.SOURCE, *(f"newsletter-{number:02}" for number in range(1, MAX_SOURCES))]
    numbers = range(max(24, len(codes), len(sources)))
    amount_each, remainder = divmod(amount, len(numbers) * petition.shards)
    for number in numbers:
        moment = midnight + timedelta(hours=number % 24)
        for shard in range(petition.shards):
            here = amount_each + (remainder if number == shard == 0 else 0)
            entry = TallyEntry(here, moment, codes[number % len(codes)], sources[number % len(sources)])
            tables().update(entry_change(petition.slug, shard, entry))


def measure(endpoint: str) -> Figures:
    # Do not wait: `lambdas.seconds` adds the wait, and after a sleep the processor's caches would be cold.
    scene.skip_wait_after_signing()
    return SignaturePath(endpoint).measure()


if __name__ == "__main__":
    print_figures(measure)
