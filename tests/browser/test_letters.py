"""Bob writes a letter on the petition's form, sees how many people send it, pauses it, and sends a test email."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.new_petition import open_new_petition, sign_and_confirm_by_api
from tests.browser.test_staff import sign_in
from tests.browser.test_staff_journeys import press_and_confirm
from tests.emulated import eventually
from tests.letters.lettering import LETTER
from tests.site import DeployedSite, a_draft

SLUG, NEW_SLUG, MINISTERS_EMAIL = "write-to-the-minister", "gets-a-letter", "minister@target.example"
ALICES_EMAIL, BOBS_EMAIL = "alice.writes@example.org", "bob.reads@charity.example"
# Milliseconds. A letter waits for the relay, and while many emails to confirm wait.
SENDING_TIMEOUT = 120_000


def test_bob_sees_the_letters_pauses_and_resumes_the_target_and_sends_a_test(
    desk: Page, deployed_site: DeployedSite
) -> None:
    target = {"key": "minister", "name": "Minister", "email": MINISTERS_EMAIL}
    api_url = open_new_petition(deployed_site, SLUG, letter={**LETTER, "targets": [target]})
    sign_and_confirm_by_api(deployed_site, api_url, ALICES_EMAIL, letter={"send": True})
    [letter] = eventually(lambda: deployed_site.mails(MINISTERS_EMAIL), 120)
    assert letter["subject"] == LETTER["subject"]
    sign_in(desk, deployed_site, route=f"#/petitions/{SLUG}/letters")
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


def open_letter(page: Page) -> None:
    page.locator("summary", has_text="The letter that people can send").click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def stored_letter(site: DeployedSite) -> Any:
    return site.manage("GET", f"/petitions/{NEW_SLUG}").json()["letter"]


def test_a_letter_is_written_with_its_targets_and_one_of_them_is_removed(
    desk: Page, deployed_site: DeployedSite
) -> None:
    draft = {**a_draft(NEW_SLUG), "letter": None, "translations": {}}
    assert deployed_site.manage("POST", "/petitions", draft).status_code == 201
    sign_in(desk, deployed_site, route=f"#/petitions/{NEW_SLUG}/edit")
    open_letter(desk)
    desk.get_by_label("Subject of the letter", exact=True).fill("Plant trees")
    desk.get_by_label("Text of the letter", exact=True).fill("Plant a thousand trees.")
    desk.get_by_label("Suggested openings (optional)", exact=True).fill("I am a parent.\n\nI am a teacher.")
    desk.get_by_label("Name of target 1", exact=True).fill("Minister")
    desk.get_by_role("button", name="Add a target").click()
    desk.get_by_label("Name of target 2", exact=True).fill("Town council")
    desk.get_by_label("Email address of target 2", exact=True).fill("council@target.example")
    desk.get_by_label("How its letters go (target 2)", exact=True).select_option(label="First singly, then daily")
    save(desk)
    errors = desk.get_by_role("alert")
    expect(errors).to_contain_text("How many letters singly (target 2): This field is required")
    desk.get_by_label("Email address of target 1", exact=True).fill("minister@target.example")
    desk.get_by_label("How many letters singly (target 2)", exact=True).fill("50")
    save(desk)
    expect(desk.get_by_text("Saved.", exact=True)).to_be_visible()
    letter = stored_letter(deployed_site)
    assert (letter["subject"], letter["openings"]) == ("Plant trees", ["I am a parent.", "I am a teacher."])
    minister, council = letter["targets"]
    # A key ends with the time, so that each key is new.
    assert minister["key"].rpartition("-")[0] == "minister"
    assert council["key"].rpartition("-")[0] == "town-council"
    assert (minister["email"], minister["delivery"]) == ("minister@target.example", {"mode": "single"})
    assert (council["email"], council["delivery"]) == ("council@target.example", {"mode": "digest", "first": 50})
    open_letter(desk)
    desk.get_by_role("button", name="Remove target 1", exact=True).click()
    desk.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(desk.get_by_label("Name of target 1", exact=True)).to_have_value("Town council")
    expect(desk.get_by_label("Name of target 2", exact=True)).to_be_hidden()
    save(desk)
    eventually(lambda: stored_letter(deployed_site)["targets"] == [council])
