"""An export on the emulator: requested through the API, run from the queue, downloaded by its link."""

import hashlib
import json
import urllib.request
from datetime import timedelta
from typing import Any

import boto3
import pytest
from chalice.test import Client, HTTPResponse

import app
from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.jobs.worker import RETRY_SECONDS
from chalicelib.petitions.find import petition_as_stored
from chalicelib.runner.worker import run_job
from chalicelib.staff.tokens import issue
from tests.actors import Person, confirmed
from tests.exporting import rows_of
from tests.fake_site import context
from tests.flows.handlers import EmulatedSite

NAMES = [f"Person {number}" for number in range(12)]


@pytest.fixture
def bobs_token(site: EmulatedSite) -> str:
    """A token to export a petition with twelve confirmed signatures."""
    now = times.now()
    petition = petition_as_stored(site.slug, site.aws.tables)
    for name in NAMES:
        person = Person(name, f"{name.replace(' ', '.')}@mail.example")
        confirmed(site.aws.tables, petition, person, now - timedelta(hours=1))
    return issue("bob", [Right.EXPORT], now, now + timedelta(days=1), site.aws.tables)


def ask(token: str, method: str, path: str, body: object = None) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with Client(app.app) as client:
        return client.http.request(method, path, headers=headers, body=json.dumps(body).encode())


def request_export(site: EmulatedSite, token: str, **fields: Any) -> str:
    """Request an export and return its id."""
    answer = ask(token, "POST", f"/api/staff/petitions/{site.slug}/exports", fields)
    assert answer.status_code == 202, answer.body
    return str(answer.json_body["id"])


def run_worker(export_id: str, seconds: float = 900) -> None:
    """Deliver the export's message to the worker, which has this time left."""
    body = json.dumps({"kind": "export", "job_id": export_id})
    record = {"messageId": "1", "body": body, "receiptHandle": "", "eventSource": "aws:sqs"}
    assert run_job({"Records": [record]}, context(seconds)) == {"batchItemFailures": []}


def download(token: str, export_id: str, name: str = "file") -> bytes:
    link = ask(token, "GET", f"/api/staff/exports/{export_id}/{name}").json_body["url"]
    with urllib.request.urlopen(link, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def test_the_downloaded_export_is_complete_and_matches_its_digest(site: EmulatedSite, bobs_token: str) -> None:
    export_id = request_export(site, bobs_token, columns=["name", "country"])
    run_worker(export_id)
    export = ask(bobs_token, "GET", f"/api/staff/exports/{export_id}").json_body
    assert (export["state"], export["rows"], export["of"]) == ("done", len(NAMES), len(NAMES))
    content = download(bobs_token, export_id)
    assert hashlib.sha256(content).hexdigest() == export["sha256"]
    names = [row["name"] for row in rows_of(content)]
    assert sorted(names) == sorted(NAMES)
    assert download(bobs_token, export_id, "cover").startswith(b"%PDF")
    assert boto3.client("s3").list_buckets()["Buckets"]


def test_an_export_starts_after_a_delay_so_that_all_confirmations_are_stored(
    site: EmulatedSite, bobs_token: str
) -> None:
    request_export(site, bobs_token)
    queue = boto3.client("sqs")
    found = queue.get_queue_attributes(QueueUrl=site.aws.queues["jobs"], AttributeNames=["All"])["Attributes"]
    assert found["ApproximateNumberOfMessagesDelayed"] == "1"


def test_an_export_continued_by_another_message_is_complete(site: EmulatedSite, bobs_token: str) -> None:
    export_id = request_export(site, bobs_token, format="ndjson", columns=["name"])
    run_worker(export_id, seconds=1)
    assert ask(bobs_token, "GET", f"/api/staff/exports/{export_id}").json_body["state"] == "waiting"
    run_worker(export_id, RETRY_SECONDS + 10)
    unfinished = ask(bobs_token, "GET", f"/api/staff/exports/{export_id}").json_body
    assert (unfinished["state"], unfinished["rows"]) == ("running", len(NAMES))
    run_worker(export_id)
    content = download(bobs_token, export_id)
    names = [row["name"] for row in rows_of(content, "ndjson")]
    assert sorted(names) == sorted(NAMES)
