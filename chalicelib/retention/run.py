"""The job that removes the personal data of a petition when its retention ends, or only counts it.

Its steps: count every partition, count or delete the files, then remove from every partition.

It reads no name and no address: DynamoDB counts the items that have an attribute, and the role may not read one. A
step may run twice: what is gone is not found again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from pydantic import Field

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Attr, Change, Condition, Tables
from chalicelib.core import keys
from chalicelib.core.errors import NotNow
from chalicelib.core.keys import Key
from chalicelib.core.models import ClosedModel
from chalicelib.core.times import in_words, iso
from chalicelib.exports.model import Export
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.jobs.model import Clock, Job, JobState, Step, new_job
from chalicelib.jobs.request import require_no_running_job, start
from chalicelib.jobs.run import JobKind
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import IDENTIFYING_FIELDS
from chalicelib.partners.register import all_partners
from chalicelib.petitions.edit import revise, with_changes
from chalicelib.petitions.model import Petition, RetentionMonths
from chalicelib.signatures.model import EMPTIED_FIELDS


class RetentionRequest(ClosedModel):
    months: RetentionMonths
    """How many months after its closing or hand-in, whichever is later, the personal data must be gone."""


class Retention(Job):
    """The job's key is the petition's slug. `processed` of `expected` parts are done.

    `sources`: of the partners whose receipts it looks for. `after`: this part is done up to this sort key. `found`: how
    much it found before it removed anything, by FINDINGS. `emptied`: how many signatures it has emptied.
    """

    kind: ClassVar[str] = "retention"
    # The trustees' report: it has no file, and never expires.
    lifetime: ClassVar[timedelta] = timedelta(days=36_500)

    dry_run: bool
    sources: list[str] = Field(default_factory=list)
    after: str = ""
    found: dict[str, int] = Field(default_factory=dict)
    emptied: int = 0


# Items and seconds of a step. It writes to each item that it empties; to count, it reads a partition several times.
PAGE_SIZE = 500
STEP_SECONDS = 120
# The folders in the bucket that have files of a petition: `<folder>/<slug>.<rest of the job's id>/…`.
LISTED = "listed"
FOLDERS = ("parts/exports", "files/exports", "parts/lists", "files/lists", LISTED, "imports")
BYTES_OF_ENTRY = 33  # An entry of a list in LISTED is an id of 32 characters, on a line.

_is_kept = Attr("emptied_at").not_exists()
_names_signature = Attr("signature_id").exists()
SIGNATURE_FINDINGS: Mapping[str, Condition] = {
    "signatures": _is_kept,
    "names": _is_kept & Attr("name").exists(),
    "addresses": _is_kept & Attr("email").exists(),
    "postcodes": _is_kept & Attr("postcode").exists(),
    "letters": _is_kept & (Attr("letter").exists() | Attr("letter_asked").exists()),
}
RECEIPT_FINDINGS: Mapping[str, Condition] = {"receipts": _names_signature}
FINDINGS = (*SIGNATURE_FINDINGS, *RECEIPT_FINDINGS, "list_entries", "files")


class Part(NamedTuple):
    """One partition of the petition's signatures, or of the receipts of a partner."""

    table: str
    pk: str
    findings: Mapping[str, Condition]
    unfinished: Condition
    removed: tuple[str, ...]


def parts_of(slug: str, sources: Iterable[str]) -> list[Part]:
    signatures = [
        Part(keys.SIGNATURES, keys.signature_partition(slug, bucket), SIGNATURE_FINDINGS, _is_kept, EMPTIED_FIELDS)
        for bucket in keys.BUCKETS
    ]
    receipts = [keys.receipt_partition(slug, source, bucket) for source in sources for bucket in keys.BUCKETS]
    return signatures + [
        Part(keys.COUNTS, pk, RECEIPT_FINDINGS, _names_signature, IDENTIFYING_FIELDS) for pk in receipts
    ]


def removal(part: Part, sort_key: str, now: datetime) -> Change:
    key = Key(part.table, part.pk, sort_key)
    if part.table != keys.SIGNATURES:
        return Change(key, remove=part.removed, when=part.unfinished)
    # TTL may have deleted the signature meanwhile: do not store it again.
    is_there = part.unfinished & Attr("state").exists()
    return Change(key, assign={"emptied_at": iso(now)}, remove=part.removed, when=is_there)


def number_of_steps(sources: Iterable[str], *, dry_run: bool) -> int:
    parts = len(parts_of("", sources))
    return parts + 1 if dry_run else 2 * parts + 1


@dataclass(frozen=True)
class RetentionWork:
    clock: Clock
    tables: Tables
    s3_bucket: Bucket

    def next_step(self, job: Retention) -> Step[Retention]:
        parts = parts_of(job.slug, job.sources)
        if job.processed < len(parts):
            return Step(STEP_SECONDS, lambda: self._count(job, parts[job.processed]))
        if job.processed == len(parts):
            return Step(STEP_SECONDS, lambda: self._files(job))
        if job.processed < job.expected:
            return Step(STEP_SECONDS, lambda: self._remove_page(job, parts[job.processed - len(parts) - 1]))
        return Step(0, lambda: job.in_end_state(JobState.DONE))

    def tidy(self, job: Retention) -> None:
        """The job stores no file."""

    def _count(self, job: Retention, part: Part) -> Retention:
        found = {name: self.tables.count(part.table, part.pk, when) for name, when in part.findings.items()}
        return _after_part(job, found)

    def _files(self, job: Retention) -> Retention:
        prefixes = {folder: f"{folder}/{job.slug}." for folder in FOLDERS}
        sizes = {folder: self.s3_bucket.sizes_under(prefix) for folder, prefix in prefixes.items()}
        if not job.dry_run:
            for prefix in prefixes.values():
                self.s3_bucket.delete_under(prefix)
        entries = sum(sizes.pop(LISTED)) // BYTES_OF_ENTRY
        return _after_part(job, {"list_entries": entries, "files": sum(map(len, sizes.values()))})

    def _remove_page(self, job: Retention, part: Part) -> Retention:
        start = Key(part.table, part.pk, job.after)
        items, last = self.tables.page(start, ("sk",), part.unfinished, PAGE_SIZE)
        done = sum(self.tables.try_update(removal(part, item["sk"], self.clock())) for item in items)
        emptied = done if part.table == keys.SIGNATURES else 0
        removed = job.model_copy(update={"after": last or "", "emptied": job.emptied + emptied})
        return removed if last else _after_part(removed, {})


def _after_part(job: Retention, found: Mapping[str, int]) -> Retention:
    sums = {name: job.found.get(name, 0) + found.get(name, 0) for name in {*job.found, *found}}
    return job.model_copy(update={"found": sums, "processed": job.processed + 1})


KIND = JobKind(Retention, lambda _, context: RetentionWork(context.clock, context.tables, context.bucket()))


# These could store personal data again while the job removes it.
_IN_THE_WAY: tuple[type[Job], ...] = (Export, OptInList, Import)


def set_months(petition: Petition, months: int, tables: Tables) -> Petition:
    """Raise NotNow if the data was removed, and Stale if the petition was edited meanwhile."""
    if petition.emptied_at:
        raise NotNow(f"The personal data was removed on {in_words(petition.emptied_at)}.")
    return revise(with_changes(petition, retention_months=months), tables)


def new_run(petition: Petition, owner: str, now: datetime, tables: Tables, *, dry_run: bool) -> Retention:
    """Return the job, not stored yet. Raise NotNow if the data may not be removed now."""
    if not dry_run:
        _require_due(petition, now)
        for kind in _IN_THE_WAY:
            require_no_running_job(kind, petition.slug, now, tables)
    require_no_running_job(Retention, petition.slug, now, tables)
    sources = [partner.source for partner in all_partners(tables)]
    expected = number_of_steps(sources, dry_run=dry_run)
    return new_job(Retention, petition.slug, owner, now, dry_run=dry_run, sources=sources, expected=expected)


def begin(job: Retention, petition: Petition, queue: Queue, tables: Tables) -> None:
    """Start the job. Before a real run, close the petition for good: from then on, its data counts as removed.

    After a crash between both, staff start another run.
    """
    if not job.dry_run and petition.emptied_at is None:
        revise(with_changes(petition, emptied_at=job.requested_at), tables)
    start(job, queue, tables)


def _require_due(petition: Petition, now: datetime) -> None:
    """A repeat is possible: a restored backup may have brought data back."""
    due_at = petition.data_due_at
    if not petition.is_kept_at(now):
        return
    if petition.retention_months is None:
        raise NotNow("First set after how many months personal data is removed.")
    if due_at is None:
        raise NotNow("This petition has not ended, so its personal data is not due to be removed.")
    if due_at <= now:
        raise NotNow(f"This petition is {petition.state_at(now)}. Close it before its personal data is removed.")
    raise NotNow(f"The personal data is due to be removed on {in_words(due_at)}, not before.")
