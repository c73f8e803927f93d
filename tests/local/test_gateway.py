"""What the local gateway answers itself, on the application's template, with a small application behind it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from chalice.app import AuthRequest, AuthResponse, Chalice

import app as application
from chalicelib.staff.authorizer import HeadersAuthorizer
from stack.judge import caller
from stack.local.gateway import ApiGateway, HttpRequest
from stack.local.resources import Resources
from stack.template.application import application_template

STAFF = "/api/staff/petitions"
SIGN = "/api/petitions/trees/signatures"
BOB = {"authorization": "Bearer bob"}
CHARLIE = {"authorization": "Bearer charlie"}


class RecordingFunctions:
    """Answers every event, and keeps the last one with the name of its function."""

    def __init__(self) -> None:
        self.called = ""
        self.event: Any = None

    def invoke(self, function: str, event: Any) -> Any:
        self.called, self.event = function, event
        return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, **_ANSWERS[event["resource"]]}


_TEXT = {"body": "text"}
_ANSWERS: dict[str, dict[str, Any]] = {
    "/petitions/{slug}/card.png": {"body": base64.b64encode(b"\x89PNG").decode(), "isBase64Encoded": True},
    "/": _TEXT,
    "/{proxy+}": _TEXT,
    STAFF: _TEXT,
    "/api/osdi": _TEXT,
    "/api/petitions/{slug}/signatures": _TEXT,
}


def small_application() -> Chalice:
    """Return an application with some of the template's routes. Bob may read petitions; Charlie may nothing."""
    small = Chalice("small")

    def authorized(request: AuthRequest) -> AuthResponse:
        assert caller.current() == "authorizer"
        if request.token.endswith("broken"):
            raise ValueError("the table is away")
        if request.token not in (BOB["authorization"], CHARLIE["authorization"]):
            raise Exception("Unauthorized")
        routes = ["*"] if request.token == BOB["authorization"] else []
        return AuthResponse(routes=[*routes, "/api/staff/me"], principal_id="id", context={})

    authorizer = small.authorizer(name="authorizer")(authorized)
    authorizer.__class__ = HeadersAuthorizer
    for path, method, is_open in (
        ("/", "GET", True),
        ("/petitions/{slug}/card.png", "GET", True),
        ("/api/petitions/{slug}/signatures", "POST", True),
        (STAFF, "GET", False),
        ("/api/osdi", "GET", False),
    ):
        small.route(path, methods=[method], authorizer=None if is_open else authorizer, name=path)(_view)
    return small


def _view() -> None:
    """Never called: the functions are recorded."""


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
    return ApiGateway(api, small_application(), functions)


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> HttpRequest:
    path, _, query = path.partition("?")
    return HttpRequest(method, path, query, headers or {}, body, "192.0.2.7")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "extra"),
    [
        ("GET", STAFF, {}, 401, {"WWW-Authenticate": "Bearer"}),
        ("GET", STAFF, {"authorization": "Bearer nobody"}, 401, {"WWW-Authenticate": "Bearer"}),
        ("GET", STAFF, CHARLIE, 403, {}),
        ("GET", STAFF, {"authorization": "Bearer broken"}, 503, {"Retry-After": "5"}),
        ("TRACE", "/health", {}, 404, {}),
        ("POST", SIGN, {}, 413, {}),
    ],
    ids=["no token", "unknown token", "token without the right", "broken authorizer", "unknown method", "too large"],
)
def test_the_gateway_answers_with_the_problem_of_the_template(
    gateway: ApiGateway, method: str, path: str, headers: dict[str, str], status: int, extra: dict[str, str]
) -> None:
    body = b"x" * (5 * 1024 * 1024) if status == 413 else b""
    answer = gateway.answer(request(method, path, headers, body))
    found = dict(answer.headers)
    assert (answer.status, json.loads(answer.body)["status"]) == (status, status)
    assert found["Content-Type"] == "application/problem+json"
    assert found["Access-Control-Allow-Origin"] == "*"
    assert "Refresh" not in found, "only a site with a CDN has this header"
    assert extra.items() <= found.items()


@pytest.mark.parametrize(
    ("method", "path", "headers", "function", "resource"),
    [
        ("GET", STAFF, BOB, "Counts", STAFF),
        ("GET", "/api/osdi", {"osdi-api-token": "bob"}, "Partners", "/api/osdi"),
        ("POST", SIGN, {}, "APIHandler", "/api/petitions/{slug}/signatures"),
        ("GET", "/", {}, "APIHandler", "/"),
        ("OPTIONS", "/", {}, "APIHandler", "/"),
        ("PUT", SIGN, {}, "APIHandler", "/{proxy+}"),
        ("GET", "/no/such/page", {}, "APIHandler", "/{proxy+}"),
        ("POST", "/api/petitions//signatures", {}, "APIHandler", "/{proxy+}"),
    ],
)
def test_a_request_reaches_the_function_that_the_template_names(
    gateway: ApiGateway,
    functions: RecordingFunctions,
    method: str,
    path: str,
    headers: dict[str, str],
    function: str,
    resource: str,
) -> None:
    assert gateway.answer(request(method, path, headers)).status == 200
    assert (functions.called, functions.event["resource"]) == (function, resource)
    assert functions.event["requestContext"]["resourcePath"] == resource


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
