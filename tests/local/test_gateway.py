"""What the local gateway answers itself, and what it gives to the functions, on the application's template."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import app as application
from chalicelib.staff.tokens import issue
from stack.judge import caller
from stack.local.gateway import ApiGateway, HttpRequest
from stack.local.resources import Resources
from stack.template.application import application_template
from tests.actors import DAY, NOW, bobs_token
from tests.fake_site import FakeSite
from tests.partnering import oaks_token

STAFF = "/api/staff/petitions"
SIGN = "/api/petitions/trees/signatures"
Headers = dict[str, str]


class RecordingFunctions:
    """Answers every event, and keeps the last one with the name of its function."""

    def __init__(self) -> None:
        self.called = ""
        self.event: Any = None

    def invoke(self, function: str, event: Any) -> Any:
        self.called, self.event = function, event
        picture = base64.b64encode(b"\x89PNG").decode()
        return {"statusCode": 200, "headers": {}, "body": picture, "isBase64Encoded": True}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Any:
    template = application_template(application.app)
    secrets: Path = tmp_path_factory.mktemp("secrets") / "file"
    return Resources(template, "http://127.0.0.1:1", secrets, {"SiteUrl": "http://127.0.0.1:8000"}).api()


@pytest.fixture
def functions() -> RecordingFunctions:
    return RecordingFunctions()


@pytest.fixture
def gateway(api: Any, functions: Any) -> ApiGateway:
    return ApiGateway(api, application.app, functions)


@pytest.fixture
def sent_by(fake_site: FakeSite) -> dict[str, Headers]:
    """The headers of each caller. Bob may read counts, and Charlie nothing."""
    tokens = {"bob": bobs_token(fake_site.tables), "charlie": issue("charlie", [], NOW, NOW + DAY, fake_site.tables)}
    staff = {name: {"authorization": f"Bearer {token}"} for name, token in (tokens | {"stranger": "x"}).items()}
    return {"anyone": {}, "oak": {"osdi-api-token": oaks_token(fake_site.tables)}, **staff}


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> HttpRequest:
    path, _, query = path.partition("?")
    return HttpRequest(method, path, query, headers or {}, body, "192.0.2.7")


@pytest.mark.parametrize(
    ("method", "path", "sender", "status", "extra"),
    [
        ("GET", STAFF, "anyone", 401, {"WWW-Authenticate": "Bearer"}),
        ("GET", STAFF, "stranger", 401, {"WWW-Authenticate": "Bearer"}),
        ("GET", STAFF, "charlie", 403, {}),
        ("GET", STAFF, "bob", 503, {"Retry-After": "5"}),
        ("TRACE", "/health", "anyone", 404, {}),
        ("POST", SIGN, "anyone", 413, {}),
    ],
    ids=["no token", "unknown token", "token without the right", "broken authorizer", "unknown method", "too large"],
)
def test_the_gateway_answers_with_the_problem_of_the_template(
    gateway: ApiGateway,
    fake_site: FakeSite,
    sent_by: dict[str, Headers],
    method: str,
    path: str,
    sender: str,
    status: int,
    extra: Headers,
) -> None:
    if status == 503:
        fake_site.tables.fail_next(RuntimeError())
    body = b"x" * (5 * 1024 * 1024) if status == 413 else b""
    answer = gateway.answer(request(method, path, sent_by[sender], body))
    found = dict(answer.headers)
    assert (answer.status, json.loads(answer.body)["status"]) == (status, status)
    assert found["Content-Type"] == "application/problem+json"
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "Refresh" not in found, "only a site with a CDN has this header"
    assert extra.items() <= found.items()


@pytest.mark.parametrize(
    ("method", "path", "sender", "function", "resource"),
    [
        ("GET", STAFF, "bob", "Counts", STAFF),
        ("GET", "/api/osdi", "oak", "Partners", "/api/osdi"),
        ("POST", SIGN, "anyone", "APIHandler", "/api/petitions/{slug}/signatures"),
        ("GET", "/", "anyone", "APIHandler", "/"),
        ("OPTIONS", "/", "anyone", "APIHandler", "/"),
        ("PUT", SIGN, "anyone", "APIHandler", "/{proxy+}"),
        ("GET", "/no/such/page", "anyone", "APIHandler", "/{proxy+}"),
        ("POST", "/api/petitions//signatures", "anyone", "APIHandler", "/{proxy+}"),
    ],
)
def test_a_request_reaches_the_function_that_the_template_names(
    gateway: ApiGateway,
    functions: RecordingFunctions,
    sent_by: dict[str, Headers],
    method: str,
    path: str,
    sender: str,
    function: str,
    resource: str,
) -> None:
    assert gateway.answer(request(method, path, sent_by[sender])).status == 200
    assert (functions.called, functions.event["resource"]) == (function, resource)
    assert functions.event["requestContext"]["resourcePath"] == resource


def test_an_authorizer_calls_aws_as_the_function_that_it_is(
    gateway: ApiGateway, fake_site: FakeSite, sent_by: dict[str, Headers], monkeypatch: pytest.MonkeyPatch
) -> None:
    called_by = set()
    monkeypatch.setattr(fake_site.tables, "_called", lambda _: called_by.add(caller.current()))
    gateway.answer(request("GET", STAFF, sent_by["bob"]))
    assert called_by == {"authorizer"}


def test_the_callers_address_comes_from_the_connection_whatever_the_caller_claims(
    gateway: ApiGateway, functions: RecordingFunctions
) -> None:
    gateway.answer(request("GET", "/?lang=cy", {"x-forwarded-for": "203.0.113.1"}))
    assert functions.event["requestContext"]["identity"]["sourceIp"] == "192.0.2.7"
    assert functions.event["headers"]["x-forwarded-for"] == "203.0.113.1, 192.0.2.7"
    assert functions.event["multiValueQueryStringParameters"] == {"lang": ["cy"]}


def test_bodies_pass_in_base64_and_pictures_come_out_as_bytes(
    gateway: ApiGateway, functions: RecordingFunctions
) -> None:
    gateway.answer(request("POST", SIGN, body=b"\xff{}"))
    assert (functions.event["body"], functions.event["isBase64Encoded"]) == (base64.b64encode(b"\xff{}").decode(), True)
    assert gateway.answer(request("GET", "/petitions/trees/card.png")).body == b"\x89PNG"
