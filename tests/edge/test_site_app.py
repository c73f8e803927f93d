"""HEAD for each GET, 405 with `Allow`, and a response for each path that API Gateway sends to the catch-all."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from app import app
from chalicelib.edge.http import PROBLEM
from chalicelib.edge.routes import CATCH_ALL
from chalicelib.edge.site_app import routes_at
from tests.actors import bobs_token
from tests.fake_site import FakeSite, context

BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SIGNATURES_PATH = "/api/petitions/safe-children/signatures"


def send(
    method: str, path: str, resource: str = CATCH_ALL, parameters: dict[str, str] | None = None, **headers: str
) -> dict[str, Any]:
    """Send an event of API Gateway to the function, and return its response. The path may have a query."""
    path, _, query = path.partition("?")
    event: dict[str, Any] = {
        "path": path,
        "requestContext": {"httpMethod": method, "resourcePath": resource, "path": f"/site{path}", "requestId": "1"},
        "multiValueQueryStringParameters": parse_qs(query) or None,
        "stageVariables": None,
        "pathParameters": parameters,
        "headers": headers,
        "body": "",
    }
    answer: dict[str, Any] = app(event, context())
    return answer


@pytest.mark.parametrize("path", ["/", "/petitions/safe-children", "/api/petitions/safe-children/count", "/nobody"])
def test_head_answers_like_get_without_the_body(fake_site: FakeSite, path: str) -> None:
    resource = next((route.path for route in routes_at(path)), CATCH_ALL)
    parameters = {"slug": "safe-children"} if "{slug}" in resource else {}
    get = send("GET", path, resource, parameters)
    head = send("HEAD", path, resource, parameters)
    assert (head["statusCode"], head["headers"]) == (get["statusCode"], get["headers"])
    assert get["body"]
    assert head["body"] == ""


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", ["/", "/api/petitions/safe-children/count", "/petitions/safe-children/updates.atom"])
def test_a_content_type_without_a_body_does_no_harm(fake_site: FakeSite, path: str, content_type: str) -> None:
    assert fake_site.get(path, content_type=content_type).status_code == 200


def test_head_of_the_counts_needs_the_right_to_read_counts(fake_site: FakeSite) -> None:
    headers = {"Authorization": f"Bearer {bobs_token(fake_site.tables)}"}
    url = "/api/staff/petitions/safe-children/counts"
    answer = fake_site.client.http.request("HEAD", url, headers=headers)
    assert (answer.status_code, answer.body) == (200, b"")
    assert fake_site.client.http.request("HEAD", url).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/", "GET, HEAD"),
        ("PUT", "/confirm", "GET, HEAD, POST"),
        ("GET", SIGNATURES_PATH, "OPTIONS, POST"),
        ("HEAD", SIGNATURES_PATH, "OPTIONS, POST"),
        ("POST", "/api/petitions/safe-children/count", "GET, HEAD, OPTIONS"),
        ("GET", "/api/staff/people/find", "POST"),
        ("PATCH", "/api/staff/tokens", "GET, HEAD, POST"),
        ("GET", "/api/staff/tokens/0123456789abcdef", "DELETE"),
        ("OPTIONS", "/api/staff/tokens", "GET, HEAD, POST"),
    ],
)
def test_another_method_is_405_with_allow(fake_site: FakeSite, method: str, path: str, allow: str) -> None:
    fake_site.tables.calls.clear()
    answer = send(method, path)
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, allow)
    assert answer["headers"]["Content-Type"] == PROBLEM
    assert fake_site.tables.calls == [], "no table is read"
    if method != "HEAD":
        assert json.loads(answer["body"])["status"] == 405


def test_a_reload_of_a_refused_form_leads_back_to_the_form(fake_site: FakeSite) -> None:
    """Without JavaScript, the address of the refused form stays in the address bar."""
    answer = send("GET", "/petitions/safe-children/signatures", accept=BROWSER_ACCEPT)
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST")
    assert 'href="/site/petitions/safe-children#sign"' in answer["body"]
    assert "Your form was not sent again." in answer["body"]
    assert "frame-ancestors 'none'" in answer["headers"]["Content-Security-Policy"]
    assert "#sign" not in send("GET", "/api/staff/sign-in", accept=BROWSER_ACCEPT)["body"]


@pytest.mark.parametrize("path", ["/petitions/safe-children/signatures?embed=1", "/embed/safe-children/nothing"])
def test_a_problem_without_a_route_is_shown_in_the_frame(fake_site: FakeSite, path: str) -> None:
    answer = send("GET", path, accept=BROWSER_ACCEPT)
    assert "frame-ancestors *" in answer["headers"]["Content-Security-Policy"]
    assert 'class="masthead"' not in answer["body"]


@pytest.mark.parametrize("path", ["/nobody", "/petitions/", "/petitions/a/b/c", "/wp-login.php", "//", "/api/staff"])
def test_an_unknown_path_is_a_problem_or_a_page_as_the_client_prefers(fake_site: FakeSite, path: str) -> None:
    problem, page = send("GET", path), send("GET", path, accept=BROWSER_ACCEPT)
    assert (problem["statusCode"], problem["headers"]["Content-Type"]) == (404, PROBLEM)
    assert problem["headers"]["Access-Control-Allow-Origin"] == "*"
    assert (page["statusCode"], page["headers"]["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert 'href="/site/assets/' in page["body"]
    assert "Allow" not in problem["headers"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/petitions/safe-children/", "/site/petitions/safe-children"),
        ("/confirm//", "/site/confirm"),
        ("/petitions/a\r\nx/", "/site/petitions/a%0D%0Ax"),
    ],
)
def test_a_needless_slash_is_removed_from_an_address(fake_site: FakeSite, path: str, location: str) -> None:
    answer = send("GET", path)
    assert (answer["statusCode"], answer["headers"]["Location"]) == (302, location)
    assert send("POST", "/petitions/safe-children/")["statusCode"] == 404


def test_a_form_that_is_sent_with_a_needless_slash_is_not_lost(fake_site: FakeSite) -> None:
    answer = send("POST", "/petitions/safe-children/signatures/")
    assert (answer["statusCode"], answer["headers"]["Location"]) == (307, "/site/petitions/safe-children/signatures")


def test_unknown_paths_are_not_logged(fake_site: FakeSite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    send("GET", "/alice@example.org")
    [answered] = [record for record in caplog.records if record.message == "answered"]
    assert vars(answered)["facts"]["route"] == CATCH_ALL
