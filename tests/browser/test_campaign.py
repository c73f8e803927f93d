"""Bob tells the people who signed what happened, and enters how many people signed elsewhere."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.new_petition import open_new_petition, sign_and_confirm_by_api
from tests.browser.test_staff import sign_in
from tests.emulated import eventually
from tests.site import DeployedSite

SLUG = "tell-us-what-happened"
ALICES_EMAIL = "alice.is.told@example.org"
# Milliseconds. An update waits half a minute before its first email.
SENDING_TIMEOUT = 180_000


@pytest.fixture(scope="module")
def petition_route(deployed_site: DeployedSite) -> str:
    """The route of a petition that Alice signed and confirmed. She asked for updates."""
    api_url = open_new_petition(deployed_site, SLUG)
    sign_and_confirm_by_api(deployed_site, api_url, ALICES_EMAIL, consent={"sign": True, "updates": True})
    return f"#/petitions/{SLUG}"


def test_an_update_is_drafted_previewed_edited_tested_published_and_its_result_is_shown(
    desk: Page, deployed_site: DeployedSite, petition_route: str
) -> None:
    sign_in(desk, deployed_site, route=f"{petition_route}/updates")
    for label in ("Title", "Text"):
        expect(desk.get_by_label(label, exact=True)).to_have_value("")
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
    # Publishing the update drops a test email that is not sent yet.
    assert eventually(lambda: deployed_site.mails("bob.tests@charity.example"), 120)
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_role("dialog")).to_contain_text("1 person gets it by email.")
    expect(desk.get_by_role("dialog")).to_contain_text("At the present rate, sending takes about a minute")
    desk.get_by_role("dialog").get_by_role("button", name="Publish", exact=True).click()
    row = desk.get_by_role("row").nth(1)
    expect(row.get_by_role("rowheader")).to_have_text("Sent", timeout=SENDING_TIMEOUT)
    expect(row.locator("td.number")).to_have_text(["1", "1", "0", "0"])
    subjects = [mail["subject"] for mail in deployed_site.mails(ALICES_EMAIL)]
    assert subjects.count("The council answered") == 1


def test_a_figure_from_elsewhere_is_in_the_total_and_in_a_frozen_count(
    desk: Page, deployed_site: DeployedSite, petition_route: str
) -> None:
    sign_in(desk, deployed_site, route=f"{petition_route}/elsewhere")
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
    desk.goto(f"{deployed_site.url}/staff{petition_route}")
    desk.get_by_role("button", name="Freeze this number").click()
    expect(desk.get_by_role("dialog").locator("[data-total]")).to_contain_text("1,412 elsewhere")
