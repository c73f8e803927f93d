"""A petition's lifecycle over HTTP, on the deployed stack: draft, preview, open, paused, closed, removed."""

from typing import Any
from urllib.parse import urlsplit

import requests

from tests.e2e.signing import ALICES_SIGNATURE, emailed_link, press_button
from tests.emulated import eventually
from tests.site import DeployedSite, a_draft


def get(site: DeployedSite, path: str) -> requests.Response:
    return requests.get(f"{site.url}{path}", timeout=30)


def sign(site: DeployedSite, slug: str, email: str) -> requests.Response:
    return requests.post(
        f"{site.url}/api/petitions/{slug}/signatures", json={**ALICES_SIGNATURE, "email": email}, timeout=30
    )


def change_state(site: DeployedSite, slug: str, state: str, **fields: str) -> Any:
    answer = site.manage("POST", f"/petitions/{slug}/state", {"state": state, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_in_state(site: DeployedSite, slug: str, state: str) -> bool:
    """Return whether the public API shows this state. Functions cache a petition for five seconds."""
    return bool(get(site, f"/api/petitions/{slug}").json().get("state") == state)


def test_a_petitions_lifecycle_from_draft_to_removal(deployed_site: DeployedSite) -> None:
    site, slug, email = deployed_site, "a-lifecycle", "life@example.org"
    page = f"/petitions/{slug}"
    draft = site.manage("POST", "/petitions", a_draft(slug, goal=1, goals=[1000]))
    assert (draft.status_code, urlsplit(draft.headers["Location"]).path) == (201, f"/api/staff{page}")
    assert get(site, page).status_code == 404

    preview = requests.get(site.manage("POST", f"{page}/preview").json()["url"], timeout=30)
    assert (preview.status_code, "This is a preview" in preview.text) == (200, True)

    change_state(site, slug, "open")
    eventually(lambda: get(site, page).status_code == 200)
    assert get(site, f"/api{page}").json()["goal"] == 1
    assert sign(site, slug, email).status_code == 202
    confirm_link = emailed_link(site, email, "confirm")

    change_state(site, slug, "paused")

    def refuses_signatures() -> bool:
        answer = sign(site, slug, "late@example.org").json()
        return bool(answer.get("state") == "paused")

    eventually(refuses_signatures)
    assert "This petition is paused" in get(site, page).text
    assert press_button(confirm_link).status_code == 200, "people who signed before may still confirm"

    def is_counted() -> bool:
        answer = get(site, f"/api{page}/count").json()
        return bool({**answer, "as_of": ""} == {"slug": slug, "count": 1, "goal": 1000, "as_of": ""})

    eventually(is_counted)

    change_state(site, slug, "open")
    eventually(lambda: is_in_state(site, slug, "open"))
    change_state(site, slug, "closed")
    eventually(lambda: is_in_state(site, slug, "closed"))
    change_state(site, slug, "removed", reason="The law has changed.")
    eventually(lambda: get(site, page).status_code == 410)
    assert "The law has changed." in get(site, page).text
    assert get(site, f"/api{page}").json()["detail"].endswith("The law has changed.")
    assert site.manage("POST", f"{page}/state", {"state": "open"}).status_code == 409

    newest_first = site.staff("/audit").json()["entries"]
    actions = [entry["action"] for entry in reversed(newest_first) if entry["subject"] == slug]
    expected = ("created", "previewed", "opened", "paused", "opened", "closed", "removed")
    assert actions == [f"petition.{action}" for action in expected]
