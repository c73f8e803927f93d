"""A job runs in steps until it ends. Crashes, repeated messages and cancels change nothing that was recorded."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chalicelib.jobs.model import HasTime, JobState, Step, Work
from chalicelib.jobs.request import cancel, find_job, start
from chalicelib.jobs.run import run
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, CHARLIE, MINUTE, NOW, signed
from tests.fake_site import Clock
from tests.fakes import FakeQueue, FakeTables
from tests.jobs.a_counting_job import SECONDS, STEPS, Count, Counting, a_count

PEOPLE = (ALICE, BOB, CHARLIE)


@dataclass
class World:
    tables: FakeTables
    work: Counting
    clock: Clock = field(default_factory=Clock)

    def started(self) -> Count:
        count = a_count(now=self.clock())
        start(count, FakeQueue(), self.tables)
        return count

    def stored(self, count: Count) -> Count:
        return find_job(Count, count.job_id, self.tables)

    def cancel(self, count: Count) -> Count:
        return cancel(count, self.clock(), self.tables)

    def run(self, count: Count, has_time: HasTime = lambda _: True, work: Work[Count] | None = None) -> Count:
        return run(count, work or self.work, has_time, self.clock, self.tables)


@pytest.fixture
def world(tables: FakeTables, petition: Petition) -> World:
    for person in PEOPLE:
        signed(tables, petition, person)
    return World(tables, Counting(tables))


def steps(number: int) -> HasTime:
    """Return a function that has time for so many steps."""
    allowed = iter([True] * number)
    return lambda _: next(allowed, False)


Meanwhile = Callable[[Count], object]


@dataclass(frozen=True)
class Disturbed:
    """Does the usual work. Something else happens at the end of each step, before it is recorded."""

    work: Counting
    meanwhile: Meanwhile

    def next_step(self, count: Count) -> Step[Count]:
        step = self.work.next_step(count)
        return Step(step.seconds, lambda: self._act(count, step))

    def _act(self, count: Count, step: Step[Count]) -> Count:
        after = step.act()
        self.meanwhile(count)
        return after

    def tidy(self, count: Count) -> None:
        self.work.tidy(count)


def test_a_job_runs_until_it_ends_and_its_secrets_are_removed(world: World) -> None:
    done = world.run(world.started())
    assert (done.state, done.found, done.processed, done.steps) == (JobState.DONE, len(PEOPLE), done.expected, STEPS)
    assert done == world.stored(done)
    assert done.note is None
    assert world.work.tidied == [done.job_id]


def test_a_run_that_is_short_of_time_stops_and_the_next_continues(world: World) -> None:
    half = world.run(world.started(), steps(2))
    assert (half.state, half.steps) == (JobState.RUNNING, 2)
    assert world.run(half, lambda seconds: seconds < SECONDS) == world.stored(half) == half
    assert world.work.tidied == []
    assert world.run(world.stored(half)).found == len(PEOPLE)


def test_a_step_that_two_processes_do_is_recorded_once(world: World) -> None:
    """A message was delivered twice, and the other process is always the first to record."""
    slower = Disturbed(world.work, lambda count: world.run(count, steps(1)))
    done = world.run(world.started(), work=slower)
    assert (done.state, done.found, done.steps) == (JobState.DONE, len(PEOPLE), STEPS)


def test_a_late_message_does_not_change_a_finished_job(world: World) -> None:
    count = world.started()
    done = world.run(count)
    assert world.run(count) == world.run(done) == world.stored(count) == done


def test_a_cancel_during_a_step_ends_the_job_and_the_step_is_not_recorded(world: World) -> None:
    cancelled = world.run(world.started(), work=Disturbed(world.work, world.cancel))
    assert (cancelled.state, cancelled.steps, cancelled.note) == (JobState.CANCELLED, 0, None)
    assert world.work.tidied == [cancelled.job_id]


def test_the_first_of_cancel_and_end_wins(world: World) -> None:
    nearly = world.run(world.started(), steps(STEPS - 1))
    cancelled = world.run(nearly, work=Disturbed(world.work, world.cancel))
    assert (cancelled.state, cancelled.steps) == (JobState.CANCELLED, STEPS - 1)
    done = world.run(world.started())
    assert world.cancel(done) == world.stored(done) == done


def test_a_cancelled_job_makes_no_step(world: World) -> None:
    count = world.started()
    assert world.cancel(count) == world.cancel(count)
    assert world.run(world.stored(count)).steps == 0
    assert world.work.tidied == [count.job_id]


def test_a_job_without_progress_fails(world: World) -> None:
    count = world.started()
    world.clock.forward(Count.patience)
    assert world.stored(count).state_at(world.clock()) is JobState.FAILED
    failed = world.run(count)
    assert (failed.state, failed.processed, failed.note) == (JobState.FAILED, 0, None)
    assert failed.why == "The count made no progress for hours and was stopped. Start another"
    assert world.work.tidied == [count.job_id]


def test_progress_keeps_a_slow_job_alive(world: World) -> None:
    slow = Disturbed(world.work, lambda _: world.clock.forward(Count.patience - MINUTE))
    assert world.run(world.started(), work=slow).state is JobState.DONE


def test_a_stalled_job_is_taken_over_and_its_late_step_is_not_recorded(world: World) -> None:
    later: list[Count] = []

    def taken_over(_: Count) -> None:
        world.clock.forward(Count.patience)
        later.append(world.started())

    failed = world.run(world.started(), work=Disturbed(world.work, taken_over))
    assert (failed.state, failed.steps, failed.note) == (JobState.FAILED, 0, None)
    assert world.run(later[0]).state is JobState.DONE


def test_a_finished_job_expires() -> None:
    done = a_count().in_end_state(JobState.DONE)
    assert done.state_at(NOW + Count.lifetime - MINUTE) is JobState.DONE
    assert done.state_at(NOW + Count.lifetime) is JobState.EXPIRED
