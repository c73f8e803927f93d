"""Helpers for tests of updates: subscribers, an update, and workers that run until no message is left."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.petitions.model import Petition
from chalicelib.runner.worker import run_job
from chalicelib.updates.model import Update
from tests import asking
from tests.actors import NOW, Person, bobs_token, confirmed
from tests.fake_site import FakeSite, context, sqs_event
from tests.letters.lettering import send_all

UPDATES_PATH = "/api/staff/petitions/safe-children/updates"
TEXT = {
    "title": "The Home Secretary answered",
    "markdown": "She said **yes**.\n\n- [Read it](https://gov.example/letter)",
}
# The job starts this long after the request, and the first count of emails comes a minute later.
LATER = timedelta(minutes=2)


def an_update(**changes: Any) -> Update:
    values = {"slug": "safe-children", "update_id": "a1", "html": "", "created_at": NOW, "created_by": "bob"}
    return Update.model_validate({**TEXT, **values, **changes})


def ask(fake_site: FakeSite, method: str, path: str, body: object = None) -> HTTPResponse:
    """Call the API as Bob."""
    token = bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE)
    return asking.ask(fake_site, token, method, path, body)


def draft_update(fake_site: FakeSite, **changes: object) -> str:
    """Draft an update and return its path."""
    answer = ask(fake_site, "POST", UPDATES_PATH, TEXT | changes)
    assert answer.status_code == 201
    return f"{UPDATES_PATH}/{answer.json_body['id']}"


def publish_update(fake_site: FakeSite, **changes: object) -> str:
    path = draft_update(fake_site, **changes)
    assert ask(fake_site, "POST", f"{path}/publish").status_code == 202
    return path


def subscribe(fake_site: FakeSite, petition: Petition, people: Iterable[Person], **changes: Any) -> list[str]:
    """Let these people confirm and ask for updates. Return their signatures' ids."""
    return [confirmed(fake_site.tables, petition, person, updates=True, **changes) for person in people]


def run_once(fake_site: FakeSite) -> None:
    """Deliver each message of the job once. A message that fails stays."""
    messages, fake_site.jobs.messages[:] = list(fake_site.jobs.messages), []
    for message in messages:
        if run_job(sqs_event([message]), context())["batchItemFailures"]:
            fake_site.jobs.messages.append(message)


def run_until_done(fake_site: FakeSite) -> None:
    """Run the job and the senders until no message is left, and move the clock."""
    for _ in range(10):
        run_once(fake_site)
        send_all(fake_site)
        if not fake_site.jobs.messages and not fake_site.other_queue.messages:
            return
        fake_site.clock.forward(LATER)
    raise AssertionError("The update does not end")


def results(fake_site: FakeSite, path: str) -> dict[str, Any]:
    body = ask(fake_site, "GET", path).json_body
    return {name: body[name] for name in ("state", "requested", "sent", "failed", "skipped")}
