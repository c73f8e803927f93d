"""Staff get counts, CSV and statements from the deployed stack over HTTP, and others are refused."""

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
    token = deployed_site.stack.manage("token", "issue", "--owner", "charlie", "--rights", "manage")
    url = f"{deployed_site.url}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, PROBLEM_TYPE)
    assert "confirmed" not in answer.text


def test_a_slash_at_the_end_of_a_path_changes_nothing(deployed_site: DeployedSite) -> None:
    assert deployed_site.staff("/petitions/").json().keys() == {"petitions"}
    assert deployed_site.staff(f"/petitions/{SLUG}/counts/").json()["slug"] == SLUG
