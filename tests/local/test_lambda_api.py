"""The local run answers the application's calls of Lambda."""

import json

import pytest

from stack.local import lambda_api
from stack.local.gateway import HttpRequest
from stack.local.sources import EventSource


@pytest.mark.parametrize(
    ("method", "body", "state"), [("GET", b"", "Enabled"), ("PUT", b'{"Enabled": false}', "Disabled")]
)
def test_a_switch_changes_just_its_event_source(method: str, body: bytes, state: str) -> None:
    sources = {name: EventSource(name, {}, lambda _: None) for name in ("mail", "other-mail")}
    path = f"{lambda_api.PATH}/2015-03-31/event-source-mappings/mail"
    answer = lambda_api.answer(HttpRequest(method, path, "", {}, body, "127.0.0.1"), sources)
    assert json.loads(answer.body)["State"] == state
    assert {name: each.is_enabled for name, each in sources.items()} == {"mail": state == "Enabled", "other-mail": True}
