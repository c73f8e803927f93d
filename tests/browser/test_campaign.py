"""Bob tells those who signed what happened, and enters how many signed elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from stack.manage import issue_token
from tests.browser.opened import an_open_petition, signed_and_confirmed
from tests.browser.test_staff import sign_in
from tests.browser.test_staff_journeys import choose
from tests.deployed import DeployedSite
from tests.emulated import eventually

PETITION = "tell-us-what-happened"
ALICES = "alice.is.told@example.org"
# Milliseconds. An update waits half a minute before its first email.
LONG = 180_000


@pytest.fixture(scope="module")
def told(deployed_site: DeployedSite) -> str:
    """A petition that Alice signed and confirmed. She asked for updates."""
    public = an_open_petition(deployed_site, PETITION)
    signed_and_confirmed(deployed_site, public, ALICES, consent={"sign": True, "updates": True})
    return f"#/petitions/{PETITION}"


def test_an_update_is_drafted_seen_edited_tested_published_and_its_result_shown(
    desk: Page, deployed_site: DeployedSite, told: str
) -> None:
    sign_in(desk, deployed_site, where=f"{told}/updates")
    for empty in ("Title", "Text"):
        expect(desk.get_by_label(empty, exact=True)).to_have_value("")
    desk.get_by_label("Title", exact=True).fill("They answered")
    desk.get_by_label("Text", exact=True).fill("# Good news\n\nThey said **yes**. <script>alert(1)</script>")
    desk.get_by_role("button", name="Save as a draft").click()
    preview = desk.locator("[data-preview]")
    expect(preview.get_by_role("heading", name="Good news")).to_be_visible()
    expect(preview.locator("strong")).to_have_text("yes")
    expect(preview).to_contain_text("<script>alert(1)</script>")
    desk.get_by_label("Title", exact=True).fill("The council answered")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("The council answered")
    desk.get_by_label("Email address").fill("bob.tests@charity.example")
    desk.get_by_role("button", name="Send the test").click()
    expect(desk.get_by_text("is on its way")).to_be_visible()
    # A test that has not left when the update is published is dropped.
    assert eventually(lambda: deployed_site.mails("bob.tests@charity.example"), 120)
    choose(desk, "Publish")
    row = desk.get_by_role("row").nth(1)
    expect(row.get_by_role("rowheader")).to_have_text("Sent", timeout=LONG)
    expect(row.locator("td.number")).to_have_text(["1", "1", "0", "0"])
    subjects = [mail["subject"] for mail in deployed_site.mails(ALICES)]
    assert subjects.count("The council answered") == 1


def test_a_planned_update_says_when_and_is_cancelled(desk: Page, deployed_site: DeployedSite, told: str) -> None:
    sign_in(desk, deployed_site, where=f"{told}/updates")
    desk.get_by_label("Title", exact=True).fill("Too early")
    desk.get_by_label("Text", exact=True).fill("Wait.")
    desk.get_by_role("button", name="Save as a draft").click()
    desk.get_by_role("button", name="Publish").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("When (UTC)").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}")
    expect(dialog.get_by_role("status")).to_contain_text("UK time")
    dialog.get_by_role("button", name="Publish").click()
    row = desk.get_by_role("row").nth(1)
    expect(row).to_contain_text("Will be published on")
    choose(desk, "Cancel the update")
    expect(row).to_contain_text("Cancelled")
    desk.get_by_role("link", name="All updates").click()
    expect(desk.get_by_role("row").filter(has_text="Too early")).to_contain_text("Cancelled")


def test_a_figure_from_elsewhere_is_in_the_total_and_in_a_frozen_number(
    desk: Page, deployed_site: DeployedSite, told: str
) -> None:
    sign_in(desk, deployed_site, where=f"{told}/elsewhere")
    expect(desk.locator("[data-total]")).to_contain_text("confirmed here")
    desk.get_by_label("Where").fill("paper-leeds")
    desk.get_by_label("Kind").select_option("Signatures on paper")
    desk.get_by_label("How many signed there").fill("1412")
    expect(desk.get_by_text("This is 1,412 people.")).to_be_visible()
    desk.get_by_label("Counted at (UTC)").fill("2026-01-20T12:00")
    desk.get_by_label("Evidence").fill("Sheets 1 to 71, counted twice.")
    desk.get_by_role("button", name="Enter").click()
    expect(desk.get_by_role("row").filter(has_text="paper-leeds")).to_contain_text("1,412")
    expect(desk.locator("[data-total]")).to_contain_text("1,412 elsewhere")
    expect(desk.get_by_label("Evidence")).to_have_value("")
    desk.goto(f"{deployed_site.url}/staff{told}")
    desk.get_by_role("button", name="Freeze this number").click()
    expect(desk.get_by_role("dialog").locator("[data-total]")).to_contain_text("1,412 elsewhere")


def test_without_the_right_there_is_no_link_and_no_page(desk: Page, deployed_site: DeployedSite, told: str) -> None:
    sign_in(desk, deployed_site, issue_token(deployed_site.stack, "charlie", "counts"), told)
    expect(desk.locator("[data-confirmed]")).to_be_visible()
    expect(desk.get_by_role("link", name="Updates")).to_have_count(0)
    for page in ("updates", "elsewhere"):
        desk.goto(f"{deployed_site.url}/staff{told}/{page}")
        expect(desk.locator(".lead")).to_contain_text("needs the right “manage”")
