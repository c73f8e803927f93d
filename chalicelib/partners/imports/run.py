"""The steps of an import of a partner's CSV file: check the whole file, then take the signatures in its rows.

A step of an undo takes back signatures that only this import sent, unless the person confirmed by our email, and marks
the import's receipts as undone.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice, repeat
from pathlib import Path
from zoneinfo import ZoneInfo

from chalicelib.aws.bucket import Bucket
from chalicelib.core import keys
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.partners import store
from chalicelib.partners.form import SentSignature
from chalicelib.partners.imports.file import JobFile, Unreadable, count_rows, delete_file, records, shape_of
from chalicelib.partners.imports.model import MAX_ERRORS, MAX_SAMPLES, Import, RowError, RowSample
from chalicelib.partners.imports.rows import Record, read_row, store_first_rows
from chalicelib.partners.model import Receipt, ReceiveOutcome
from chalicelib.partners.receive import CONFLICT, ReceiveResult, predict_each, take_each
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.signatures.withdraw import take_back

# Rows that are taken at the same time. Each waits for AWS most of its time.
WORKERS = 8
ROWS_SECONDS, CHECK_SECONDS = 300, 400
# At five calls of two seconds for each row. Some rows need more calls, and calls can be slower.
ROWS_PER_STEP = WORKERS * ROWS_SECONDS // (5 * 2)
# An undo handles its receipts one after the other.
RECEIPTS_PER_STEP = ROWS_PER_STEP // WORKERS
HEADINGS_ROW = 1
# What one thread takes, one row after the other: signatures by the row's index in the step.
Lane = Mapping[int, SentSignature]


@dataclass
class ImportWork:
    receiving: ReceivingContext
    bucket: Bucket
    folder: Path
    clock: Clock
    workers: int
    _rows: Iterator[Record] | None = None
    _rows_read: int = 0

    @cached_property
    def _file(self) -> JobFile:
        return JobFile(self.bucket, self.folder / "file")

    def next_step(self, job: Import) -> Step[Import]:
        """An undo also runs when the petition has closed."""
        if job.undoes:
            return Step(ROWS_SECONDS, lambda: undo_some(job, self.receiving, self.clock(), RECEIPTS_PER_STEP))
        if not self.receiving.petition.is_confirmable_at(self.clock()):
            return Step(0, lambda: job.in_end_state(JobState.FAILED, why="The petition was closed or removed"))
        if job.shape is None:
            return Step(CHECK_SECONDS, lambda: self._check_file(job))
        seconds = ROWS_SECONDS if self._has_read_up_to(job) else CHECK_SECONDS + ROWS_SECONDS
        return Step(seconds, lambda: self._take_next_rows(job))

    def tidy(self, job: Import) -> None:
        """Delete the import's file, which has names and addresses. An undo has no file."""
        if job.file:
            delete_file(job.file, self.bucket)

    def _check_file(self, job: Import) -> Import:
        try:
            shape = shape_of(self._downloaded_file(job), job.mapping)
            expected = count_rows(self._downloaded_file(job), shape)
            return job.model_copy(update={"shape": shape, "expected": expected, "file_digest": self._file.digest})
        except Unreadable as error:
            return job.in_end_state(JobState.FAILED, why=f"{error}. Nothing was imported")

    def _downloaded_file(self, job: Import) -> Path:
        return self._file.download(job.file, job.file_digest)

    def _take_next_rows(self, job: Import) -> Import:
        """Return the job as failed if the file was replaced or deleted. In a dry run, only predict the results."""
        try:
            batch = self._next_rows(job)
        except Unreadable as error:
            return job.in_end_state(JobState.FAILED, why=f"{error}. {job.processed:,} rows were processed before")
        first_row = job.processed + HEADINGS_ROW + 1  # Rows are numbered as in the file, and the headings are row 1.
        zone = ZoneInfo(job.zone)
        signatures = [self._signature_or_error(record, row, zone) for row, record in enumerate(batch, first_row)]
        results = self._take_rows(job, signatures)
        if job.dry_run:
            results = list(self._after_earlier_rows(signatures, results))
        if job.dry_run and not job.processed:
            store_first_rows(job, signatures, self.folder / "first-rows", self.bucket)
        after = _with_results(job, first_row, batch, results)
        is_done = after.processed >= after.expected
        return after.in_end_state(JobState.DONE) if is_done else after

    def _next_rows(self, job: Import) -> list[Record]:
        if self._rows is None or not self._has_read_up_to(job):
            # This is the first call, or another process has taken rows. Read the file from its start.
            assert job.shape
            self._rows, self._rows_read = records(self._downloaded_file(job), job.shape), job.processed
            processed = islice(self._rows, job.processed)
            if job.dry_run:
                self._note_again(job, processed)
            for _ in processed:
                pass  # Skip the processed rows.
        batch = list(islice(self._rows, ROWS_PER_STEP))
        self._rows_read += len(batch)
        return batch

    def _has_read_up_to(self, job: Import) -> bool:
        return self._rows is not None and self._rows_read == job.processed

    def _note_again(self, job: Import, processed: Iterator[Record]) -> None:
        """Note the rows that another process has processed in this dry run, as if their signatures were accepted."""
        zone = ZoneInfo(job.zone)
        numbered = enumerate(processed, HEADINGS_ROW + 1)
        signatures = (self._signature_or_error(record, row, zone) for row, record in numbered)
        for _ in self._after_earlier_rows(signatures, repeat(ReceiveResult(ReceiveOutcome.ACCEPTED))):
            pass

    def _after_earlier_rows(
        self, signatures: Iterable[SentSignature | Invalid], predicted: Iterable[ReceiveResult]
    ) -> Iterator[ReceiveResult]:
        """Yield the predicted results, but accept each person only once."""
        with closing(EarlierRows(self.folder / "rows")) as earlier:
            for signature, result in zip(signatures, predicted, strict=False):
                if isinstance(signature, Invalid):
                    yield result
                else:
                    yield earlier.corrected(self.receiving.receipt_of(signature, self.clock()), result)

    def _signature_or_error(self, record: Record, row: int, zone: ZoneInfo) -> SentSignature | Invalid:
        try:
            return read_row(record, row, self.receiving.partner, zone, self.clock())
        except Invalid as invalid:
            return invalid

    def _take_rows(self, job: Import, signatures: Sequence[SentSignature | Invalid]) -> list[ReceiveResult]:
        """Spread the valid rows over lanes, and take each lane in its own thread.

        Rows with the same identifier have the same receipt. They are in one lane, so that two threads never
        take them at the same time.
        """
        results: dict[int, ReceiveResult] = {}
        lanes: dict[int, dict[int, SentSignature]] = defaultdict(dict)
        for index, signature in enumerate(signatures):
            if isinstance(signature, Invalid):
                results[index] = ReceiveResult(ReceiveOutcome.INVALID, signature.errors)
            else:
                digest = self.receiving.receipt_of(signature, self.clock()).digest
                lane = int(digest[:8], 16) % self.workers  # A number below `workers`, the same for the same receipt.
                lanes[lane][index] = signature
        for lane_results in self._take_lanes(job, [*lanes.values()]):
            results |= lane_results
        return [results[index] for index in range(len(signatures))]

    def _take_lanes(self, job: Import, lanes: Sequence[Lane]) -> list[dict[int, ReceiveResult]]:
        if self.workers == 1:  # In tests, which need the same order of calls each time.
            return [self._take_lane(job, lane) for lane in lanes]
        contexts = [copy_context() for _ in lanes]  # A new thread would start without that of the handler.
        with ThreadPoolExecutor(self.workers) as pool:
            return [*pool.map(lambda context, lane: context.run(self._take_lane, job, lane), contexts, lanes)]

    def _take_lane(self, job: Import, lane: Lane) -> dict[int, ReceiveResult]:
        take = predict_each if job.dry_run else take_each
        results = take([*lane.values()], self.receiving, self.clock())
        return dict(zip(lane, results, strict=True))


def _with_results(job: Import, first_row: int, batch: Sequence[Record], results: Sequence[ReceiveResult]) -> Import:
    numbers: dict[str, int] = {"processed": job.processed + len(results), "has_first_rows": job.dry_run}
    outcomes = [result.outcome for result in results]
    for outcome in ReceiveOutcome:
        name = outcome.value  # The job has a counter for each outcome, with the outcome's name, such as "accepted".
        numbers[name] = getattr(job, name) + outcomes.count(outcome)
    errors, samples = [*job.errors], [*job.sample]
    rows = range(first_row, first_row + len(batch))
    for row, record, result in zip(rows, batch, results, strict=True):
        errors += [RowError(row=row, field=error.field, message=error.message) for error in result.errors]
        filled = [field for field, value in (record or {}).items() if value]
        samples.append(RowSample(row=row, result=result.outcome, fields=filled))
    return job.model_copy(update={**numbers, "errors": errors[:MAX_ERRORS], "sample": samples[:MAX_SAMPLES]})


def undo_some(job: Import, receiving: ReceivingContext, now: datetime, limit: int) -> Import:
    """Undo up to `limit` receipts of one bucket. A repeat skips undone receipts.

    `processed` and `accepted` only show progress: after a crash, both may be too low.
    """
    import_id = job.undoes or ""  # An undo always has `undoes`.
    in_bucket = store.receipts_in(job.slug, receiving.partner.source, job.receipt_bucket, receiving.tables)
    to_undo = (receipt for receipt in in_bucket if _is_to_be_undone(receipt, import_id))
    receipts = list(islice(to_undo, limit))
    taken_back = 0
    for receipt in receipts:
        if receipt.result is not ReceiveOutcome.SUPPRESSED:  # For a suppressed one, no signature was stored.
            key = keys.signature(job.slug, receipt.signature_id)
            # In Signature.all_receipts, the first sender's entry is only the digest; later ones also have the sender.
            entry = receipt.digest if receipt.job_id == import_id else receipt.entry_for(import_id)
            if take_back(key, entry, receiving.petition, now, receiving.tables):
                taken_back += 1
        # Last: after a crash before this line, a repeat finds the receipt again.
        store.undo_receipt(receipt, import_id, now, receiving.tables)
    is_bucket_done = len(receipts) < limit
    buckets_done = job.buckets + 1 if is_bucket_done else job.buckets
    update = {"processed": job.processed + len(receipts), "accepted": job.accepted + taken_back}
    if buckets_done == len(keys.BUCKETS):
        return job.in_end_state(JobState.DONE, **update)
    return job.model_copy(update={**update, "buckets": buckets_done})


def _is_to_be_undone(receipt: Receipt, import_id: str) -> bool:
    if receipt.undone_at:
        return False
    later_imports = receipt.also_in or set()
    return receipt.job_id == import_id or import_id in later_imports


class EarlierRows:
    """Know in a dry run which people were in earlier rows of the file. An import learns this from what it has stored.

    The file may have two million rows, so they are in SQLite on the function's disk, not in memory. In another process,
    the dry run first reads the processed rows again. Noting a row twice changes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute("pragma synchronous = off")  # After a crash, another process begins a new file.
        self._database.execute("create table if not exists first (key text primary key, value text) without rowid")

    def close(self) -> None:
        self._database.commit()
        self._database.close()

    def corrected(self, receipt: Receipt, predicted: ReceiveResult) -> ReceiveResult:
        """Note a row, and return its result after the earlier rows."""
        if predicted.outcome is ReceiveOutcome.INVALID:
            return predicted
        # The digest is that of the partner's identifier; the signature's id is that of the person.
        if self._first(receipt.digest, receipt.signature_id) != receipt.signature_id:
            return ReceiveResult(ReceiveOutcome.INVALID, [CONFLICT])
        if predicted.outcome is ReceiveOutcome.SUPPRESSED:
            return predicted
        row = str(receipt.row)
        first_row = self._first(f"person {receipt.signature_id}", row)
        if first_row == row:
            return predicted
        same_person = FieldError("email", f"This is the same person as row {first_row}")
        return ReceiveResult(ReceiveOutcome.EXISTING, [same_person])

    def _first(self, key: str, value: str) -> str:
        """Return the first value that was noted for the key: an earlier one, or this one."""
        self._database.execute("insert or ignore into first values (?, ?)", (key, value))
        [first] = self._database.execute("select value from first where key = ?", (key,)).fetchone()
        return str(first)
