"""Two processes at one job: what is stored is what one of them did."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Conflicted, NotNow
from chalicelib.jobs import store
from chalicelib.jobs.model import State
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


def at_once(act: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, range(AT_ONCE)))


def is_started(count: Count, tables: Tables) -> bool:
    try:
        store.add(count, tables)
    except (NotNow, Conflicted):
        return False
    return True


@pytest.mark.parametrize("before", [[], [a_count(now=NOW - MINUTE)]], ids=["the first", "after a stalled one"])
def test_of_many_starts_at_once_one_succeeds(tables: Tables, before: list[Count]) -> None:
    for count in before:
        store.add(count, tables)
    starts = at_once(lambda _: is_started(a_count(now=LATE), tables))
    assert starts.count(True) == 1
    jobs = [*store.newest_first(Count, "safe-children", tables)]
    assert [job.state for job in jobs] == [State.WAITING, *(State.FAILED for _ in before)]


def test_a_step_that_many_processes_record_is_recorded_once(tables: Tables) -> None:
    store.add(count := a_count(), tables)
    answers = at_once(lambda _: store.advance(count, step(count), NOW + MINUTE, tables))
    assert set(map(repr, answers)) == {repr(stored(tables, count))}
    assert (stored(tables, count).processed, stored(tables, count).steps) == (1, 1)


def test_a_job_that_makes_progress_meanwhile_is_not_taken_over(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(count := a_count(), tables)
    transact = tables.transact

    def late(writes: object) -> None:
        store.advance(count, step(count), LATE, tables)
        transact(writes)  # type: ignore[arg-type]

    monkeypatch.setattr(tables, "transact", late)
    assert not is_started(a_count(now=LATE), tables)
    assert stored(tables, count).state is State.RUNNING


def test_what_ends_a_job_first_stays(tables: Tables) -> None:
    for first, second in ((State.DONE, State.CANCELLED), (State.CANCELLED, State.DONE)):
        store.add(count := a_count(), tables)
        end = {
            State.DONE: lambda count=count: store.advance(count, count.ended(State.DONE, found=1), NOW, tables),
            State.CANCELLED: lambda count=count: store.cancel(count, NOW, tables),
        }
        assert end[first]() == end[second]() == stored(tables, count)
        assert (stored(tables, count).state, stored(tables, count).note) == (first, None)
