"""The steps of an export: one for each part of the rows, and a last one that joins the parts into the file.

`gather` writes the rows in parts, one for each bucket (a partition of signatures). `deliver` joins them, locks the
file if requested, writes the cover sheet, and checks the rows against the count at the export's moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Item, Tables
from chalicelib.core.times import iso, lower_bound
from chalicelib.exports.cover import CoverFacts, cover_sheet
from chalicelib.exports.lock import HALF_IS_LOST, file_facts, lock
from chalicelib.exports.model import SETTLING, Export, Format, Result, Totals
from chalicelib.exports.write import heading, writer
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.jobs.run import JobContext, JobKind
from chalicelib.petitions.find import NOT_KEPT, petition_as_stored
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.walk import read_for_export

# Lists of subscribers have their own: the function that makes exports may not read an address.
PARTS = "parts/exports"
FILES = "files/exports"


@dataclass(frozen=True)
class ExportContext:
    """`folder` is an empty directory that is deleted when the run ends. `half`: that of the job's message (lock.py)."""

    tables: Tables
    s3_bucket: Bucket
    folder: Path
    clock: Clock
    half: str = ""


@dataclass
class Selection:
    """Select the signatures that were confirmed at or before the moment and still are, and count them (`Totals`)."""

    export: Export
    totals: Totals

    def __post_init__(self) -> None:
        moment = self.export.moment
        self.moment = iso(moment)
        # Within SETTLING of the moment, we cannot know whether the tally has a confirmation.
        self.late_until = iso(moment + SETTLING)
        # It is also compared with `withdrawn_at`, which has fractions of a second: "05.25Z" sorts before "05Z".
        # `lower_bound` sorts before both.
        self.unsure_from = lower_bound(moment - SETTLING)

    def check_and_count(self, item: Item) -> bool:
        if item["state"] == SignatureState.CONFIRMED and item["confirmed_at"] <= self.moment:
            self._count_row(item)
            return True
        # Perhaps the tally includes this signature. The state does not matter: if the person signed again, the item is
        # pending or confirmed, and keeps `withdrawn_at`.
        left_at = max(item.get(name, "") for name in ("withdrawn_at", "pending_again_at", "removed_at"))
        if left_at >= self.unsure_from:
            self.totals.gone += 1
        # Perhaps the tally includes this signature. If it is in `gone` too, it counts twice: this only makes the second
        # stage accept a slightly larger difference.
        if item["state"] == SignatureState.CONFIRMED and item["confirmed_at"] <= self.late_until:
            self.totals.late += 1
        return False

    def _count_row(self, item: Item) -> None:
        self.totals.rows += 1
        if item["confirmed_at"] >= self.unsure_from:
            self.totals.unsure += 1
        self.totals.countries[item["country"]] += 1
        self.totals.versions[item["text_version"]] += 1


def gather(export: Export, bucket: str, context: ExportContext) -> Export:
    """The caller stores the returned export. So a part is recorded only after its file is complete."""
    # A new S3 key each time, because two processes may do this step at once.
    key = f"{_parts_prefix(export)}{bucket}-{token_hex(4)}"
    totals = export.totals.model_copy(deep=True)
    path = context.folder / "part"
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_part(export, totals, read_for_export(export.slug, bucket, context.tables), file)
    context.s3_bucket.put_file(key, path, "application/octet-stream")
    has_rows = totals.rows > export.totals.rows
    parts = [*export.parts, key if has_rows else ""]  # "": no rows.
    return export.model_copy(update={"parts": parts, "totals": totals, "processed": totals.rows})


def _parts_prefix(export: Export) -> str:
    return f"{PARTS}/{export.job_id}/"


def _write_part(export: Export, totals: Totals, items: Iterable[Item], file: TextIO) -> None:
    write = writer(export.format, export.columns, file)
    selection = Selection(export, totals)
    for item in items:
        if selection.check_and_count(item):
            write(item)


CONTENT_TYPES = {Format.CSV: "text/csv; charset=utf-8", Format.NDJSON: "application/x-ndjson"}


def deliver(export: Export, context: ExportContext) -> Export:
    """Write the file and the cover sheet. If the rows do not agree with the tally, return the export as failed."""
    if export.lacks(context.half):
        return export.in_end_state(JobState.FAILED, why=HALF_IS_LOST)
    if not is_consistent(export.count_at_moment, export.totals):
        difference = f"The count is {export.count_at_moment} but we found {export.totals.rows}"
        why = f"{difference}, so nothing was exported. Ask your engineer for a recount"
        return export.in_end_state(JobState.FAILED, why=why)
    path = lock(export, context.half, _join_parts(export, context), context.clock())
    key_prefix = f"{_files_prefix(export)}{token_hex(4)}"
    result = Result(
        file=f"{key_prefix}/file",
        cover=f"{key_prefix}/cover",
        rows=export.totals.rows,
        unsure=export.totals.unsure,
        gone=export.totals.gone,
        **file_facts(path, context.clock()),
    )
    content_type = CONTENT_TYPES[export.format] if export.locked_with == "none" else "application/octet-stream"
    context.s3_bucket.put_file(result.file, path, content_type)
    petition = petition_as_stored(export.slug, context.tables)
    sheet = context.folder / "cover.pdf"
    sheet.write_bytes(cover_sheet(CoverFacts(petition, export, result)))
    context.s3_bucket.put_file(result.cover, sheet, "application/pdf")
    return export.in_end_state(JobState.DONE, result=result)


def _files_prefix(export: Export) -> str:
    return f"{FILES}/{export.job_id}/"


def is_consistent(expected_rows: int, totals: Totals) -> bool:
    """Return whether the known reasons explain the difference between rows and tally: see `Totals`."""
    fewest_rows = expected_rows - totals.late - totals.gone
    most_rows = expected_rows + totals.unsure
    return fewest_rows <= totals.rows <= most_rows


def _join_parts(export: Export, context: ExportContext) -> Path:
    path = context.folder / "plain"
    with path.open("wb") as file:
        file.write(heading(export.format, export.columns).encode())
        for key in export.parts:
            if key:  # "" stands for a part without rows, which has no object in S3.
                context.s3_bucket.copy_to(key, file)
    return path


# In seconds. With ten million signatures, a part takes 20 seconds. With one million, the last step took six seconds
# (measured in November 2026).
PART_SECONDS = 60
FILE_SECONDS = 450


@dataclass(frozen=True)
class ExportWork:
    context: ExportContext

    def next_step(self, export: Export) -> Step[Export]:
        # The parts between do not ask: nothing leaves before the file.
        checks_retention = not export.parts or not export.missing_buckets
        if checks_retention and not self._is_kept(export):
            return Step(0, lambda: export.in_end_state(JobState.FAILED, why=NOT_KEPT))
        if export.missing_buckets:
            bucket = export.missing_buckets[0]
            return Step(PART_SECONDS, lambda: gather(export, bucket, self.context))
        return Step(FILE_SECONDS, lambda: deliver(export, self.context))

    def _is_kept(self, export: Export) -> bool:
        return petition_as_stored(export.slug, self.context.tables).is_kept_at(self.context.clock())

    def tidy(self, export: Export) -> None:
        self.context.s3_bucket.delete_under(_parts_prefix(export))
        # It was cancelled or failed, perhaps during the upload. The files contain names. S3 deletes those of an expired
        # export.
        if export.result is None:
            self.context.s3_bucket.delete_under(_files_prefix(export))


def _work(_: Export, job: JobContext) -> ExportWork:
    return ExportWork(ExportContext(job.tables, job.bucket(), job.folder, job.clock, job.half))


KIND = JobKind(Export, _work)
