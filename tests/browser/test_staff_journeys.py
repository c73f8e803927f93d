"""Bob publishes a petition, freezes its count, exports signatures, and handles a data request."""

import json
import re
from hashlib import sha256
from pathlib import Path

import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.crowd import SLUG
from tests.browser.test_staff import shown_count, sign_in
from tests.browser.test_supporter import confirm_from_inbox, fill, press_sign
from tests.site import DeployedSite

NEW_SLUG = "plant-a-thousand-trees"
FIELDS = {
    "Address": NEW_SLUG,
    "Title": "Plant a thousand trees",
    "Addressed to": "the town council",
    "Summary": "Our streets are too hot. Plant trees.",
    "Text": "We ask the town council to plant a thousand trees.\n\nBy the spring.",
    "Name of the charity": "Harbour for Children",
    "Email address for questions about personal data": "privacy@harbour.example",
    "Consent to sign": "I sign, and my name may be handed over.",
    "Consent to receive updates": "Send me news.",
    "Goals": "100\n500\n1,000",
    "Opens at (UTC, optional)": "2026-01-01T09:00",
}


def press_and_confirm(page: Page, action: str) -> None:
    """Press the button, and press it again in the dialog."""
    page.get_by_role("button", name=action, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def downloaded(page: Page, row: Locator) -> bytes:
    """Press the button that gets a link to the row's file, and return the file."""
    with page.expect_response(re.compile("/file$")) as fetched:
        row.get_by_role("button", name="The file").click()
    return requests.get(fetched.value.json()["url"], timeout=60).content


def test_a_petition_is_drafted_previewed_opened_edited_paused_and_closed(
    desk: Page, deployed_site: DeployedSite
) -> None:
    sign_in(desk, deployed_site, route="#/new")
    desk.get_by_label("Title", exact=True).fill("Keep children safe!")
    expect(desk.get_by_label("Address", exact=True)).to_have_value("keep-children-safe")
    desk.get_by_role("link", name="Who is asking").click()
    expect(desk.locator("legend", has_text="Who is asking")).to_be_focused()
    for label, words in FIELDS.items():
        desk.get_by_label(label, exact=True).fill(words)
    desk.get_by_role("button", name="Save as a draft").click()
    expect(desk.locator(".badge")).to_have_text("Draft")
    public_url = f"{deployed_site.url}/api/petitions/{NEW_SLUG}"
    assert requests.get(public_url, timeout=20).status_code == 404
    desk.get_by_role("button", name="Preview").click()
    link = desk.get_by_role("dialog").get_by_role("link").get_attribute("href")
    assert link
    assert "Plant a thousand trees" in requests.get(link, timeout=20).text
    desk.get_by_role("button", name="Done").click()
    press_and_confirm(desk, "Open for signatures")
    expect(desk.get_by_role("dialog")).to_contain_text("which the public would read, in the summary")
    desk.get_by_role("dialog").get_by_role("button", name="Publish it with this text").click()
    expect(desk.locator(".badge")).to_have_text("Open")
    desk.get_by_label("Summary", exact=True).fill("Trees for every street.")
    desk.get_by_label("Title", exact=True).fill("Plant two thousand trees")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Plant two thousand trees")
    desk.locator("summary", has_text="The petition in Cymraeg").click()
    desk.get_by_label("Title (Cymraeg)").fill("Plannu dwy fil o goed")
    desk.get_by_role("button", name="Save", exact=True).click()
    desk.get_by_role("link", name="Summary (Cymraeg): This field is required").click()
    summary = desk.get_by_label("Summary (Cymraeg)")
    expect(summary).to_be_focused()
    expect(summary).to_have_accessible_description(re.compile("This field is required"))
    for action, state in (("Pause", "Paused"), ("Open for signatures", "Open"), ("Close the petition", "Closed")):
        press_and_confirm(desk, action)
        expect(desk.locator(".badge")).to_have_text(state)


def test_a_frozen_count_is_the_shown_count_and_anyone_can_check_its_statement(
    desk: Page, deployed_site: DeployedSite, count: int
) -> None:
    sign_in(desk, deployed_site, route=f"#/petitions/{SLUG}")
    shown = shown_count(desk)
    desk.get_by_role("button", name="Freeze this number").click()
    statement = desk.locator("[data-statement]")
    expect(statement).to_contain_text(f"{shown} confirmed signatures")
    statement.get_by_role("button", name="Copy the sentence").click()
    copied = desk.evaluate("navigator.clipboard.readText()")
    [link] = re.findall(r"http\S+/s/[a-z0-9]{6}$", copied)
    page = requests.get(link, timeout=20)
    assert page.status_code == 200
    assert shown in page.text


def test_a_person_is_found_exported_and_erased(desk: Page, deployed_site: DeployedSite, tmp_path: Path) -> None:
    email = "asks@example.org"
    desk.goto(f"{deployed_site.url}/petitions/support-trafficked-children")
    fill(desk, email, "Amina Asks")
    press_sign(desk)
    desk.wait_for_url(re.compile("/thanks$"))
    confirm_from_inbox(desk, deployed_site, email)
    sign_in(desk, deployed_site, route="#/people")
    desk.get_by_label("Their email address").fill(email)
    desk.get_by_role("button", name="Find").click()
    found = desk.locator("[data-signature]")
    expect(found).to_contain_text("Amina Asks")
    found.get_by_role("button", name="Show everything we hold").click()
    file = desk.get_by_role("dialog")
    expect(file).to_contain_text("Name: Amina Asks")
    with desk.expect_download() as download:
        file.get_by_role("button", name="Download as PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    with desk.expect_download() as download:
        file.get_by_role("button", name="Download as JSON").click()
    download.value.save_as(tmp_path / "access.json")
    assert email in json.dumps(json.loads((tmp_path / "access.json").read_text()))
    file.get_by_role("button", name="Done").click()
    press_and_confirm(desk, "Erase")
    expect(found.get_by_role("status")).to_have_text("The signature has been erased.")
    expect(found).not_to_contain_text("Amina Asks")
    press_and_confirm(desk, "Erase everything")
    expect(desk.get_by_text("Everything on this address has been erased.")).to_be_visible()


def test_an_export_is_cancelled_and_the_next_export_has_a_digest_and_a_download_link(
    desk: Page, deployed_site: DeployedSite
) -> None:
    sign_in(desk, deployed_site, route="#/petitions/support-trafficked-children/exports")
    desk.get_by_label("Anybody who has the file").check()
    desk.get_by_role("button", name="Create the file").click()
    desk.get_by_role("button", name="Cancel the export").click()
    expect(desk.get_by_role("row").filter(has_text="Cancelled")).to_be_visible()
    desk.get_by_role("button", name="Create the file").click()
    row = desk.get_by_role("row").filter(has_text="Ready")
    expect(row).to_be_visible(timeout=60_000)
    digest = row.locator("code").inner_text()
    assert sha256(downloaded(desk, row)).hexdigest() == digest
