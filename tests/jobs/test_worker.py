"""A message runs a job; messages follow until it has ended, whatever interrupts it."""

from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import SQSEvent

from chalicelib.core.errors import Throttled, Unavailable, UnknownThing
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job, start
from chalicelib.jobs.worker import run_jobs
from chalicelib.petitions.model import Petition
from tests.fake_site import FakeSite, sqs_event
from tests.jobs.a_counting_job import SECONDS, Count, Counting, a_count


def delivered(fake_site: FakeSite, work: Counting, body: object, left: Iterable[float] = repeat(900)) -> list[str]:
    """Return the ids of the messages to be retried. `left`: the seconds that are left whenever the function asks."""
    times = iter(left)
    context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: next(times, 0) * 1000)
    answer: Any = run_jobs(SQSEvent(sqs_event([body]), context), Count, fake_site.exports, lambda *_: work)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def work(fake_site: FakeSite) -> Counting:
    return Counting(fake_site.tables)


@pytest.fixture
def started(fake_site: FakeSite, petition: Petition) -> dict[str, str]:
    """Start a job and return its message."""
    count = a_count()
    start(count, fake_site.exports, fake_site.tables)
    fake_site.exports.messages.clear()
    fake_site.exports.delays.clear()
    return {"job_id": count.job_id}


def state_of(fake_site: FakeSite, message: dict[str, str]) -> JobState:
    return find_job(Count, message["job_id"], fake_site.tables).state


def test_a_message_runs_a_job_until_it_ends(fake_site: FakeSite, work: Counting, started: dict[str, str]) -> None:
    assert delivered(fake_site, work, started) == []
    assert state_of(fake_site, started) is JobState.DONE
    assert fake_site.exports.messages == []


def test_work_gets_a_directory_that_is_deleted_when_the_run_ends(
    fake_site: FakeSite, work: Counting, started: dict[str, str]
) -> None:
    folders: list[Path] = []

    def work_of(count: Count, folder: Path) -> Counting:
        assert [*folder.iterdir()] == []
        (folder / "addresses").touch()
        folders.append(folder)
        return work

    context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    run_jobs(SQSEvent(sqs_event([started]), context), Count, fake_site.exports, work_of)
    assert [folder.exists() for folder in folders] == [False]


def test_a_new_message_is_queued_when_time_runs_short(
    fake_site: FakeSite, work: Counting, started: dict[str, str]
) -> None:
    assert delivered(fake_site, work, started, [SECONDS - 1]) == []
    assert (fake_site.exports.messages, fake_site.exports.delays) == ([started], [0])


@pytest.mark.parametrize("error", [Unavailable("files"), Throttled("files")])
def test_an_aws_error_is_retried_after_a_minute(
    fake_site: FakeSite, work: Counting, started: dict[str, str], error: Unavailable
) -> None:
    fake_site.tables.fail_next(error)
    assert delivered(fake_site, work, started) == []
    assert (fake_site.exports.messages, fake_site.exports.delays) == ([started], [60])
    delivered(fake_site, work, started)
    assert state_of(fake_site, started) is JobState.DONE


def test_a_bug_returns_the_message_to_the_queue(fake_site: FakeSite, work: Counting, started: dict[str, str]) -> None:
    fake_site.tables.fail_next(KeyError("x"))
    assert delivered(fake_site, work, started) == ["0"]


def test_a_step_that_misses_something_returns_the_message_to_the_queue(
    fake_site: FakeSite, started: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missed(*_: object) -> Count:
        raise UnknownThing("There is no such petition.")

    monkeypatch.setattr(Counting, "_counted", missed)
    assert delivered(fake_site, Counting(fake_site.tables), started) == ["0"]


def test_a_message_whose_job_was_never_stored_is_dropped(fake_site: FakeSite) -> None:
    assert delivered(fake_site, Counting(fake_site.tables), {"job_id": "safe-children.nobody"}) == []
    assert fake_site.exports.messages == []


@pytest.mark.parametrize("message", [{"job_id": "x"}, {"job_id": 5}, {}, [], "no json"])
def test_a_malformed_message_becomes_a_dead_letter(fake_site: FakeSite, message: object) -> None:
    assert delivered(fake_site, Counting(fake_site.tables), message) == ["0"]
    assert fake_site.exports.messages == []
