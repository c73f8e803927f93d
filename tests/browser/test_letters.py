"""Alice sends a letter. Bob sees the number of letters, pauses and resumes their target, and sends a test email."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.new_petition import open_new_petition, sign_and_confirm_by_api
from tests.browser.test_staff import sign_in
from tests.browser.test_staff_journeys import press_and_confirm
from tests.emulated import eventually
from tests.letters.lettering import LETTER
from tests.site import DeployedSite

SLUG, MINISTERS_EMAIL = "write-to-the-minister", "minister@target.example"
ALICES_EMAIL, BOBS_EMAIL = "alice.writes@example.org", "bob.reads@charity.example"
# Milliseconds. A letter waits for the relay, and while many emails to confirm wait.
SENDING_TIMEOUT = 120_000


@pytest.fixture(scope="module")
def letters_route(deployed_site: DeployedSite) -> str:
    """The route to the letters of a petition that Alice signed, with a letter, and confirmed."""
    target = {"key": "minister", "name": "Minister", "email": MINISTERS_EMAIL}
    api_url = open_new_petition(deployed_site, SLUG, letter={**LETTER, "targets": [target]})
    sign_and_confirm_by_api(deployed_site, api_url, ALICES_EMAIL, letter={"send": True})
    return f"#/petitions/{SLUG}/letters"


def test_bob_sees_the_letters_pauses_and_resumes_the_target_and_sends_a_test(
    desk: Page, deployed_site: DeployedSite, letters_route: str
) -> None:
    [letter] = eventually(lambda: deployed_site.mails(MINISTERS_EMAIL), 120)
    assert letter["subject"] == LETTER["subject"]
    sign_in(desk, deployed_site, route=letters_route)
    row = desk.get_by_role("row").nth(1)
    expect(row.get_by_role("rowheader")).to_have_text("Minister")
    expect(row.locator("td.number")).to_have_text(["1", "1", "0", "0", "0", "0"], timeout=SENDING_TIMEOUT)
    for button, state in (("Pause", "Paused: by staff"), ("Send again", "Singly")):
        press_and_confirm(desk, button)
        expect(row).to_contain_text(state)
    desk.get_by_role("button", name="Send a test").click()
    desk.get_by_label("Your email address").fill(BOBS_EMAIL)
    desk.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(desk.get_by_text("It will arrive soon.")).to_be_visible()
    [test_email] = eventually(lambda: deployed_site.mails(BOBS_EMAIL), 120)
    assert test_email["subject"] == f"[TEST] {LETTER['subject']}"
    counts = deployed_site.manage("GET", f"/petitions/{SLUG}/letters").json()["targets"]
    assert [(target["requested"], target["sent"]) for target in counts] == [(1, 1)], "a test is not counted"
