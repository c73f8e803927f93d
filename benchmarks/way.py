"""Measure each handler on the way of a signature, on the emulator: CPU, calls, units, log bytes and response bytes.

Cost and model are calibrated with these figures. CPU is the CPU time of this process, without the time of the emulator
and without TLS. Workers are measured with one record and with ten, because their cost depends on the number of records.
"""

import io
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from statistics import mean, median
from time import process_time
from typing import Any

from benchmarks import records, scene
from benchmarks.calls import MeteredApp
from benchmarks.records import CONTEXT
from benchmarks.worker import print_figures

# The numbers of batches of one record, and of ten.
SINGLES, TENS = 40, 20
# The number of changes in the batch that shows how long it takes to read one.
MANY = 500
SUPPORTERS = SINGLES + 10 * TENS

Handle = Callable[[dict[str, Any], Any], Any]
Figures = dict[str, Any]


class CountingLog(io.TextIOBase):
    """Takes the place of Lambda's log: counts the bytes and drops them."""

    size = 0

    def write(self, text: str) -> int:
        self.size += len(text.encode())
        return len(text)


class SignaturePath:
    """One petition and its supporters. Each step is measured."""

    def __init__(self, endpoint: str) -> None:
        self._metered_app = MeteredApp(endpoint)
        # One log for all calls, because the log handler keeps the first stream that it gets.
        self._log = CountingLog()
        records.create_queue_and_sender()
        self._people = [f"supporter-{number:03}" for number in range(SUPPORTERS)]
        self._ids = {person: self._metered_app.id_of(person) for person in self._people}

    def measure(self) -> Figures:
        """Run the steps in a supporter's order: later steps need the items of earlier ones."""
        from chalicelib.delivery.worker import receive_feedback, relay_mail, send_mail
        from chalicelib.projections.worker import project_signatures

        slug = self._metered_app.petition.slug
        figures = {"sign": self._measure_requests(partial(scene.sign_event, slug), 202)}
        figures["relay"] = self._measure_batches(relay_mail, self._stream_records())
        figures["project"] = self._measure_batches(project_signatures, self._stream_records())
        figures["project"]["each_record_cpu_us"] = self._cpu_of_record(project_signatures, figures["project"])
        messages = [records.mail_request(slug, self._ids[person]) for person in self._people]
        figures["send"] = self._measure_batches(send_mail, messages)
        for size in (1, 10):
            if figures["send"][f"of_{size}"]["emails"] != size:  # To postpone an email costs less than to send it.
                raise RuntimeError("some emails were not sent, so this is not the cost of sending")
        figures["feedback"] = self._measure_batches(receive_feedback, [records.delivery_event()] * SUPPORTERS)
        figures["confirm_page"] = self._measure_requests(self._confirm_page_event)
        figures["confirm"] = self._measure_requests(self._confirm_event)
        return figures

    def _confirm_event(self, person: str) -> dict[str, Any]:
        return scene.confirm_event(self._metered_app.petition.slug, self._ids[person])

    def _confirm_page_event(self, person: str) -> dict[str, Any]:
        return records.page_request(self._confirm_event(person))

    def _stream_records(self) -> list[dict[str, Any]]:
        slug = self._metered_app.petition.slug
        return [records.insert_record(slug, self._ids[person], number) for number, person in enumerate(self._people)]

    def _measure_requests(self, event_of: Callable[[str], dict[str, Any]], status: int = 200) -> Figures:
        from app import app

        return _typical([self._measure_call(app, event_of(person), status) for person in self._people])

    def _measure_batches(self, worker: Any, event_records: list[dict[str, Any]]) -> Figures:
        """Return the figures of a batch of one record and of a batch of ten."""
        batches = [event_records[start : start + 1] for start in range(SINGLES)]
        batches += [event_records[start : start + 10] for start in range(SINGLES, SUPPORTERS, 10)]
        calls = [self._measure_call(worker, {"Records": batch}) for batch in batches]
        return {"of_1": _typical(calls[:SINGLES]), "of_10": _typical(calls[SINGLES:])}

    def _cpu_of_record(self, worker: Any, figures: Figures) -> Any:
        """Return the CPU time to read a change. Many changes of one signature need as few writes as one."""
        slug, identity = self._metered_app.petition.slug, self._ids[self._people[0]]
        later = range(SUPPORTERS, SUPPORTERS + MANY)  # The positions of changes that are not counted yet.
        many = [records.insert_record(slug, identity, number) for number in later]
        measured = self._measure_call(worker, {"Records": many})
        return round((measured["cpu_us"] - figures["of_1"]["cpu_us"]) / (MANY - 1), 1)

    def _measure_call(self, handle: Handle, event: dict[str, Any], status: int = 0) -> Figures:
        """Return the figures of one invocation. `status`: the expected status; 0 for a worker, which has none."""
        with self._metered_app.meter_block() as usage, redirect_stdout(self._log):
            self._log.size = 0
            start = process_time()
            answer = handle(event, CONTEXT) or {}
            cpu = process_time() - start
        has_other_status = answer.get("statusCode", 0) != status
        if has_other_status or answer.get("batchItemFailures"):
            raise RuntimeError(f"the handler answered: {json.dumps(answer)[:300]}")
        counts = usage.as_figures()
        counts["emails"] = counts.pop("operations").count("sesv2.SendEmail")
        return {"cpu_us": cpu * 1e6, **counts, "log_bytes": self._log.size, "answer_bytes": _size(answer)}


def _size(answer: dict[str, Any]) -> int:
    """Return the bytes of body and headers, before the gateway compresses them."""
    headers = {**answer.get("headers", {}), **answer.get("multiValueHeaders", {})}
    header_text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    body_bytes = len(answer.get("body", "").encode())
    return body_bytes + len(header_text)


def _typical(calls: Sequence[Figures]) -> Figures:
    """Return the median of CPU times, and means of counts.

    Counts vary: the projection writes the counters of each bucket (one of 64 parts of a petition) once, and ten records
    have one to ten buckets.
    """
    means = {name: round(mean(call[name] for call in calls), 2) for name in calls[0]}
    return {**means, "cpu_us": round(median(call["cpu_us"] for call in calls))}


def measure(endpoint: str) -> Figures:
    # Do not wait: `lambdas.seconds` adds the wait, and after a sleep the processor's caches would be cold.
    scene.skip_wait_after_signing()
    return SignaturePath(endpoint).measure()


if __name__ == "__main__":
    print_figures(measure)
