"""The answers to a wrong path, method, input or link."""

import pytest
import requests

from tests.e2e.signing import PETITION_PATH, PROBLEM_TYPE
from tests.site import SLUG, DeployedSite


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
