"""An export on the emulator: requested over HTTP, run from the queue, downloaded by its link."""

import hashlib
import json
import urllib.request
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from chalice.test import Client, HTTPResponse

import app
from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.exports.worker import run_export
from chalicelib.jobs.worker import REST_SECONDS
from chalicelib.petitions.find import petition_as_stored
from chalicelib.staff.tokens import issue
from tests.actors import Person, confirmed
from tests.exporting import rows_of
from tests.flows.handlers import EmulatedSite

NAMES = [f"Person {number}" for number in range(12)]


@pytest.fixture
def bob(site: EmulatedSite) -> str:
    now = times.now()
    petition = petition_as_stored(site.slug, site.aws.tables)
    for name in NAMES:
        person = Person(name, f"{name.replace(' ', '.')}@mail.example")
        confirmed(site.aws.tables, petition, person, now - timedelta(hours=1))
    return issue("bob", [Right.EXPORT], now, now + timedelta(days=1), site.aws.tables)


def ask(bob: str, method: str, path: str, body: object = None) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {bob}", "Content-Type": "application/json"}
    with Client(app.app) as client:
        return client.http.request(method, path, headers=headers, body=json.dumps(body).encode())


def request_export(site: EmulatedSite, bob: str, **fields: Any) -> str:
    """Request an export and return its id."""
    answer = ask(bob, "POST", f"/api/staff/petitions/{site.slug}/exports", fields)
    assert answer.status_code == 202, answer.body
    return str(answer.json_body["id"])


def deliver(export_id: str, millis: int = 900_000) -> None:
    body = json.dumps({"job_id": export_id})
    record = {"messageId": "1", "body": body, "receiptHandle": "", "eventSource": "aws:sqs"}
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: millis)
    assert run_export({"Records": [record]}, context) == {"batchItemFailures": []}


def download(bob: str, export_id: str, what: str = "file") -> bytes:
    link = ask(bob, "GET", f"/api/staff/exports/{export_id}/{what}").json_body["url"]
    with urllib.request.urlopen(link, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def test_the_downloaded_export_is_complete_and_matches_its_digest(site: EmulatedSite, bob: str) -> None:
    export_id = request_export(site, bob, columns=["name", "country"])
    deliver(export_id)
    export = ask(bob, "GET", f"/api/staff/exports/{export_id}").json_body
    assert (export["state"], export["rows"], export["of"]) == ("done", len(NAMES), len(NAMES))
    content = download(bob, export_id)
    assert hashlib.sha256(content).hexdigest() == export["sha256"]
    assert sorted(row["name"] for row in rows_of(content)) == sorted(NAMES)
    assert download(bob, export_id, "cover").startswith(b"%PDF")
    bucket = boto3.client("s3").list_buckets()["Buckets"]
    assert bucket


def test_an_export_starts_after_a_delay_so_that_all_confirmations_are_stored(site: EmulatedSite, bob: str) -> None:
    request_export(site, bob)
    queue = boto3.client("sqs")
    known = queue.get_queue_attributes(QueueUrl=site.aws.queues["exports"], AttributeNames=["All"])["Attributes"]
    assert known["ApproximateNumberOfMessagesDelayed"] == "1"


def test_an_export_continued_by_another_message_is_complete(site: EmulatedSite, bob: str) -> None:
    export_id = request_export(site, bob, format="ndjson", columns=["name"])
    deliver(export_id, 1_000)
    assert ask(bob, "GET", f"/api/staff/exports/{export_id}").json_body["state"] == "waiting"
    deliver(export_id, (REST_SECONDS + 10) * 1_000)
    half = ask(bob, "GET", f"/api/staff/exports/{export_id}").json_body
    assert (half["state"], half["rows"]) == ("running", len(NAMES))
    deliver(export_id)
    assert sorted(row["name"] for row in rows_of(download(bob, export_id), "ndjson")) == sorted(NAMES)
