"""Start and find jobs: one job of a kind runs at a time for each key."""

import pytest

from chalicelib.core.errors import NotNow, Unavailable, UnknownThing
from chalicelib.jobs.request import cancel, find_job, jobs_of, start
from tests.actors import MINUTE, NOW
from tests.exporting import an_export
from tests.fakes import FakeQueue, FakeTables
from tests.jobs.a_counting_job import Count, a_count


def test_one_job_of_a_kind_runs_at_a_time_for_each_key(tables: FakeTables, queue: FakeQueue) -> None:
    count = a_count("bees")
    start(count, queue, tables)
    with pytest.raises(NotNow):
        start(a_count("bees"), queue, tables)
    start(a_count("trees"), queue, tables)
    start(an_export(job_id="bees.1"), queue, tables)
    cancel(count, NOW, tables)
    start(a_count("bees"), queue, tables)


@pytest.mark.parametrize("refusing", ["queue", "tables"])
def test_a_failed_start_does_not_block_the_next_start(tables: FakeTables, queue: FakeQueue, refusing: str) -> None:
    refuse = {"queue": queue.fail_next, "tables": tables.fail_next}[refusing]
    refuse(Unavailable())
    with pytest.raises(Unavailable):
        start(a_count(), queue, tables)
    start(a_count(), queue, tables)


def test_jobs_are_listed_newest_first(tables: FakeTables, queue: FakeQueue) -> None:
    counts = [a_count(now=NOW), a_count(now=NOW + MINUTE)]
    for count in counts:
        start(count, queue, tables)
        cancel(count, NOW, tables)
    listed = [job.job_id for job in jobs_of(Count, "safe-children", tables)]
    assert listed == [counts[1].job_id, counts[0].job_id]


@pytest.mark.parametrize("job_id", ["", "x" * 2000, "LATEST", "safe-children." + "x" * 2000])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, job_id: str) -> None:
    tables.fail_next(Unavailable("storage"))
    with pytest.raises(UnknownThing):
        find_job(Count, job_id, tables)


def test_a_job_that_is_deleted_while_it_runs_is_unknown(tables: FakeTables) -> None:
    with pytest.raises(UnknownThing):
        cancel(a_count(), NOW, tables)
