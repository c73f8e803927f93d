"""One job of a kind runs at a time, in steps until it ends. Crashes, repeats and cancelling change nothing recorded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

import pytest

from chalicelib.core.errors import NotNow, Unavailable, UnknownThing
from chalicelib.jobs.model import HasTime, JobState, Step, Work
from chalicelib.jobs.request import cancel, find_job, jobs_of, start
from chalicelib.jobs.run import heartbeat, run
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, CHARLIE, MINUTE, NOW, signed
from tests.exporting import an_export
from tests.fake_site import Clock
from tests.fakes import FakeQueue, FakeTables
from tests.jobs.a_counting_job import STEP_SECONDS, Count, CountingWork, a_count

PEOPLE = (ALICE, BOB, CHARLIE)


@dataclass
class Runner:
    tables: FakeTables
    work: CountingWork
    clock: Clock = field(default_factory=Clock)

    def start(self) -> Count:
        count = a_count(now=self.clock())
        start(count, FakeQueue(), self.tables)
        return count

    def find(self, count: Count) -> Count:
        return find_job(Count, count.job_id, self.tables)

    def cancel(self, count: Count) -> Count:
        return cancel(count, self.clock(), self.tables)

    def run(self, count: Count, has_time: HasTime = lambda _: True, work: Work[Count] | None = None) -> Count:
        return run(count, work or self.work, has_time, self.clock, self.tables)


@pytest.fixture
def runner(tables: FakeTables, petition: Petition) -> Runner:
    for person in PEOPLE:
        signed(tables, petition, person)
    return Runner(tables, CountingWork(tables))


def time_for(number: int) -> HasTime:
    """Return a function that has time for so many steps."""
    allowed = iter([True] * number)
    return lambda _: next(allowed, False)


Meanwhile = Callable[[Count], object]


@dataclass(frozen=True)
class DisturbedWork:
    """Does the usual work, and calls `meanwhile` at the end of each step, before the step is recorded."""

    work: CountingWork
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


def test_a_run_that_is_short_of_time_stops_and_the_next_continues(runner: Runner) -> None:
    half_done = runner.run(runner.start(), time_for(2))
    assert (half_done.state, half_done.steps) == (JobState.RUNNING, 2)
    unchanged = runner.run(half_done, lambda seconds: seconds < STEP_SECONDS)
    assert unchanged == runner.find(half_done) == half_done
    assert runner.work.tidied == []
    assert runner.run(runner.find(half_done)).found == len(PEOPLE)


def test_a_job_without_progress_fails(runner: Runner) -> None:
    count = runner.start()
    runner.clock.forward(Count.patience)
    assert runner.find(count).state_at(runner.clock()) is JobState.FAILED
    failed = runner.run(count)
    assert (failed.state, failed.processed) == (JobState.FAILED, 0)
    assert failed.why == "The count made no progress for hours and was stopped. Start another"
    assert runner.work.tidied == [count.job_id]


def test_progress_keeps_a_slow_job_alive(runner: Runner) -> None:
    slow = DisturbedWork(runner.work, lambda _: runner.clock.forward(Count.patience - MINUTE))
    assert runner.run(runner.start(), work=slow).state is JobState.DONE


def test_a_stalled_job_is_taken_over_and_its_late_step_is_not_recorded(runner: Runner) -> None:
    next_jobs: list[Count] = []

    def take_over(_: Count) -> None:
        runner.clock.forward(Count.patience)
        next_jobs.append(runner.start())

    failed = runner.run(runner.start(), work=DisturbedWork(runner.work, take_over))
    assert (failed.state, failed.steps) == (JobState.FAILED, 0)
    assert runner.run(next_jobs[0]).state is JobState.DONE


def test_a_finished_job_expires() -> None:
    done = a_count().in_end_state(JobState.DONE)
    assert done.state_at(NOW + Count.lifetime - MINUTE) is JobState.DONE
    assert done.state_at(NOW + Count.lifetime) is JobState.EXPIRED


@pytest.mark.parametrize(
    ("seconds", "rest", "state"),
    [
        (89, 0, JobState.RUNNING),
        (90, 0, JobState.RETRYING),
        (90, 60, JobState.RUNNING),  # It rested meanwhile.
        (150, 60, JobState.RETRYING),
    ],
)
def test_a_job_whose_worker_is_silent_waits_for_a_retry(seconds: int, rest: int, state: JobState) -> None:
    rests_until = NOW + timedelta(seconds=rest) if rest else None
    fields = {"state": JobState.RUNNING, "beat_at": NOW, "rests_until": rests_until}
    count = a_count().model_copy(update=fields)
    assert count.state_at(NOW + timedelta(seconds=seconds)) is state
    assert count.model_copy(update={"beat_at": None}).state_at(NOW + timedelta(seconds=seconds)) is JobState.RUNNING


def test_a_long_step_beats_until_it_ends() -> None:
    beats: list[float] = []
    three_beats = Event()

    def beat() -> None:
        beats.append(0)
        if len(beats) == 3:
            three_beats.set()

    with heartbeat(beat, wait=lambda is_over, _: is_over.wait(0.001)):
        assert three_beats.wait(5)
    after = len(beats)
    assert not Event().wait(0.02)
    assert len(beats) == after


def test_one_job_of_a_kind_runs_at_a_time_for_each_key(tables: FakeTables, queue: FakeQueue) -> None:
    count = a_count("bees")
    start(count, queue, tables)
    with pytest.raises(NotNow):
        start(a_count("bees"), queue, tables)
    start(a_count("trees"), queue, tables)
    start(an_export(job_id="bees.1"), queue, tables)
    cancel(count, NOW, tables)
    start(a_count("bees"), queue, tables)


@pytest.mark.parametrize("job_id", ["", "x" * 2000, "LATEST", "safe-children." + "x" * 2000])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, job_id: str) -> None:
    tables.fail_next(Unavailable("storage"))
    with pytest.raises(UnknownThing):
        find_job(Count, job_id, tables)


def test_a_job_that_is_deleted_while_it_runs_is_unknown(tables: FakeTables) -> None:
    with pytest.raises(UnknownThing):
        cancel(a_count(), NOW, tables)


def test_jobs_are_listed_newest_first(tables: FakeTables, queue: FakeQueue) -> None:
    counts = [a_count(now=NOW), a_count(now=NOW + MINUTE)]
    for count in counts:
        start(count, queue, tables)
        cancel(count, NOW, tables)
    listed = [job.job_id for job in jobs_of(Count, "safe-children", tables)]
    assert listed == [counts[1].job_id, counts[0].job_id]
