"""The public contract over HTTP: what clients, partners and supporters get from the deployed stack."""

from typing import Any

import pytest
import requests

from tests.e2e.signing import PETITION_PATH, emailed_link, press_button, sign
from tests.emulated import eventually
from tests.site import SLUG, DeployedSite


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


def test_the_count_has_caching_headers(deployed_site: DeployedSite) -> None:
    answer = requests.get(f"{deployed_site.url}{PETITION_PATH}/count", timeout=30)
    assert set(answer.json()) == {"slug", "count", "goal", "as_of"}
    assert answer.headers["Cache-Control"].startswith("public, max-age=5, stale-while-revalidate=")
    assert "stale-if-error=" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    headers = {"If-None-Match": answer.headers["ETag"]}
    again = requests.get(f"{deployed_site.url}{PETITION_PATH}/count", headers=headers, timeout=30)
    assert again.status_code in (200, 304), "200 only if a signature was confirmed in between"


@pytest.mark.parametrize("accept", ["*/*", "image/avif,image/webp,*/*;q=0.8"])
def test_the_picture_of_a_petition_arrives_as_bytes(deployed_site: DeployedSite, accept: str) -> None:
    answer = requests.get(f"{deployed_site.url}/petitions/{SLUG}/card.png", headers={"Accept": accept}, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")


def test_a_preflight_lets_any_origin_sign(deployed_site: DeployedSite) -> None:
    headers = {
        "Origin": "https://partner.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = requests.options(f"{deployed_site.url}{PETITION_PATH}/signatures", headers=headers, timeout=30)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
