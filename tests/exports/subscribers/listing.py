"""Helpers for tests of lists: a key pair, a list that waits, and the rows of its file."""

import csv
import io

import pyrage

from chalicelib.core import keys
from chalicelib.exports.subscribers.request import OptInList, latest_done_id
from chalicelib.exports.write import BYTE_ORDER_MARK
from chalicelib.jobs.request import start
from chalicelib.runner.worker import run_address_job
from tests.actors import NOW
from tests.fake_site import FakeSite, context, sqs_event
from tests.fakes import FakeQueue, FakeTables

SLUG = "safe-children"
IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())


def a_list(tables: FakeTables, number: int = 1) -> OptInList:
    """Store a list that waits, as the API does."""
    job = OptInList(
        job_id=f"{SLUG}.20261124T120000Z-{number:08}",
        requested_by="bob",
        requested_at=NOW,
        touched_at=NOW,
        recipient=RECIPIENT,
        earlier=latest_done_id(SLUG, tables),
    )
    start(job, FakeQueue(), tables)
    return job


def run_once(fake_site: FakeSite, job: OptInList, seconds: float = 900) -> OptInList:
    """Deliver the job's message once."""
    run_address_job(sqs_event([{"kind": "list", "job_id": job.job_id}]), context(seconds))
    return OptInList.model_validate(fake_site.tables.items[keys.job("list", job.job_id)])


def rows(fake_site: FakeSite, job: OptInList) -> list[dict[str, str]]:
    """Decrypt the file and return its rows."""
    assert job.result
    text = pyrage.decrypt(fake_site.bucket.objects[job.result.file], [IDENTITY]).decode()
    assert text.startswith(BYTE_ORDER_MARK)
    return [*csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""))]


def statuses(fake_site: FakeSite, job: OptInList) -> dict[str, str]:
    """Return the status of each signature in the file."""
    return {row["id"]: row["status"] for row in rows(fake_site, job)}
