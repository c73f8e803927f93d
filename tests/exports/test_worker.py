"""The worker runs an export until it ends. tests/jobs has what can interrupt any job."""

from typing import Any

import pytest

from chalicelib.exports.model import Export
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import find_job
from chalicelib.petitions.model import Petition
from chalicelib.runner.worker import run_job
from tests.exporting import confirm_crowd, request_export
from tests.fake_site import FakeSite, context, sqs_event


def deliver(job_id: str, seconds: float = 900) -> list[str]:
    """Return the ids of the messages to be retried."""
    answer: Any = run_job(sqs_event([{"kind": "export", "job_id": job_id}]), context(seconds))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def export(fake_site: FakeSite, petition: Petition) -> Export:
    confirm_crowd(fake_site.tables, petition, 3)
    return request_export(fake_site.tables, petition)


def state_of(fake_site: FakeSite, export: Export) -> JobState:
    return find_job(Export, export.job_id, fake_site.tables).state


def test_a_message_completes_an_export(fake_site: FakeSite, export: Export) -> None:
    assert deliver(export.job_id) == []
    assert state_of(fake_site, export) is JobState.DONE
    assert fake_site.jobs.messages == []
