"""Alice sends a letter; Bob sees how many there are, pauses the target, sends again, and tests it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.opened import an_open_petition, signed_and_confirmed
from tests.browser.test_staff import sign_in
from tests.deployed import DeployedSite
from tests.emulated import eventually
from tests.letters.lettering import LETTER

PETITION, MINISTER = "write-to-the-minister", "minister@target.example"
ALICES, BOBS = "alice.writes@example.org", "bob.reads@charity.example"
# Milliseconds. A letter waits while confirmations do, and for the relay.
LONG = 120_000


@pytest.fixture(scope="module")
def written(deployed_site: DeployedSite) -> str:
    """A petition whose letter Alice has confirmed."""
    target = {"key": "minister", "name": "Minister", "email": MINISTER}
    public = an_open_petition(deployed_site, PETITION, letter={**LETTER, "targets": [target]})
    signed_and_confirmed(deployed_site, public, ALICES, letter={"send": True})
    return f"#/petitions/{PETITION}/letters"


def test_bob_sees_the_letters_pauses_them_sends_again_and_tests(
    desk: Page, deployed_site: DeployedSite, written: str
) -> None:
    [letter] = eventually(lambda: deployed_site.mails(MINISTER), 120)
    assert letter["subject"] == LETTER["subject"]
    sign_in(desk, deployed_site, where=written)
    row = desk.get_by_role("row").nth(1)
    expect(row.get_by_role("rowheader")).to_have_text("Minister")
    expect(row.locator("td.number")).to_have_text(["1", "1", "0", "0", "0", "0"], timeout=LONG)
    for act_name, state in (("Pause", "Paused: by staff"), ("Send again", "Singly")):
        desk.get_by_role("button", name=act_name).click()
        desk.get_by_role("dialog").get_by_role("button", name=act_name).click()
        expect(row).to_contain_text(state)
    desk.get_by_role("button", name="Send a test").click()
    desk.get_by_label("Your email address").fill(BOBS)
    desk.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(desk.get_by_text("It will arrive soon.")).to_be_visible()
    [test] = eventually(lambda: deployed_site.mails(BOBS), 120)
    assert test["subject"] == f"[TEST] {LETTER['subject']}"
    counts = deployed_site.manage("GET", f"/petitions/{PETITION}/letters").json()["targets"]
    assert [(each["requested"], each["sent"]) for each in counts] == [(1, 1)], "a test is not counted"
