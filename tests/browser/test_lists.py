"""Bob exports the addresses of people who asked for updates, for a charity that sends from another system."""

import io
import re

import pyrage
import pyzipper
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import check_at_every_size
from tests.browser.test_staff import sign_in
from tests.browser.test_staff_journeys import downloaded
from tests.browser.test_staff_pages import opener_of
from tests.site import SLUG, DeployedSite

RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())


PETITION_ROUTE = f"#/petitions/{SLUG}"
open_lists = opener_of(f"{PETITION_ROUTE}/lists", "table")
open_retention = opener_of(f"{PETITION_ROUTE}/retention", "h2")
open_reminders = opener_of(f"{PETITION_ROUTE}/reminders", "h2")


def choose_a_key(page: Page, site: DeployedSite) -> None:
    open_lists(page, site)
    page.get_by_label("The owner of a key (age)").check()
    page.get_by_text("How does the recipient make a key?").click()


def test_a_list_with_a_passphrase_is_opened_by_what_the_page_shows_once(
    phone: Page, browser: Browser, deployed_site: DeployedSite
) -> None:
    sign_in(phone, deployed_site, route=f"{PETITION_ROUTE}/lists")
    expect(phone.get_by_label("Public key of the recipient")).to_be_hidden()
    phone.get_by_role("button", name="Create the list").click()
    passphrase = phone.locator("[data-passphrase]").inner_text()
    phone.get_by_role("button", name="I have copied it").click()
    newest = phone.locator("tbody tr").first
    expect(newest.filter(has_text="Ready")).to_be_visible(timeout=60_000)
    expect(newest).to_contain_text("Whoever has the passphrase")
    opened = pyzipper.AESZipFile(io.BytesIO(downloaded(phone, newest)))
    [name] = opened.namelist()
    assert b"status,id,email" in opened.read(name, pwd=passphrase.encode())
    phone.reload()
    expect(phone.get_by_text(passphrase)).to_be_hidden()
    check_at_every_size(browser, "staff-lists-key", lambda page: choose_a_key(page, deployed_site))


def test_a_list_is_requested_and_downloaded(desk: Page, browser: Browser, deployed_site: DeployedSite) -> None:
    sign_in(desk, deployed_site, route=f"{PETITION_ROUTE}/exports")
    desk.get_by_role("link", name="Addresses of those who asked for updates").click()
    # The page of the exports has a field with the same label.
    desk.get_by_role("heading", name="Request a list").wait_for()
    desk.get_by_label("The owner of a key (age)").check()
    recipient = desk.get_by_label("Public key of the recipient")
    recipient.fill("my key")
    desk.get_by_role("button", name="Create the list").click()
    expect(desk.get_by_role("alert")).to_contain_text("Public key of the recipient:")
    recipient.fill(RECIPIENT)
    desk.get_by_role("button", name="Create the list").click()
    row = desk.get_by_role("row").filter(has_text=RECIPIENT)
    expect(row).to_contain_text("Ready", timeout=60_000)
    assert re.fullmatch("[0-9a-f]{64}", row.locator("code").last.inner_text())
    check_at_every_size(browser, "staff-lists-done", lambda page: open_lists(page, deployed_site))
    assert downloaded(desk, row).startswith(b"age-encryption.org")


def test_personal_data_is_counted_and_not_removed_before_its_day(
    phone: Page, browser: Browser, deployed_site: DeployedSite
) -> None:
    open_retention(phone, deployed_site)
    phone.get_by_role("button", name="Count what would be removed").click()
    newest = phone.locator("tbody tr").first
    expect(newest).to_contain_text("Count only")
    expect(newest).to_contain_text("Done", timeout=60_000)
    phone.get_by_label("Months after its closing or hand-in").fill("12")
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("Due on")).to_be_visible()
    phone.get_by_role("button", name="Remove the personal data").click()
    phone.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(phone.get_by_role("alert")).to_contain_text("due to be removed on")
    check_at_every_size(browser, "staff-retention", lambda page: open_retention(page, deployed_site))


def test_reminders_are_switched_on_and_off(phone: Page, browser: Browser, deployed_site: DeployedSite) -> None:
    open_reminders(phone, deployed_site)
    expect(phone.get_by_text("Signed but not confirmed now:")).to_be_visible()
    phone.get_by_role("button", name="Remind them").click()
    newest = phone.locator("tbody tr").first
    expect(newest).to_contain_text("On")
    check_at_every_size(browser, "staff-reminders", lambda page: open_reminders(page, deployed_site))
    newest.get_by_role("button", name="Switch off").click()
    expect(newest).to_contain_text("Off")
