"""Staff get counts, CSV and statements from the deployed stack over HTTP, and others are refused."""

import pytest
import requests

from tests.e2e.signing import PROBLEM_TYPE
from tests.site import SLUG, DeployedSite


def test_staff_may_use_head_where_they_may_use_get(deployed_site: DeployedSite) -> None:
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    assert requests.head(url, timeout=30).status_code == 401
    headers = {"Authorization": f"Bearer {deployed_site.staff_token}"}
    assert requests.head(url, headers=headers, timeout=30).status_code == 200


def test_an_unknown_token_is_refused(deployed_site: DeployedSite) -> None:
    for token in ("Bearer x", f"Bearer staff_{'0' * 16}_{'0' * 64}", "Basic YTpi"):
        url = f"{deployed_site.url}/api/staff/petitions"
        answer = requests.get(url, headers={"Authorization": token}, timeout=30)
        assert answer.status_code == 401, token


def test_charlie_who_has_only_the_right_manage_reads_no_count(deployed_site: DeployedSite) -> None:
    from stack.manage import issue_token

    token = issue_token(deployed_site.stack, "charlie", "manage")
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM_TYPE)
    assert "confirmed" not in answer.text


def test_a_slash_at_the_end_of_a_path_changes_nothing(deployed_site: DeployedSite) -> None:
    assert deployed_site.staff("/petitions/").json().keys() == {"petitions"}
    assert deployed_site.staff(f"/petitions/{SLUG}/counts/").json()["slug"] == SLUG


def test_staff_list_every_petition(deployed_site: DeployedSite) -> None:
    petitions = deployed_site.staff("/petitions").json()["petitions"]
    [listed] = [petition for petition in petitions if petition["slug"] == SLUG]
    assert set(listed) == {"slug", "title", "state", "scheduled_opening", "confirmed", "pending"}


@pytest.mark.parametrize(
    "options", [{"params": {"by": "day", "format": "csv"}}, {"params": {"by": "day"}, "accept": 1}]
)
def test_staff_get_csv_for_their_spreadsheet(deployed_site: DeployedSite, options: dict[str, object]) -> None:
    headers = {"Authorization": f"Bearer {deployed_site.staff_token}"}
    if "accept" in options:
        headers["Accept"] = "text/csv"
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(url, params=options["params"], headers=headers, timeout=30)  # type: ignore[arg-type]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "key,confirmed"


def test_anyone_can_check_a_statement_and_a_forged_statement_is_refused(deployed_site: DeployedSite) -> None:
    frozen = deployed_site.issue_statement()
    assert frozen["statement"]["confirmed"] == deployed_site.counts()["confirmed"]
    page = requests.get(frozen["url"], timeout=30)
    url = page.url.replace("/statements/", "/api/statements/")
    check = requests.get(url, headers={"Origin": "https://news.example"}, timeout=30)
    assert (check.status_code, check.json()["statement"]) == (200, frozen["statement"])
    assert check.headers["Access-Control-Allow-Origin"] == "*"
    assert "This statement is genuine" in page.text
    for tampered in (url[:-1], "A.".join(url.rsplit(".", 1)), f"{url}A"):
        refused = requests.get(tampered, timeout=30)
        assert (refused.status_code, refused.headers["Content-Type"]) == (404, PROBLEM_TYPE), tampered


def test_an_unchanged_csv_is_304(deployed_site: DeployedSite) -> None:
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts?by=source&top=3&format=csv"
    staff = {"Authorization": f"Bearer {deployed_site.staff_token}"}
    first = requests.get(url, headers=staff, timeout=30)
    assert first.headers["Content-Type"].startswith("text/csv")
    again = requests.get(url, headers={**staff, "If-None-Match": first.headers["ETag"]}, timeout=30)
    assert (again.status_code, again.content) == (304, b"")
