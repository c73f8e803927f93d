"""The whole application without AWS: requests, messages and stream records in; responses and emails out."""

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from chalice.test import Client, HTTPResponse

from app import app
from chalicelib.aws.email import Mail
from chalicelib.aws.expressions import to_wire
from chalicelib.core import log, times
from chalicelib.core.caching import forget_all
from chalicelib.core.settings import settings
from chalicelib.delivery import worker
from chalicelib.runner.worker import ADDRESS_JOBS, JOBS
from tests.actors import NOW
from tests.fake_mailer import FakeMailer, FakeQuota
from tests.fakes import FakeBucket, FakeQueue, FakeSource, FakeTables
from tests.faults.state import SceneState

# A worker imports these when it runs a job. `wire` replaces the clients of imported modules only.
for _module in (*JOBS.values(), *ADDRESS_JOBS.values()):
    import_module(f"chalicelib.{_module}")

ROOT = Path(__file__).parents[1]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass
class Clock:
    """A clock that stands until a test moves it."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, time: timedelta) -> None:
        self.moment += time


@dataclass
class Application:
    """The application in this process, called as API Gateway, Lambda's pollers and schedules do."""

    client: Client

    def get(self, path: str, **headers: str) -> HTTPResponse:
        return self.client.http.get(path, headers=_header_names(headers))

    def post(self, path: str, body: bytes, content_type: str, **headers: str) -> HTTPResponse:
        return self.client.http.post(path, headers={"Content-Type": content_type, **_header_names(headers)}, body=body)

    def post_json(self, path: str, value: object) -> HTTPResponse:
        return self.post(path, json.dumps(value).encode(), JSON)

    def post_form(self, path: str, fields: Mapping[str, str]) -> HTTPResponse:
        return self.post(path, urlencode(fields).encode(), FORM)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self.client.lambda_.invoke(function, event).payload

    def deliver(self, function: str, messages: Sequence[object]) -> list[str]:
        """Deliver a batch of queue messages with ids "0", "1", ...; return the ids of those to deliver again."""
        answer = self.invoke(function, sqs_event(messages))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@dataclass
class FakeSite(Application):
    tables: FakeTables
    queue: FakeQueue
    overflow: FakeQueue
    mailer: FakeMailer
    clock: Clock
    other_queue: FakeQueue = field(default_factory=FakeQueue)
    source: FakeSource = field(default_factory=FakeSource)
    other_source: FakeSource = field(default_factory=FakeSource)
    quota: FakeQuota = field(default_factory=FakeQuota)
    bucket: FakeBucket = field(default_factory=FakeBucket)
    jobs: FakeQueue = field(default_factory=FakeQueue)
    address_jobs: FakeQueue = field(default_factory=FakeQueue)
    slept: list[float] = field(default_factory=list)
    scene_state: SceneState = field(default_factory=SceneState)  # Only the scenes of tests/faults use it.

    def last_link(self, purpose: str) -> str:
        """Return path and query of the link for `purpose` in the last email."""
        return link_in(self.mailer.mails[-1], purpose)


def a_client() -> Client:
    return Client(app, stage_name="local", project_dir=str(ROOT))


def a_fake_site(tables: FakeTables, queues: Sequence[FakeQueue] = ()) -> FakeSite:
    """Return a site whose clock stands at NOW. `queues`: confirmations, overflow, other email."""
    mail, overflow, other_mail = queues or (FakeQueue(), FakeQueue(), FakeQueue())
    return FakeSite(a_client(), tables, mail, overflow, FakeMailer(), Clock(), other_mail)


def wire(site: FakeSite, patch: pytest.MonkeyPatch) -> None:
    """Replace the application's AWS clients and clock with this site's."""
    patch.setattr("time.sleep", site.slept.append)
    fakes: dict[str, object] = {"tables": site.tables, "signing_tables": site.tables, "mailer": site.mailer}
    fakes |= {"mail_queue": site.queue, "other_mail_queue": site.other_queue, "overflow_queue": site.overflow}
    fakes |= {"job_queue": site.jobs, "address_job_queue": site.address_jobs, "mail_quota": site.quota}
    fakes |= {"mail_source": site.source, "other_mail_source": site.other_source, "files_bucket": site.bucket}
    for module, name in _factories(frozenset(fakes), len(sys.modules)):
        patch.setattr(module, name, lambda fake=fakes[name]: fake)
    patch.setattr(times, "now", site.clock)


def forget_process_state() -> None:
    """Begin as a new process does: without caches and metrics."""
    log.begin("")
    settings.cache_clear()
    worker._limiter.cache_clear()
    forget_all()


@cache
def _factories(names: Collection[str], _loaded: int) -> list[tuple[ModuleType, str]]:
    """Return the module and name of each factory of AWS objects. `_loaded`: a cache key that changes with an import."""
    modules = [module for name, module in sys.modules.items() if name.startswith("chalicelib.")]
    return [(module, name) for module in modules for name in names if _has_cached_function(module, name)]


def _has_cached_function(module: ModuleType, name: str) -> bool:
    value = vars(module).get(name)
    return hasattr(value, "cache_clear")


def sqs_event(messages: Sequence[object], attempts: int = 1) -> dict[str, Any]:
    """Return the event of a batch of messages that SQS delivers for this time (1: the first)."""
    records = []
    for number, message in enumerate(messages):
        body = message if isinstance(message, str) else json.dumps(message)
        record = {"messageId": str(number), "body": body, "receiptHandle": f"r{number}", "eventSource": "aws:sqs"}
        records.append(record | {"attributes": {"ApproximateReceiveCount": str(attempts)}})
    return {"Records": records}


def schedule_event() -> dict[str, Any]:
    """Return the event that EventBridge sends on a schedule."""
    return {
        "version": "0", "account": "1", "region": "eu-west-2", "detail": {}, "detail-type": "Scheduled Event",
        "source": "aws.events", "time": "2026-11-24T12:00:00Z", "id": "1", "resources": [],
    }  # fmt: skip


def stream_event(
    changes: Sequence[tuple[str, Mapping[str, Any] | None, Mapping[str, Any] | None]],
    times_by_sequence: Mapping[str, datetime] | None = None,
) -> dict[str, Any]:
    """Return an event of the signatures' stream. A change is (sequence number, item before, item after).

    `times_by_sequence`: the times of the changes, by sequence number. The default is NOW.
    """
    known_times = times_by_sequence or {}
    records = []
    for sequence, before, after in changes:
        at = known_times.get(sequence, NOW)
        records.append(_record(at, sequence, before, after))
    return {"Records": records}


def link_in(mail: Mail, purpose: str) -> str:
    links = [word for word in mail.text.split() if f"/{purpose}?token=" in word]
    link = urlsplit(links[0])
    return f"{link.path}?{link.query}"


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def context(seconds: float = 900) -> Any:
    """Return the context of an invocation that has this time left."""
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: round(seconds * 1000))


def _record(
    at: datetime, sequence: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Any]:
    present = after or before or {}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": int(at.timestamp()),
        "SequenceNumber": sequence,
        "SizeBytes": 1,
        "Keys": to_wire({"pk": present["pk"], "sk": present["sk"]}),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if before is not None:
        change["OldImage"] = to_wire(before)
    if after is not None:
        change["NewImage"] = to_wire(after)
    name = "MODIFY"
    if before is None:
        name = "INSERT"
    elif after is None:
        name = "REMOVE"
    return {
        "eventID": sequence,
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-2:1:table/signatures/stream/2026-11-24T12:00:00.000",
        "awsRegion": "eu-west-2",
        "eventVersion": "1.1",
        "dynamodb": change,
    }


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}
