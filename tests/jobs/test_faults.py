"""After any fault at any call of the runner, and after any two, the job ends once and correctly.

A function here has time for two steps, so a job needs several messages.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from chalicelib.core.errors import NotNow, Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import cancel, jobs_of, start
from tests.actors import ALICE, BOB, CHARLIE, NOW, a_published_petition, signed
from tests.faults.injection import Fault, Faults, Injection, call_with_faults, each_fault, restore, targets
from tests.jobs.a_counting_job import SECONDS, STEPS, Count, Counting, a_count
from tests.jobs.test_worker import delivered
from tests.served import Served

pytestmark = pytest.mark.faults
PEOPLE = (ALICE, BOB, CHARLIE)


def act(served: Served, work: Counting) -> None:
    """Bob starts a job unless one is done. Each message is delivered until a function has handled it."""
    if not [count for count in counts(served) if not count.is_open]:
        with suppress(NotNow, Unavailable):
            start(a_count(), served.exports, served.tables)
    while served.exports.messages:
        if delivered(served, work, served.exports.messages[0], [SECONDS] * 2):
            return
        served.exports.messages.pop(0)


def counts(served: Served) -> list[Count]:
    pairs = served.tables.items.items()
    return [Count.model_validate(item) for key, item in pairs if key.pk.startswith("JOB#") and "state" in item]


def played(served: Served, faults: Faults, between: Callable[[], object] = lambda: None) -> tuple[Count, Injection]:
    """Return the job after Bob's attempt with faults and two without, and the calls of the first."""
    restore(*targets(served))
    served.tables.items.clear()
    served.exports.messages.clear()
    petition = a_published_petition(served.tables)
    for person in PEOPLE:
        signed(served.tables, petition, person)
    work = Counting(served.tables)
    _, made = call_with_faults(served, faults, lambda: act(served, work))
    between()
    for _ in range(2):
        act(served, work)
    [count] = counts(served)
    assert count.job_id in work.tidied
    assert (count.note, served.exports.messages) == (None, [])
    return count, made


def calls_of_the_runner(made: Injection) -> list[int]:
    return [at for at, site in enumerate(made.sites) if site.startswith("chalicelib/jobs/")]


def faults_of_the_runner(made: Injection, begin: int = 0) -> list[tuple[int, Fault]]:
    return [(at, fault) for at, fault in each_fault(made, begin) if at in calls_of_the_runner(made)]


def is_counted(count: Count) -> bool:
    return (count.state, count.found, count.steps) == (JobState.DONE, len(PEOPLE), STEPS)


def test_after_any_two_faults_the_job_is_done_once(served: Served) -> None:
    _, made = played(served, {})
    assert len(calls_of_the_runner(made)) > STEPS * 2
    for first, fault in faults_of_the_runner(made):
        _, again = played(served, {first: fault})
        assert again.met
        for second, another in faults_of_the_runner(again, first + 1):
            count, _ = played(served, {first: fault, second: another})
            assert is_counted(count), (first, fault, second, another)


@pytest.mark.parametrize("fault", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
def test_a_job_can_be_cancelled_after_any_crash(served: Served, fault: Fault) -> None:
    def cancelled() -> None:
        for count in jobs_of(Count, "safe-children", served.tables):
            cancel(count, NOW, served.tables)

    _, made = played(served, {})
    states = set()
    for at in calls_of_the_runner(made):
        count, _ = played(served, {at: fault}, cancelled)
        assert is_counted(count) or count.state is JobState.CANCELLED
        states.add(count.state)
    assert states == {JobState.DONE, JobState.CANCELLED}
