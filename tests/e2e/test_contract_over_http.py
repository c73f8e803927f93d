"""The public contract over HTTP: what clients, partners and supporters get from the deployed stack."""

from concurrent.futures import ThreadPoolExecutor
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


def test_32_concurrent_signings_of_one_address_are_one_signature_and_one_email(deployed_site: DeployedSite) -> None:
    email = "race@example.org"
    pending = deployed_site.settled_pending()
    with ThreadPoolExecutor(32) as pool:
        signings = [pool.submit(sign, deployed_site, email) for _ in range(32)]
        answers = [signing.result() for signing in signings]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, '{"status":"check-your-inbox"}')}
    eventually(lambda: deployed_site.mails(email))
    eventually(lambda: deployed_site.counts()["pending"] == pending + 1)
    assert len(deployed_site.mails(email)) == 1


def test_12_people_who_confirm_three_times_are_counted_as_12(deployed_site: DeployedSite) -> None:
    before = deployed_site.counts()["confirmed"]
    emails = [f"crowd{number}@example.org" for number in range(12)]
    with ThreadPoolExecutor(16) as pool:
        signed = pool.map(sign, [deployed_site] * 12, emails)
        assert {answer.status_code for answer in signed} == {202}
        # One after the other, because each call reads the whole inbox.
        links = [emailed_link(deployed_site, email, "confirm") for email in emails]
        confirmed = pool.map(press_button, links * 3)
        assert {answer.status_code for answer in confirmed} == {200}
    assert deployed_site.counts()["confirmed"] == before + 12
    for by in ("day", "hour", "country", "source"):
        counts = deployed_site.counts(f"?by={by}")
        assert counts["confirmed"] == before + 12
        assert sum(row["confirmed"] for row in counts["breakdown"]) == before + 12


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


def test_the_json_of_a_petition_has_every_public_field(deployed_site: DeployedSite) -> None:
    petition = requests.get(f"{deployed_site.url}{PETITION_PATH}", timeout=30).json()
    assert set(petition) == {
        *("slug", "title", "summary", "text", "text_version", "target", "charity", "url", "state"),
        *("goal", "opened_at", "closes_at", "count", "consents", "privacy", "languages"),
        *("handed_in_at", "responded_at", "response", "letter"),
    }
    letter = petition["letter"]
    assert {"subject", "body", "openings", "targets", "may_edit"} <= set(letter)
    assert (letter["targets"], letter["may_edit"]) == (["Home Secretary"], True)


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


def test_the_form_redirects_to_thanks_or_shows_the_input_again(deployed_site: DeployedSite) -> None:
    url = f"{deployed_site.url}/petitions/{SLUG}/signatures"
    fields = {
        "name": "Alice",
        "email": "form@example.org",
        "country": "GB",
        "postcode": "sw1a1aa",
        "consent.sign": "yes",
    }
    good = requests.post(url, data=fields, allow_redirects=False, timeout=30)
    assert (good.status_code, good.headers["Location"]) == (303, f"/petitions/{SLUG}/thanks")
    bad = requests.post(url, data={**fields, "email": "nonsense"}, allow_redirects=False, timeout=30)
    assert bad.status_code == 422
    assert 'value="nonsense"' in bad.text
    assert "<title>Error:" in bad.text


def test_pages_have_security_headers(deployed_site: DeployedSite) -> None:
    page = requests.get(f"{deployed_site.url}/petitions/{SLUG}", timeout=30)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "max-age" in page.headers["Strict-Transport-Security"]


def test_the_health_check_succeeds(deployed_site: DeployedSite) -> None:
    answer = requests.get(f"{deployed_site.url}/health", timeout=30)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
