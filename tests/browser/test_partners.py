"""Bob adds a partner, issues its token, and tries, imports and undoes its file, on a phone and at a desk."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import check_at_every_size
from tests.browser.new_petition import open_new_petition
from tests.browser.test_staff import sign_in
from tests.browser.test_staff_pages import opener_of
from tests.importing import CSV, rows
from tests.site import DeployedSite

SLUG = "imported-here"
IMPORTS_ROUTE = f"#/petitions/{SLUG}/imports"
# Milliseconds. An import begins twenty seconds after it was requested.
IMPORT_TIMEOUT = 120_000


def test_a_partner_is_added_and_gets_a_token(desk: Page, deployed_site: DeployedSite) -> None:
    sign_in(desk, deployed_site, route="#/partners")
    desk.get_by_label("Name").fill("Ash Alliance")
    desk.get_by_label("Source").fill("partner-ash")
    desk.get_by_label("Consent", exact=True).fill("I sign, and Ash may pass my signature on")
    desk.get_by_label("Version of the consent").fill("1")
    desk.get_by_role("button", name="Add the partner").click()
    desk.get_by_role("button", name="Issue a token for Ash Alliance").click()
    expect(desk.locator("[data-token]")).to_have_text(re.compile("^staff_"))
    desk.get_by_role("button", name="I have copied it").click()


def test_a_file_is_tried_imported_and_undone(desk: Page, browser: Browser, deployed_site: DeployedSite) -> None:
    open_new_petition(deployed_site, SLUG)
    sign_in(desk, deployed_site, route=IMPORTS_ROUTE)
    desk.get_by_label("Partner", exact=True).select_option("partner-ash")
    content = (CSV + rows(1, 2) + "oak-3,no address,A,B,\n").encode()
    desk.get_by_label("File").set_input_files({"name": "ash.csv", "mimeType": "text/csv", "buffer": content})
    desk.get_by_role("button", name="Try it").click()
    row = desk.get_by_role("row").nth(1)
    expect(row.locator("td").nth(1)).to_have_text("Done", timeout=IMPORT_TIMEOUT)
    expect(row.locator("td.number")).to_have_text(["2", "0", "1", "0"])
    expect(desk.get_by_text("Row 4, email")).to_be_visible()
    first_rows = desk.get_by_role("region", name="As they would be stored")
    expect(first_rows.get_by_role("row").nth(1)).to_contain_text("Person Nr B")
    desk.get_by_role("button", name="Import it").click()
    desk.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()
    expect(row.locator("td").nth(0)).to_have_text("Import: partner-ash")
    expect(row.locator("td").nth(1)).to_have_text("Done", timeout=IMPORT_TIMEOUT)
    open_imports = opener_of(IMPORTS_ROUTE, "table")
    check_at_every_size(browser, "staff-imports-done", lambda page: open_imports(page, deployed_site))
    row.get_by_role("button", name="Undo").click()
    desk.get_by_role("dialog").get_by_role("button", name="Undo the import").click()
    expect(row.locator("td").nth(0)).to_have_text("Undo: partner-ash")
    expect(row.locator("td").nth(1)).to_have_text("Done", timeout=IMPORT_TIMEOUT)
    expect(row.locator("td.number").nth(0)).to_have_text("2")
