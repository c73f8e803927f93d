"""Bob compares hashes with another platform: its key, a wrong file, a comparison, and a cancelled comparison."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib.core.address import hash_rows
from tests.browser.axe import check_at_every_size
from tests.browser.new_petition import open_new_petition, sign_and_confirm_by_api
from tests.browser.test_staff import sign_in
from tests.deployed import DeployedSite

SLUG = "compared-with-others"
ALICES_EMAIL = "alice.is.compared@example.org"
# Milliseconds. A comparison begins twenty seconds after it was requested.
COMPARING_TIMEOUT = 120_000


@pytest.fixture(scope="module")
def petition_route(deployed_site: DeployedSite) -> str:
    """The route of a petition that Alice signed and confirmed."""
    sign_and_confirm_by_api(deployed_site, open_new_petition(deployed_site, SLUG), ALICES_EMAIL)
    return f"#/petitions/{SLUG}"


def choose_file(page: Page, lines: list[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    file = page.get_by_label("File with the hashes")
    file.set_input_files({"name": "hashes.txt", "mimeType": "text/plain", "buffer": content})


def compare(page: Page, lines: list[str], evidence: str) -> None:
    page.get_by_label("Platform").fill("freedom-united")
    page.get_by_label("Counted at (UTC)").fill("2026-01-20T12:00")
    page.get_by_label("Evidence").fill(evidence)
    choose_file(page, lines)
    page.get_by_role("button", name="Compare", exact=True).click()


def open_comparisons(page: Page, site: DeployedSite) -> None:
    sign_in(page, site, route=f"#/petitions/{SLUG}/hashes")
    page.locator("table").wait_for()


def test_bob_gives_a_platform_its_key_and_compares_its_hashes(
    desk: Page, browser: Browser, deployed_site: DeployedSite, petition_route: str
) -> None:
    sign_in(desk, deployed_site, route=f"{petition_route}/elsewhere")
    desk.get_by_role("link", name="Compare with another platform").click()
    desk.get_by_label("Platform").fill("Freedom United")
    desk.get_by_label("Evidence").fill("Typed before.")
    desk.get_by_role("button", name="Show its key").click()
    expect(desk.get_by_role("dialog")).to_have_count(0)
    desk.get_by_label("Platform").fill("freedom-united")
    desk.get_by_role("button", name="Show its key").click()
    key = desk.locator("[data-hash-key]").inner_text()
    assert re.fullmatch("[0-9a-f]{64}", key)
    expect(desk.get_by_role("dialog")).to_contain_text("hash_addresses.py signers.csv --column Email --key key.txt")
    desk.get_by_role("button", name="Done").click()
    hashes, _ = hash_rows(enumerate([ALICES_EMAIL, "else@example.org"], 1), bytes.fromhex(key))
    sent_bodies: list[str] = []
    desk.on("request", lambda request: sent_bodies.append(request.post_data or ""))
    compare(desk, [ALICES_EMAIL], "Hashed on 20 January.")
    expect(desk.get_by_role("alert")).to_contain_text("File with the hashes: Line 1 is not a hash of our tool")
    assert [body for body in sent_bodies if ALICES_EMAIL in body] == []
    desk.get_by_label("How many different addresses").fill("3")
    compare(desk, hashes, "Hashed on 20 January.")
    expect(desk.get_by_role("alert")).to_contain_text("There are 2 different hashes")
    desk.get_by_label("How many different addresses").fill("2")
    compare(desk, hashes, "Hashed on 20 January.")
    row = desk.get_by_role("row").nth(1)
    expect(row).to_contain_text("freedom-united")
    expect(desk.get_by_label("Evidence")).to_have_value("")
    expect(row.locator("td").nth(1)).to_have_text("Done", timeout=COMPARING_TIMEOUT)
    expect(row.locator("td.number")).to_have_text(["2", "1"])
    check_at_every_size(browser, "staff-hashes-done", lambda page: open_comparisons(page, deployed_site))
    desk.get_by_role("link", name="The total across platforms").click()
    expect(desk.locator("[data-total]")).to_contain_text("together exactly 2 people")


def test_a_comparison_is_cancelled_and_its_figure_stays(
    desk: Page, deployed_site: DeployedSite, petition_route: str
) -> None:
    issued = deployed_site.manage("POST", f"/petitions/{SLUG}/hash-keys", {"source": "freedom-united"})
    hashes, _ = hash_rows([(1, ALICES_EMAIL)], bytes.fromhex(issued.json()["key"]))
    sign_in(desk, deployed_site, route=f"{petition_route}/hashes")
    compare(desk, hashes, "Cancelled.")
    row = desk.get_by_role("row").nth(1)
    row.get_by_role("button", name="Cancel").click()
    expect(row.locator("td").nth(1)).to_have_text("Cancelled")
    figures = deployed_site.manage("GET", f"/petitions/{SLUG}").json()["figures"]
    assert [figure["evidence"] for figure in figures][-1] == "Cancelled."
