"""Staff answer people who ask about their data, on the deployed stack under the functions' own roles."""

import re
from typing import Any

import requests

from tests.e2e.signing import emailed_link, press_button, sign
from tests.emulated import eventually
from tests.site import SLUG, DeployedSite


def ask(site: DeployedSite, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    answer = requests.post(f"{site.url}/api/staff/people/{path}", json=body or {}, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def find_signatures(site: DeployedSite, email: str) -> list[dict[str, Any]]:
    signatures: list[dict[str, Any]] = ask(site, "find", {"email": email})["signatures"]
    return signatures


def test_staff_find_show_resend_and_erase_a_signature_and_its_person_signs_again(
    site_with_sign_in: DeployedSite,
) -> None:
    site, email = site_with_sign_in, "asks.about.it@example.org"
    before = site.counts()["confirmed"]
    assert find_signatures(site, email) == []
    assert sign(site, email, postcode="M1 1AE").status_code == 202
    assert press_button(emailed_link(site, email, "confirm")).status_code == 200
    [signature] = find_signatures(site, email.upper())
    assert (signature["state"], signature["person"]["email"]) == ("confirmed", email)
    path = f"{SLUG}/{signature['id']}"

    access = ask(site, f"{path}/access")
    [held] = access["signatures"]
    assert held["person"]["postcode"] == "M1 1AE"
    assert held["signed_text"]["title"] == held["petition"]["title"]

    assert ask(site, f"{path}/resend")["mail"] is True
    assert site.counts()["confirmed"] == before + 1

    for _ in range(2):
        assert ask(site, f"{path}/erase")["state"] == "erased"
        assert site.counts()["confirmed"] == before
    [erased] = find_signatures(site, email)
    assert set(erased["person"].values()) == {None, False}

    assert sign(site, email).status_code == 202
    eventually(lambda: find_signatures(site, email)[0]["state"] == "pending")
    entries = site.staff("/audit").json()["entries"]
    actions = {entry["action"] for entry in entries if entry["subject"] == signature["id"]}
    assert {"access.exported", "mail.resent", "signature.erased"} <= actions
    assert not re.search("asks.about", site.staff("/audit").text)
