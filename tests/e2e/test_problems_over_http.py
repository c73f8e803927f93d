"""The answers to a wrong path, method, input or link."""

import pytest
import requests

from tests.e2e.signing import PETITION_PATH, PROBLEM_TYPE
from tests.site import SLUG, DeployedSite


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 422),
        ('{"name": "Alice"}', "application/json", 422),
        ("name=Alice", "application/x-www-form-urlencoded", 415),
        ('{"name": "' + "a" * 17000 + '"}', "application/json", 413),
    ],
)
def test_bad_input_gets_a_problem_and_invalid_fields_get_field_errors(
    deployed_site: DeployedSite, body: str, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    answer = requests.post(f"{deployed_site.url}{PETITION_PATH}/signatures", data=body, headers=headers, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM_TYPE)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"type", "title", "status", "detail"} <= set(answer.json())
    assert ("errors" in answer.json()) is (status == 422)


@pytest.mark.parametrize(
    ("size", "detail"),
    [
        (16 * 1024 + 1, "The body must be 16 KB or less."),
        (5 * 1024 * 1024, "The request is too large."),
    ],
    ids=["refused by us", "refused by Lambda"],
)
def test_a_body_that_is_too_large_is_refused_with_an_explanation(
    deployed_site: DeployedSite, size: int, detail: str
) -> None:
    headers = {"Authorization": f"Bearer {deployed_site.staff_token}", "Content-Type": "application/json"}
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/figures"
    answer = requests.post(url, data=b"{" * size, headers=headers, timeout=30)
    assert answer.json()["detail"] == detail


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/petitions/no-such-petition", 404),
        ("/api/no/such/route", 404),
        ("/api/staff/petitions", 401),
        (f"/api/staff/petitions/{SLUG}/counts", 401),
    ],
)
def test_answers_404_and_401_are_problems(deployed_site: DeployedSite, path: str, status: int) -> None:
    answer = requests.get(f"{deployed_site.url}{path}", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM_TYPE)
    assert answer.json()["status"] == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", ["/", f"/petitions/{SLUG}", PETITION_PATH, f"{PETITION_PATH}/count", "/confirm?token=x", "/no/such/page"]
)
def test_head_answers_like_get_without_the_body(deployed_site: DeployedSite, path: str) -> None:
    url = f"{deployed_site.url}{path}"
    get = requests.request("GET", url, timeout=30)
    head = requests.request("HEAD", url, timeout=30)
    assert (head.status_code, head.content) == (get.status_code, b"")
    changing_headers = {"Content-Length", "Date", "ETag"}
    assert set(get.headers) - changing_headers <= set(head.headers)
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/", {"GET", "HEAD"}),
        ("GET", f"{PETITION_PATH}/signatures", {"OPTIONS", "POST"}),
        ("POST", f"{PETITION_PATH}/count", {"GET", "HEAD", "OPTIONS"}),
        ("OPTIONS", "/api/staff/petitions", {"GET", "HEAD", "POST"}),
    ],
)
def test_a_wrong_method_is_405_with_an_allow_header(
    deployed_site: DeployedSite, method: str, path: str, allow: set[str]
) -> None:
    answer = requests.request(method, f"{deployed_site.url}{path}", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, PROBLEM_TYPE)
    assert set(answer.headers["Allow"].split(", ")) == allow


def test_a_browser_gets_a_page_for_an_unknown_path(deployed_site: DeployedSite) -> None:
    answer = requests.get(f"{deployed_site.url}/no/such/page", headers={"Accept": "text/html"}, timeout=30)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_a_damaged_link_leads_to_a_helpful_page(deployed_site: DeployedSite) -> None:
    for path in ("/confirm", "/confirm?token=x", "/withdraw?token=a.b", "/unsubscribe?token="):
        answer = requests.get(f"{deployed_site.url}{path}", timeout=30)
        assert answer.status_code == 400
        assert "This link is incomplete" in answer.text
