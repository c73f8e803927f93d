"""The local run answers the application's calls of Lambda, unless the judge refuses them."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from chalicelib.aws.queue import Source
from stack.judge.caller import calling
from stack.judge.install import install, uninstall
from stack.judge.judge import Judge
from stack.local import lambda_api
from stack.local.gateway import HttpRequest
from stack.local.sources import EventSource

MAIL, OTHER_MAIL = str(UUID(int=1)), str(UUID(int=2))


@pytest.fixture
def sources() -> dict[str, EventSource]:
    return {name: EventSource(name, {}, lambda _: None) for name in (MAIL, OTHER_MAIL)}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, sources: dict[str, EventSource]) -> Iterator[Any]:
    """A judged client whose requests arrive at the local API."""

    def send(_: object, request: AWSPreparedRequest) -> AWSResponse:
        body = cast(bytes, request.body or b"")
        called = HttpRequest(request.method, urlsplit(request.url).path, "", {}, body, "127.0.0.1")
        answer = lambda_api.answer(called, sources)
        raw: Any = SimpleNamespace(stream=lambda: [answer.body])
        return AWSResponse(request.url, answer.status, HTTPHeaders.from_pairs(answer.headers), raw)

    monkeypatch.setattr(URLLib3Session, "send", send)
    install(Judge())
    endpoint = f"http://127.0.0.1:1{lambda_api.PATH}"
    yield boto3.client("lambda", "us-east-1", endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x")
    uninstall()


def test_a_switch_changes_just_its_event_source(client: Any, sources: dict[str, EventSource]) -> None:
    source = Source(client, MAIL)
    assert source.switch(is_on=False)
    assert source.is_off()
    assert {name: each.is_enabled for name, each in sources.items()} == {MAIL: False, OTHER_MAIL: True}


def test_a_refused_switch_changes_nothing(client: Any, sources: dict[str, EventSource]) -> None:
    with calling("sign_in"), pytest.raises(ClientError, match="AccessDenied"):
        client.update_event_source_mapping(UUID=MAIL, Enabled=False)
    assert sources[MAIL].is_enabled
