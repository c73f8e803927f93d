"""Helpers for tests of hashes: a partner that hashes with our tool, and a comparison with its hashes."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from chalicelib.core.address import hash_rows
from chalicelib.jobs.model import HasTime
from chalicelib.jobs.request import find_job, start
from chalicelib.jobs.run import run
from chalicelib.petitions.figure import FigureKind, NewFigure
from chalicelib.totals.enter import enter
from chalicelib.totals.hashes.compare import new_comparison
from chalicelib.totals.hashes.key import issue_key
from chalicelib.totals.hashes.model import HashComparison
from chalicelib.totals.hashes.run import ComparisonWork
from tests.actors import MINUTE, NOW
from tests.fakes import FakeBucket, FakeQueue, FakeTables

SLUG, SOURCE = "safe-children", "freedom-united"
HASHES = {"source": SOURCE, "kind": "hashes", "as_of": "2026-11-20T12:00:00Z", "evidence": "Hashed by Freedom United"}


def issue_source_key(tables: FakeTables) -> str:
    return issue_key(SLUG, SOURCE, NOW, tables)


def hashes_of(tables: FakeTables, addresses: Iterable[str]) -> list[str]:
    """Issue the source's key, and return the hashes that the partner's tool makes with it."""
    key = bytes.fromhex(issue_source_key(tables))
    hashes, _ = hash_rows(enumerate(addresses, 1), key)
    return hashes


def a_comparison(
    tables: FakeTables, bucket: FakeBucket, hashes: list[str], count: int | None = None, **changes: object
) -> HashComparison:
    """Enter a figure with these hashes, as staff do, and return its comparison, which waits."""
    number = len(hashes) if count is None else count
    new = NewFigure(source=SOURCE, kind=FigureKind.HASHES, count=number, as_of=NOW, evidence="Hashed")
    figure = enter(SLUG, new, NOW, tables)
    job = new_comparison(SLUG, figure, None, "bob", NOW).model_copy(update=changes)
    bucket.objects[job.file] = "".join(f"{each}\n" for each in hashes).encode()
    start(job, FakeQueue(), tables)
    return job


def run_comparison(
    job: HashComparison, tables: FakeTables, bucket: FakeBucket, folder: Path, has_time: HasTime = lambda _: True
) -> HashComparison:
    """Run the stored comparison in a new process, like the worker, one minute later."""

    def clock() -> datetime:
        return NOW + MINUTE

    stored = find_job(HashComparison, job.job_id, tables)
    work = ComparisonWork(tables, bucket, folder, clock)
    return run(stored, work, has_time, clock, tables)
