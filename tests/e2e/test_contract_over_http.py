"""A supporter's way over HTTP on the deployed stack, under the functions' own roles."""

from typing import Any

import requests

from tests.e2e.signing import PETITION_PATH, emailed_link, press_button, sign
from tests.emulated import eventually
from tests.site import DeployedSite


def test_a_supporter_signs_confirms_is_counted_and_withdraws(deployed_site: DeployedSite) -> None:
    before = deployed_site.counts()["confirmed"]
    email = "the.way@example.org"
    assert sign(deployed_site, email).status_code == 202
    link = emailed_link(deployed_site, email, "confirm")
    assert requests.get(link, timeout=30).status_code == 200
    assert deployed_site.counts()["confirmed"] == before
    for _ in range(3):
        assert press_button(link).status_code == 200
    assert deployed_site.counts()["confirmed"] == before + 1
    eventually(lambda: public_count(deployed_site)["count"] == before + 1)
    assert press_button(emailed_link(deployed_site, email, "withdraw")).status_code == 200
    assert deployed_site.counts()["confirmed"] == before


def public_count(site: DeployedSite) -> Any:
    return requests.get(f"{site.url}{PETITION_PATH}/count", timeout=30).json()
