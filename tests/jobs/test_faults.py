"""After any fault at any call of the runner, and after any two faults, the job ends once and correctly.

Each invocation has time for two steps, so a job needs several messages.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.core.errors import NotNow, Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, jobs_of, start
from tests.actors import ALICE, BOB, CHARLIE, NOW, a_published_petition, signed
from tests.fake_site import FakeSite
from tests.faults.injection import Fault, Faults, Injection, call_with_faults, each_fault, restore, targets
from tests.jobs.a_counting_job import STEP_SECONDS, STEPS, Count, CountingWork, a_count
from tests.jobs.test_worker import deliver

pytestmark = pytest.mark.faults
PEOPLE = (ALICE, BOB, CHARLIE)


def start_and_run(fake_site: FakeSite, work: CountingWork) -> None:
    """Start a job as Bob, unless a job has ended. Deliver the messages until none is left or one fails."""
    ended = [count for count in stored_jobs(fake_site) if not count.is_open]
    if not ended:
        with suppress(NotNow, Unavailable):
            start(a_count(), fake_site.jobs, fake_site.tables)
    while fake_site.jobs.messages:
        if deliver(fake_site, work, fake_site.jobs.messages[0], [STEP_SECONDS] * 2):
            return
        fake_site.jobs.messages.pop(0)


def stored_jobs(fake_site: FakeSite) -> list[Count]:
    jobs: list[Count] = []
    for key, item in fake_site.tables.items.items():
        is_job = key.pk.startswith("JOB#") and "state" in item
        if is_job:
            jobs.append(Count.model_validate(item))
    return jobs


def play_job(
    fake_site: FakeSite, faults: Faults, between: Callable[[], object] = lambda: None
) -> tuple[Count, Injection]:
    """Start and run a job once with faults and twice without. Return the job, and the calls of the first attempt."""
    restore(*targets(fake_site))
    fake_site.tables.items.clear()
    fake_site.jobs.messages.clear()
    petition = a_published_petition(fake_site.tables)
    for person in PEOPLE:
        signed(fake_site.tables, petition, person)
    work = CountingWork(fake_site.tables)
    _, made = call_with_faults(fake_site, faults, lambda: start_and_run(fake_site, work))
    between()
    for _ in range(2):
        start_and_run(fake_site, work)
    [count] = stored_jobs(fake_site)
    assert count.job_id in work.tidied
    assert fake_site.jobs.messages == []
    return count, made


def runner_calls(made: Injection) -> list[int]:
    return [at for at, site in enumerate(made.sites) if site.startswith("chalicelib/jobs/")]


def runner_faults(made: Injection, begin: int = 0) -> list[tuple[int, Fault]]:
    calls = runner_calls(made)
    return [(at, fault) for at, fault in each_fault(made, begin) if at in calls]


def is_done(count: Count) -> bool:
    return (count.state, count.found, count.steps) == (JobState.DONE, len(PEOPLE), STEPS)


def test_after_any_two_faults_the_job_is_done_once(fake_site: FakeSite) -> None:
    _, made = play_job(fake_site, {})
    assert len(runner_calls(made)) > STEPS * 2
    for first, fault in runner_faults(made):
        _, again = play_job(fake_site, {first: fault})
        assert again.met
        for second, another in runner_faults(again, first + 1):
            count, _ = play_job(fake_site, {first: fault, second: another})
            assert is_done(count), (first, fault, second, another)


@pytest.mark.parametrize("fault", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
def test_a_job_can_be_cancelled_after_any_crash(fake_site: FakeSite, fault: Fault) -> None:
    def cancel_jobs() -> None:
        for count in jobs_of(Count, "safe-children", fake_site.tables):
            cancel(count, NOW, fake_site.tables)

    _, made = play_job(fake_site, {})
    states = set()
    for at in runner_calls(made):
        count, _ = play_job(fake_site, {at: fault}, cancel_jobs)
        assert is_done(count) or count.state is JobState.CANCELLED
        states.add(count.state)
    assert states == {JobState.DONE, JobState.CANCELLED}
