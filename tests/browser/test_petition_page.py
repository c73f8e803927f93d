"""What people see on a petition's page before and after the form."""

import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import check_at_every_size
from tests.browser.new_petition import open_new_petition
from tests.browser.test_pages import open_with_text
from tests.browser.test_staff import sign_in
from tests.browser.test_supporter import open_petition
from tests.site import DeployedSite, a_draft

UNCOVERED = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const link = document.querySelector(".after .stay").getBoundingClientRect();
  return document.activeElement.closest(".stay") !== null || box.bottom <= link.top;
}"""


def test_on_a_phone_the_link_to_the_form_stays_in_reach(
    phone_without_javascript: Page, deployed_site: DeployedSite
) -> None:
    page = phone_without_javascript
    open_petition(page, deployed_site)
    before, after = page.locator(".ask .stay a"), page.locator(".after .stay a")
    page.get_by_text("Addressed to", exact=True).evaluate("element => element.scrollIntoView({block: 'end'})")
    expect(before).to_be_in_viewport(ratio=1)
    page.locator("#consent-sign").scroll_into_view_if_needed()
    expect(before).not_to_be_in_viewport()
    expect(after).not_to_be_in_viewport()
    page.get_by_role("heading", name="Share this petition").evaluate("element => element.scrollIntoView()")
    expect(after).to_be_in_viewport(ratio=1)
    page.locator("#sign form button[type=submit]").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(UNCOVERED)
    after.click()
    expect(page.get_by_role("heading", name="Sign this petition")).to_be_in_viewport()
    page.emulate_media(media="print")
    expect(before).to_be_hidden()


def test_the_page_says_what_changed_in_the_text(browser: Browser, phone: Page, deployed_site: DeployedSite) -> None:
    open_new_petition(deployed_site, "is-edited", text="We ask for a home.")
    time.sleep(1.1)  # The times of versions are stored to the second.
    edit = a_draft("is-edited", text="We ask for a safe home.")
    del edit["slug"]
    assert deployed_site.manage("PUT", "/petitions/is-edited", edit).status_code == 200
    open_with_text(phone, f"{deployed_site.url}/petitions/is-edited", "What changed in the text")
    expect(phone.locator("ins")).to_be_hidden()
    phone.get_by_text("What changed in the text").click()
    expect(phone.locator("ins")).to_have_text("safe")
    check_at_every_size(browser, "edited", lambda page: page.goto(phone.url))


def test_staff_upload_a_picture_that_the_page_shows(
    browser: Browser, phone: Page, deployed_site: DeployedSite, tmp_path: Path
) -> None:
    assert deployed_site.manage("POST", "/petitions", a_draft("is-illustrated", translations={})).status_code == 201
    Image.new("RGB", (1600, 900), "teal").save(tmp_path / "harbour.png")
    sign_in(phone, deployed_site, route="#/petitions/is-illustrated/edit")
    phone.get_by_text("Picture (optional)").click()
    phone.get_by_label("Picture", exact=True).set_input_files(tmp_path / "harbour.png")
    phone.get_by_label("What the picture shows (English)").fill("A harbour")
    phone.get_by_role("button", name="Save the picture").click()
    expect(phone.get_by_text("The picture is saved.")).to_be_visible()
    preview = deployed_site.manage("POST", "/petitions/is-illustrated/preview").json()["url"]
    check_at_every_size(browser, "illustrated", lambda page: page.goto(preview))
    phone.goto(preview)
    expect(phone.get_by_role("img", name="A harbour")).to_have_js_property("naturalWidth", 1200)
