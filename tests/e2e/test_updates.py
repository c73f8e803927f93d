"""An update on the deployed stack: drafted, tested, published, and emailed by functions with their own roles."""

from typing import Any

import requests

from tests.e2e.signing import emailed_link, press_button, sign
from tests.emulated import eventually
from tests.site import SLUG, DeployedSite

TEXT = {"title": "The Home Secretary answered", "markdown": "She said **yes**."}


def ask(site: DeployedSite, path: str, body: object) -> Any:
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    url = f"{site.url}/api/staff/petitions/{SLUG}/updates{path}"
    answer = requests.post(url, json=body, headers=headers, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def test_an_update_reaches_people_who_asked_for_updates_and_its_result_is_exact(deployed_site: DeployedSite) -> None:
    site = deployed_site
    for email, updates in (("told@example.org", True), ("not.told@example.org", False)):
        assert sign(site, email, consent={"sign": True, "updates": updates}).status_code == 202
        assert press_button(emailed_link(site, email, "confirm")).status_code == 200
    update_id = ask(site, "", TEXT)["id"]
    ask(site, f"/{update_id}/test", {"email": "bob@charity.example"})
    assert eventually(lambda: site.mails("bob@charity.example"), 60)
    ask(site, f"/{update_id}/publish", {})

    def sent_update() -> Any:
        update = site.staff(f"/petitions/{SLUG}/updates/{update_id}").json()
        return update if update["state"] == "sent" else None

    update = eventually(sent_update, 180)
    assert update["requested"] == update["sent"] + update["failed"] + update["skipped"]
    subjects = [mail["subject"] for mail in site.mails("told@example.org")]
    assert subjects.count(TEXT["title"]) == 1
    assert TEXT["title"] not in [mail["subject"] for mail in site.mails("not.told@example.org")]

    def published_titles() -> list[str]:
        answer = requests.get(f"{site.url}/api/petitions/{SLUG}/updates", timeout=20)
        return [published["title"] for published in answer.json()["updates"]]

    # The public list is cached for ten seconds.
    assert eventually(published_titles, 30) == [TEXT["title"]]
