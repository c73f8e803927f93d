"""Bob exports the addresses of people who asked for updates, for a charity that sends from another system."""

import re

import pyrage
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import check_at_every_size
from tests.browser.test_staff import sign_in
from tests.site import SLUG, DeployedSite

RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())


def open_lists(page: Page, site: DeployedSite) -> None:
    sign_in(page, site, route=f"#/petitions/{SLUG}/lists")
    page.locator("table").wait_for()


def test_a_list_is_requested_and_downloaded(desk: Page, browser: Browser, deployed_site: DeployedSite) -> None:
    sign_in(desk, deployed_site, route=f"#/petitions/{SLUG}/exports")
    desk.get_by_role("link", name="Addresses of those who asked for updates").click()
    # The page of the exports has a field with the same label.
    desk.get_by_role("heading", name="Request a list").wait_for()
    recipient = desk.get_by_label("Public key of the recipient")
    recipient.fill("my key")
    desk.get_by_role("button", name="Create the list").click()
    expect(desk.get_by_role("alert")).to_contain_text("Public key of the recipient:")
    recipient.fill(RECIPIENT)
    desk.get_by_role("button", name="Create the list").click()
    row = desk.get_by_role("row").filter(has_text="Ready")
    expect(row).to_be_visible(timeout=60_000)
    assert re.fullmatch("[0-9a-f]{64}", row.locator("code").last.inner_text())
    check_at_every_size(browser, "staff-lists-done", lambda page: open_lists(page, deployed_site))
    with desk.expect_response(re.compile("/file$")) as fetched:
        row.get_by_role("button", name="The file").click()
    assert fetched.value.json()["url"].startswith("http")
