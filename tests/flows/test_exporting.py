"""An export on the emulator: requested through the API, run from the queue, downloaded by its link."""

import hashlib
import json
import urllib.request
from datetime import timedelta

import pytest
from chalice.test import Client, HTTPResponse

import app
from chalicelib.core import times
from chalicelib.core.rights import Right
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


def download(token: str, export_id: str, name: str = "file") -> bytes:
    link = ask(token, "GET", f"/api/staff/exports/{export_id}/{name}").json_body["url"]
    with urllib.request.urlopen(link, timeout=10) as answer:
        content: bytes = answer.read()
        return content


def test_the_downloaded_export_is_complete_and_matches_its_digest(site: EmulatedSite, bobs_token: str) -> None:
    answer = ask(bobs_token, "POST", f"/api/staff/petitions/{site.slug}/exports", {"columns": ["name"]})
    export_id = answer.json_body["id"]
    record = {
        "messageId": "1",
        "body": json.dumps({"kind": "export", "job_id": export_id}),
        "receiptHandle": "",
        "eventSource": "aws:sqs",
    }
    assert run_job({"Records": [record]}, context(900)) == {"batchItemFailures": []}
    export = ask(bobs_token, "GET", f"/api/staff/exports/{export_id}").json_body
    assert (export["state"], export["rows"], export["of"]) == ("done", len(NAMES), len(NAMES))
    content = download(bobs_token, export_id)
    assert hashlib.sha256(content).hexdigest() == export["sha256"]
    names = [row["name"] for row in rows_of(content)]
    assert sorted(names) == sorted(NAMES)
    assert download(bobs_token, export_id, "cover").startswith(b"%PDF")
