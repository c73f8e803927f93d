"""A message runs a job. New messages follow until the job has ended, whatever interrupts it."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import SQSEvent

from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.jobs.model import SILENCE, JobState
from chalicelib.jobs.request import find_job, start
from chalicelib.jobs.run import JobContext, JobKind
from chalicelib.jobs.worker import run_jobs
from chalicelib.petitions.model import Petition
from tests.actors import MINUTE, NOW
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.injection import Killed
from tests.jobs.a_counting_job import STEP_SECONDS, Count, CountingWork, a_count


def deliver(fake_site: FakeSite, work: CountingWork, body: object, left: Iterable[float] = repeat(900)) -> list[str]:
    """Deliver a message and return the ids to retry. `left`: the remaining seconds, each time the function asks."""
    times = iter(left)

    def milliseconds_left() -> float:
        return next(times, 0) * 1000

    running_out: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=milliseconds_left)
    kind = JobKind(Count, lambda *_: work)
    answer: Any = run_jobs(SQSEvent(sqs_event([body]), running_out), lambda _: kind, fake_site.jobs)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def work(fake_site: FakeSite) -> CountingWork:
    return CountingWork(fake_site.tables)


@pytest.fixture
def message(fake_site: FakeSite, petition: Petition) -> dict[str, str]:
    """The message of a started job."""
    count = a_count()
    start(count, fake_site.jobs, fake_site.tables)
    fake_site.jobs.messages.clear()
    fake_site.jobs.delays.clear()
    return {"kind": count.kind, "job_id": count.job_id}


def state_of(fake_site: FakeSite, message: dict[str, str]) -> JobState:
    return find_job(Count, message["job_id"], fake_site.tables).state


def test_work_gets_a_directory_that_is_deleted_when_the_run_ends(
    fake_site: FakeSite, work: CountingWork, message: dict[str, str]
) -> None:
    folders: list[Path] = []

    def work_of(count: Count, context: JobContext) -> CountingWork:
        folder = context.folder
        assert [*folder.iterdir()] == []
        (folder / "addresses").touch()
        folders.append(folder)
        return work

    run_jobs(SQSEvent(sqs_event([message]), context()), lambda _: JobKind(Count, work_of), fake_site.jobs)
    assert [folder.exists() for folder in folders] == [False]


def test_a_new_message_is_queued_when_time_runs_short(
    fake_site: FakeSite, work: CountingWork, message: dict[str, str]
) -> None:
    assert deliver(fake_site, work, message, [STEP_SECONDS - 1]) == []
    assert (fake_site.jobs.messages, fake_site.jobs.delays) == ([message], [0])


@pytest.mark.parametrize("error", [Unavailable("files"), Throttled("files")])
def test_an_aws_error_is_retried_after_a_minute(
    fake_site: FakeSite, work: CountingWork, message: dict[str, str], error: Unavailable
) -> None:
    fake_site.tables.fail_next(error, error)  # The heartbeat fails too.
    assert deliver(fake_site, work, message) == []
    assert (fake_site.jobs.messages, fake_site.jobs.delays) == ([message], [60])
    deliver(fake_site, work, message)
    assert state_of(fake_site, message) is JobState.DONE


def test_a_message_whose_job_was_never_stored_is_dropped(fake_site: FakeSite) -> None:
    assert deliver(fake_site, CountingWork(fake_site.tables), {"kind": "count", "job_id": "safe-children.nobody"}) == []
    assert fake_site.jobs.messages == []


@pytest.mark.parametrize(
    "message", [{"kind": "count", "job_id": "x"}, {"kind": "count", "job_id": 5}, {}, [], "no json"]
)
def test_a_malformed_message_becomes_a_dead_letter(fake_site: FakeSite, message: object) -> None:
    assert deliver(fake_site, CountingWork(fake_site.tables), message) == ["0"]
    assert fake_site.jobs.messages == []


def test_a_job_whose_worker_is_killed_is_taken_up_within_five_minutes_and_says_that_it_waits(
    fake_site: FakeSite, message: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_killed(*_: object) -> Count:
        raise Killed

    monkeypatch.setattr(CountingWork, "_count_next", be_killed)
    with pytest.raises(Killed):
        deliver(fake_site, CountingWork(fake_site.tables), message)
    [seconds] = fake_site.jobs.waits.values()
    assert SILENCE < timedelta(seconds=seconds) < 5 * MINUTE
    count = find_job(Count, message["job_id"], fake_site.tables)
    assert (count.state_at(NOW), count.state_at(NOW + SILENCE)) == (JobState.WAITING, JobState.RETRYING)
