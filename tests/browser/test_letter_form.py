"""Bob writes a petition's letter on the petition's form, and the form shows what is wrong in it."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.test_staff import sign_in
from tests.emulated import eventually
from tests.site import DeployedSite, a_draft

SLUG = "gets-a-letter"


def open_letter(page: Page) -> None:
    page.locator("summary", has_text="The letter that people can send").click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def stored_letter(site: DeployedSite) -> Any:
    return site.manage("GET", f"/petitions/{SLUG}").json()["letter"]


def test_a_letter_is_written_with_its_targets_and_one_of_them_is_removed(
    desk: Page, deployed_site: DeployedSite
) -> None:
    draft = {**a_draft(SLUG), "letter": None, "translations": {}}
    assert deployed_site.manage("POST", "/petitions", draft).status_code == 201
    sign_in(desk, deployed_site, route=f"#/petitions/{SLUG}/edit")
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
