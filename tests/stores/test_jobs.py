"""Two processes at one job: what is stored is what one of them did."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws.table import Change, NewItem, Tables
from chalicelib.core.errors import NotNow
from chalicelib.jobs import store
from chalicelib.jobs.model import JobState
from tests.actors import MINUTE, NOW
from tests.jobs.a_counting_job import Count, a_count

AT_ONCE = 6
LATE = NOW + Count.patience


def stored(tables: Tables, count: Count) -> Count:
    found = store.find(Count, count.job_id, tables)
    assert found
    return found


def step(count: Count) -> Count:
    return count.model_copy(update={"processed": count.processed + 1})


def is_started_after(meanwhile: Callable[[], object], tables: Tables, patch: pytest.MonkeyPatch) -> bool:
    """Start a job LATE. Just before it is stored, something else happens."""
    transact = tables.transact

    def late(writes: Sequence[Change | NewItem]) -> None:
        patch.setattr(tables, "transact", transact)
        meanwhile()
        transact(writes)

    patch.setattr(tables, "transact", late)
    try:
        store.add(a_count(now=LATE), tables)
    except NotNow:
        return False
    return True


@pytest.mark.parametrize("before", [[], [a_count()]], ids=["the first", "after a stalled one"])
def test_of_two_starts_at_once_one_succeeds(
    tables: Tables, before: list[Count], monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in before:
        store.add(count, tables)
    faster = a_count(now=LATE)
    assert not is_started_after(lambda: store.add(faster, tables), tables, monkeypatch)
    jobs = [*store.newest_first(Count, "safe-children", tables)]
    assert [job.job_id for job in jobs] == [job.job_id for job in (faster, *before)]
    assert [job.state for job in jobs] == [JobState.WAITING, *(JobState.FAILED for _ in before)]


def test_a_step_that_many_processes_record_is_recorded_once(tables: Tables) -> None:
    store.add(count := a_count(), tables)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [*pool.map(lambda _: store.advance(count, step(count), NOW + MINUTE, tables), range(AT_ONCE))]
    assert set(map(repr, answers)) == {repr(stored(tables, count))}
    assert (stored(tables, count).processed, stored(tables, count).steps) == (1, 1)


def test_a_job_that_makes_progress_meanwhile_is_not_taken_over(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(count := a_count(), tables)
    assert not is_started_after(lambda: store.advance(count, step(count), LATE, tables), tables, monkeypatch)
    assert stored(tables, count).state is JobState.RUNNING


def test_what_ends_a_job_first_stays(tables: Tables) -> None:
    for first, second in ((JobState.DONE, JobState.CANCELLED), (JobState.CANCELLED, JobState.DONE)):
        store.add(count := a_count(), tables)
        end = {
            JobState.DONE: lambda count=count: store.advance(
                count, count.in_end_state(JobState.DONE, found=1), NOW, tables
            ),
            JobState.CANCELLED: lambda count=count: store.cancel(count, NOW, tables),
        }
        assert end[first]() == end[second]() == stored(tables, count)
        assert (stored(tables, count).state, stored(tables, count).note) == (first, None)
