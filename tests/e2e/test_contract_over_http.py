"""The public contract over HTTP: what clients, partners and supporters get from the deployed stack."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.deployed import SLUG, DeployedSite
from tests.emulated import eventually

ALICE = {"name": "Alice Example", "consent": {"sign": True, "updates": False}}
API = f"/api/petitions/{SLUG}"
PROBLEM = "application/problem+json"


def sign(site: DeployedSite, email: str, **fields: object) -> requests.Response:
    return requests.post(f"{site.url}{API}/signatures", json={**ALICE, "email": email, **fields}, timeout=30)


def link(site: DeployedSite, email: str, purpose: str) -> str:
    [mail, *_] = eventually(lambda: site.mails(email))
    found = re.search(rf"{re.escape(site.url)}/{purpose}\?token=\S+", mail["text"])
    assert found, mail["text"]
    return found[0]


def act(address: str, **fields: str) -> requests.Response:
    """Press the button on a link's page."""
    parts = urlsplit(address)
    token = parts.query.removeprefix("token=")
    return requests.post(address.partition("?")[0], data={"token": token, **fields}, timeout=30)


def test_sign_email_confirm_count_withdraw(deployed_site: DeployedSite) -> None:
    before = deployed_site.counts()["confirmed"]
    email = "the.way@example.org"
    assert sign(deployed_site, email).status_code == 202
    address = link(deployed_site, email, "confirm")
    assert requests.get(address, timeout=30).status_code == 200
    assert deployed_site.counts()["confirmed"] == before
    for _ in range(3):
        assert act(address).status_code == 200
    assert deployed_site.counts()["confirmed"] == before + 1
    eventually(lambda: public_count(deployed_site)["count"] == before + 1)
    assert act(link(deployed_site, email, "withdraw")).status_code == 200
    assert deployed_site.counts()["confirmed"] == before


def test_32_concurrent_signings_of_one_address_are_one_signature_and_one_email(deployed_site: DeployedSite) -> None:
    email = "race@example.org"
    pending = deployed_site.counts()["pending"]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: sign(deployed_site, email), range(32)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, '{"status":"check-your-inbox"}')}
    eventually(lambda: deployed_site.mails(email))
    eventually(lambda: deployed_site.counts()["pending"] == pending + 1)
    assert len(deployed_site.mails(email)) == 1


def test_40_people_confirming_three_times_are_counted_as_40(deployed_site: DeployedSite) -> None:
    before = deployed_site.counts()["confirmed"]
    emails = [f"crowd{number}@example.org" for number in range(40)]
    with ThreadPoolExecutor(16) as pool:
        assert {answer.status_code for answer in pool.map(lambda email: sign(deployed_site, email), emails)} == {202}
        # One after the other: each look reads the whole inbox.
        links = [link(deployed_site, email, "confirm") for email in emails]
        assert {answer.status_code for answer in pool.map(act, links * 3)} == {200}
    assert deployed_site.counts()["confirmed"] == before + 40
    for by in ("day", "hour", "country", "source"):
        counted = deployed_site.counts(f"?by={by}")
        assert counted["confirmed"] == before + 40 == sum(row["confirmed"] for row in counted["breakdown"])


def public_count(site: DeployedSite) -> Any:
    return requests.get(f"{site.url}{API}/count", timeout=30).json()


def test_the_count_has_caching_headers(deployed_site: DeployedSite) -> None:
    answer = requests.get(f"{deployed_site.url}{API}/count", timeout=30)
    assert set(answer.json()) == {"slug", "count", "goal", "as_of"}
    assert answer.headers["Cache-Control"].startswith("public, max-age=5, stale-while-revalidate=")
    assert "stale-if-error=" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    headers = {"If-None-Match": answer.headers["ETag"]}
    again = requests.get(f"{deployed_site.url}{API}/count", headers=headers, timeout=30)
    assert again.status_code in (200, 304), "200 only if a signature was confirmed in between"


@pytest.mark.parametrize("accept", ["*/*", "image/avif,image/webp,*/*;q=0.8"])
def test_the_picture_of_a_shared_link_arrives_as_bytes(deployed_site: DeployedSite, accept: str) -> None:
    answer = requests.get(f"{deployed_site.url}/petitions/{SLUG}/card.png", headers={"Accept": accept}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")


def test_the_petition_as_json(deployed_site: DeployedSite) -> None:
    found = requests.get(f"{deployed_site.url}{API}", timeout=30).json()
    assert set(found) == {
        *("slug", "title", "summary", "text", "text_version", "target", "charity", "url", "state"),
        *("goal", "opened_at", "closes_at", "count", "consents", "privacy", "languages"),
        *("handed_in_at", "responded_at", "response", "letter"),
    }
    letter = found["letter"]
    assert {"subject", "body", "openings", "targets", "may_edit"} <= set(letter)
    assert (letter["targets"], letter["may_edit"]) == (["Home Secretary"], True)


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
def test_bad_input_gets_a_problem_with_field_errors(
    deployed_site: DeployedSite, body: str, content_type: str, status: int
) -> None:
    headers = {"Content-Type": content_type}
    answer = requests.post(f"{deployed_site.url}{API}/signatures", data=body, headers=headers, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert {"type", "title", "status", "detail"} <= set(answer.json())
    assert ("errors" in answer.json()) is (status == 422)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/petitions/no-such-petition", 404),
        ("/api/no/such/route", 404),
        ("/api/staff/petitions", 401),
        (f"/api/staff/petitions/{SLUG}/counts", 401),
    ],
)
def test_not_found_and_not_allowed_are_problems(deployed_site: DeployedSite, path: str, status: int) -> None:
    answer = requests.get(f"{deployed_site.url}{path}", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert status != 401 or answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", f"/petitions/{SLUG}", API, f"{API}/count", "/confirm?token=x", "/no/such/page"])
def test_head_answers_like_get_without_the_body(deployed_site: DeployedSite, path: str) -> None:
    got, head = (requests.request(method, f"{deployed_site.url}{path}", timeout=30) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (got.status_code, b"")
    changing = {"Content-Length", "Date", "ETag"}
    assert {name for name in got.headers if name not in changing} <= set(head.headers)
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/", {"GET", "HEAD"}),
        ("PUT", f"{API}/signatures", {"OPTIONS", "POST"}),
        ("GET", f"{API}/signatures", {"OPTIONS", "POST"}),
        ("POST", f"{API}/count", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/api/staff/petitions", {"GET", "HEAD", "POST"}),
    ],
)
def test_another_method_is_405_with_an_allow_header(
    deployed_site: DeployedSite, method: str, path: str, allow: set[str]
) -> None:
    answer = requests.request(method, f"{deployed_site.url}{path}", timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, PROBLEM)
    assert set(answer.headers["Allow"].split(", ")) == allow


def test_an_unknown_path_is_a_page_for_a_browser(deployed_site: DeployedSite) -> None:
    answer = requests.get(f"{deployed_site.url}/no/such/page", headers={"Accept": "text/html"}, timeout=30)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_staff_may_use_head_where_they_may_use_get(deployed_site: DeployedSite) -> None:
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    assert requests.head(url, timeout=30).status_code == 401
    known = {"Authorization": f"Bearer {deployed_site.staff_token}"}
    assert requests.head(url, headers=known, timeout=30).status_code == 200


def test_an_unknown_token_is_refused(deployed_site: DeployedSite) -> None:
    for token in ("Bearer x", f"Bearer staff_{'0' * 16}_{'0' * 64}", "Basic YTpi"):
        address = f"{deployed_site.url}/api/staff/petitions"
        answer = requests.get(address, headers={"Authorization": token}, timeout=30)
        assert answer.status_code == 401, token


def test_charlie_with_only_manage_reads_no_count(deployed_site: DeployedSite) -> None:
    from stack.manage import issue_token

    token = issue_token(deployed_site.stack, "charlie", "manage")
    address = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM)
    assert "confirmed" not in answer.text


def test_staff_list_every_petition(deployed_site: DeployedSite) -> None:
    petitions = deployed_site.staff("/petitions").json()["petitions"]
    [listed] = [petition for petition in petitions if petition["slug"] == SLUG]
    assert set(listed) == {"slug", "title", "state", "scheduled_opening", "confirmed", "pending"}


@pytest.mark.parametrize("ask", [{"params": {"by": "day", "format": "csv"}}, {"params": {"by": "day"}, "accept": 1}])
def test_staff_get_csv_for_their_spreadsheet(deployed_site: DeployedSite, ask: dict[str, object]) -> None:
    headers = {"Authorization": f"Bearer {deployed_site.staff_token}"}
    if "accept" in ask:
        headers["Accept"] = "text/csv"
    address = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(address, params=ask["params"], headers=headers, timeout=30)  # type: ignore[arg-type]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "key,confirmed"


def test_a_preflight_lets_any_origin_sign(deployed_site: DeployedSite) -> None:
    headers = {
        "Origin": "https://partner.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = requests.options(f"{deployed_site.url}{API}/signatures", headers=headers, timeout=30)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


def test_the_form_redirects_to_thanks_or_shows_the_input_again(deployed_site: DeployedSite) -> None:
    address = f"{deployed_site.url}/petitions/{SLUG}/signatures"
    fields = {
        "name": "Alice",
        "email": "form@example.org",
        "country": "GB",
        "postcode": "sw1a1aa",
        "consent.sign": "yes",
    }
    good = requests.post(address, data=fields, allow_redirects=False, timeout=30)
    assert (good.status_code, good.headers["Location"]) == (303, f"/petitions/{SLUG}/thanks")
    bad = requests.post(address, data={**fields, "email": "nonsense"}, allow_redirects=False, timeout=30)
    assert bad.status_code == 422
    assert 'value="nonsense"' in bad.text
    assert "<title>Error:" in bad.text


def test_under_the_bare_stage_links_forms_and_assets_carry_the_prefix(deployed_site: DeployedSite) -> None:
    api = deployed_site.stack.api
    page = requests.get(f"{api}/petitions/{SLUG}", timeout=30)
    assert page.status_code == 200
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
    assert links
    assert all(found.startswith("/site/") for found in links), links
    [style] = {found for found in links if "site.css" in found}
    assert requests.get(api.removesuffix("/site") + style, timeout=30).status_code == 200


def test_pages_have_security_headers(deployed_site: DeployedSite) -> None:
    page = requests.get(f"{deployed_site.url}/petitions/{SLUG}", timeout=30)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "max-age" in page.headers["Strict-Transport-Security"]


def test_a_damaged_link_leads_to_a_helpful_page(deployed_site: DeployedSite) -> None:
    for path in ("/confirm", "/confirm?token=x", "/withdraw?token=a.b", "/unsubscribe?token="):
        answer = requests.get(f"{deployed_site.url}{path}", timeout=30)
        assert answer.status_code == 400
        assert "This link is incomplete" in answer.text


def test_health_checks_tables_and_queue(deployed_site: DeployedSite) -> None:
    answer = requests.get(f"{deployed_site.url}/health", timeout=30)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_anyone_can_check_a_statement_and_a_forged_one_is_refused(deployed_site: DeployedSite) -> None:
    frozen = deployed_site.frozen()
    assert frozen["statement"]["confirmed"] == deployed_site.counts()["confirmed"]
    page = requests.get(frozen["url"], timeout=30)
    address = page.url.replace("/statements/", "/api/statements/")
    checked = requests.get(address, headers={"Origin": "https://news.example"}, timeout=30)
    assert (checked.status_code, checked.json()["statement"]) == (200, frozen["statement"])
    assert checked.headers["Access-Control-Allow-Origin"] == "*"
    assert "This statement is genuine" in page.text
    for tampered in (address[:-1], "A.".join(address.rsplit(".", 1)), f"{address}A"):
        refused = requests.get(tampered, timeout=30)
        assert (refused.status_code, refused.headers["Content-Type"]) == (404, PROBLEM), tampered


def test_an_unchanged_csv_is_304(deployed_site: DeployedSite) -> None:
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts?by=source&top=3&format=csv"
    staff = {"Authorization": f"Bearer {deployed_site.staff_token}"}
    first = requests.get(url, headers=staff, timeout=30)
    assert first.headers["Content-Type"].startswith("text/csv")
    again = requests.get(url, headers={**staff, "If-None-Match": first.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")
