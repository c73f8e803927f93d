"""Helpers of the tests of updates: people who asked for updates, an update, and workers that run to the end."""

import json
from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.petitions.model import Petition
from chalicelib.updates.model import Update
from chalicelib.updates.worker import run_update
from tests.actors import NOW, Person, bobs_token, confirmed
from tests.served import JSON, Served, sqs_event

UPDATES = "/api/staff/petitions/safe-children/updates"
TEXT = {
    "title": "The Home Secretary answered",
    "markdown": "She said **yes**.\n\n- [Read it](https://gov.example/letter)",
}
# The job starts this long after the request, and the first count of emails comes a minute later.
LATER = timedelta(minutes=2)
WITH_TIME = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)


def an_update(**changes: Any) -> Update:
    values = {"slug": "safe-children", "update_id": "a1", "html": "", "created_at": NOW, "created_by": "bob"}
    return Update.model_validate({**TEXT, **values, **changes})


def asked(served: Served, method: str, path: str, body: object = None) -> HTTPResponse:
    token = bobs_token(served.tables, served.clock(), Right.MANAGE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON}
    return served.client.http.request(method, path, headers=headers, body=json.dumps(body).encode() if body else b"")


def drafted(served: Served, **changes: object) -> str:
    """Draft an update and return its path."""
    answer = asked(served, "POST", UPDATES, TEXT | changes)
    assert answer.status_code == 201
    return f"{UPDATES}/{answer.json_body['id']}"


def published(served: Served, **changes: object) -> str:
    path = drafted(served, **changes)
    assert asked(served, "POST", f"{path}/publish").status_code == 202
    return path


def subscribed(served: Served, petition: Petition, people: Iterable[Person], **changes: Any) -> list[str]:
    """Let these people confirm and ask for updates. Return their signatures' ids."""
    return [confirmed(served.tables, petition, person, updates=True, **changes) for person in people]


def run_once(served: Served) -> None:
    """Deliver each message of the job once. A message that fails stays."""
    messages, served.updates.messages[:] = list(served.updates.messages), []
    for message in messages:
        if run_update(sqs_event([message]), WITH_TIME)["batchItemFailures"]:
            served.updates.messages.append(message)


def send_once(served: Served) -> None:
    messages, served.other_queue.messages[:] = list(served.other_queue.messages), []
    for message in messages:
        if served.deliver("send_other_mail", [message]):
            served.other_queue.messages.append(message)


def worked(served: Served) -> None:
    """Run the job and the senders until no message is left, with the clock moving on."""
    for _ in range(10):
        run_once(served)
        send_once(served)
        if not served.updates.messages and not served.other_queue.messages:
            return
        served.clock.forward(LATER)
    raise AssertionError("The update does not end")


def results(served: Served, path: str) -> dict[str, Any]:
    body = asked(served, "GET", path).json_body
    return {name: body[name] for name in ("state", "requested", "sent", "failed", "skipped")}
