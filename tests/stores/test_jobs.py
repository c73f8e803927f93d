"""Several processes work on one job, and the result of one of them is stored."""

from collections.abc import Callable, Sequence

import pytest

from chalicelib.aws.table import Change, NewItem, Tables
from chalicelib.core.errors import NotNow
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import advance, cancel, find_job, jobs_of, start
from tests.actors import MINUTE, NOW
from tests.fakes import FakeQueue
from tests.jobs.a_counting_job import Count, a_count
from tests.stores.racing import at_once

AFTER_PATIENCE = NOW + Count.patience


def stored_job(tables: Tables, count: Count) -> Count:
    found = find_job(Count, count.job_id, tables)
    assert found
    return found


def after_step(count: Count) -> Count:
    return count.model_copy(update={"processed": count.processed + 1})


def starts_after(meanwhile: Callable[[], object], tables: Tables, patch: pytest.MonkeyPatch) -> bool:
    """Return whether a job starts AFTER_PATIENCE, if something else happens just before it is stored."""
    transact = tables.transact

    def transact_late(writes: Sequence[Change | NewItem]) -> None:
        patch.setattr(tables, "transact", transact)
        meanwhile()
        transact(writes)

    patch.setattr(tables, "transact", transact_late)
    try:
        start(a_count(now=AFTER_PATIENCE), FakeQueue(), tables)
    except NotNow:
        return False
    return True


@pytest.mark.parametrize("before", [[], [a_count()]], ids=["the first", "after a stalled one"])
def test_one_of_two_starts_at_the_same_time_succeeds(
    tables: Tables, before: list[Count], monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in before:
        start(count, FakeQueue(), tables)
    faster = a_count(now=AFTER_PATIENCE)
    assert not starts_after(lambda: start(faster, FakeQueue(), tables), tables, monkeypatch)
    jobs = [*jobs_of(Count, "safe-children", tables)]
    assert [job.job_id for job in jobs] == [job.job_id for job in (faster, *before)]
    assert [job.state for job in jobs] == [JobState.WAITING, *(JobState.FAILED for _ in before)]


def test_a_step_that_many_processes_store_is_stored_once(tables: Tables) -> None:
    count = a_count()
    start(count, FakeQueue(), tables)
    advanced = after_step(count)
    answers = at_once(lambda _: advance(count, advanced, NOW + MINUTE, tables), range(6), threads=6)
    stored = stored_job(tables, count)
    assert {repr(answer) for answer in answers} == {repr(stored)}
    assert (stored.processed, stored.steps) == (1, 1)


def test_a_job_that_makes_progress_meanwhile_is_not_taken_over(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    count = a_count()
    start(count, FakeQueue(), tables)
    advanced = after_step(count)
    assert not starts_after(lambda: advance(count, advanced, AFTER_PATIENCE, tables), tables, monkeypatch)
    assert stored_job(tables, count).state is JobState.RUNNING


def test_the_first_end_state_of_a_job_stays(tables: Tables) -> None:
    for first, second in ((JobState.DONE, JobState.CANCELLED), (JobState.CANCELLED, JobState.DONE)):
        count = a_count()
        start(count, FakeQueue(), tables)
        after_first = end(count, first, tables)
        after_second = end(count, second, tables)
        stored = stored_job(tables, count)
        assert after_first == after_second == stored
        assert stored.state is first


def end(count: Count, state: JobState, tables: Tables) -> Count:
    """Cancel the job or end it as done, and return it as stored."""
    if state is JobState.CANCELLED:
        return cancel(count, NOW, tables)
    done = count.in_end_state(JobState.DONE, found=1)
    return advance(count, done, NOW, tables)
