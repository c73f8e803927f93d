"""An update on the deployed stack: drafted, tested, published, emailed by its own functions with their own roles."""

from typing import Any

import requests

from tests.deployed import SLUG, DeployedSite
from tests.e2e.signing import act, link, sign
from tests.emulated import eventually

TEXT = {"title": "The Home Secretary answered", "markdown": "She said **yes**."}


def asked(site: DeployedSite, path: str, body: object) -> Any:
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    url = f"{site.url}/api/staff/petitions/{SLUG}/updates{path}"
    answer = requests.post(url, json=body, headers=headers, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def test_an_update_reaches_those_who_asked_for_it_and_its_result_is_exact(deployed_site: DeployedSite) -> None:
    site = deployed_site
    for email, updates in (("told@example.org", True), ("not.told@example.org", False)):
        assert sign(site, email, consent={"sign": True, "updates": updates}).status_code == 202
        assert act(link(site, email, "confirm")).status_code == 200
    update = asked(site, "", TEXT)["id"]
    asked(site, f"/{update}/test", {"email": "bob@charity.example"})
    assert eventually(lambda: site.mails("bob@charity.example"), 60)
    asked(site, f"/{update}/publish", {})

    def result() -> Any:
        found = site.staff(f"/petitions/{SLUG}/updates/{update}").json()
        return found if found["state"] == "sent" else None

    found = eventually(result, 180)
    assert found["requested"] == found["sent"] + found["failed"] + found["skipped"]
    assert [mail["subject"] for mail in site.mails("told@example.org")].count(TEXT["title"]) == 1
    assert TEXT["title"] not in [mail["subject"] for mail in site.mails("not.told@example.org")]
    shown = requests.get(f"{site.url}/api/petitions/{SLUG}/updates", timeout=20).json()["updates"]
    assert [each["title"] for each in shown] == [TEXT["title"]]
