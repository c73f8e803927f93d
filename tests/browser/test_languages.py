"""Alice signs in Welsh. Each page on her way is in Welsh, accessible, and does not scroll sideways."""

import re

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import VIOLATIONS, check, save_screenshot
from tests.browser.conftest import PHONE
from tests.browser.test_supporter import open_petition, press_sign
from tests.emulated import eventually
from tests.site import DeployedSite

EMAIL = "alys@example.org"
ENGLISH_WORDS = re.compile(r"\b(the|your|you|and|signature|petition)\b", re.IGNORECASE)


def test_every_page_from_the_form_to_confirmation_is_in_welsh_and_accessible(
    browser: Browser, deployed_site: DeployedSite
) -> None:
    # The test injects axe, which the site's Content-Security-Policy would block.
    context = browser.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    open_petition(page, deployed_site)
    page.get_by_role("link", name="Cymraeg").click()
    expect(page).to_have_url(re.compile(r"\?lang=cy$"))
    assert_good_welsh(page, "welsh-form")
    press_sign(page)
    expect(page.locator("#error-summary")).to_contain_text("Rhowch eich enw")
    assert_good_welsh(page, "welsh-error")
    page.get_by_label("Enw llawn").fill("Alys Ŵyn")
    page.get_by_label("Cyfeiriad e-bost").fill(EMAIL)
    page.locator("#consent-sign").check()
    press_sign(page)
    expect(page).to_have_url(re.compile(r"/thanks\?lang=cy$"))
    assert_good_welsh(page, "welsh-thanks")
    [mail] = eventually(lambda: deployed_site.mails(EMAIL))
    assert "Diolch am lofnodi." in mail["text"]
    [link] = re.findall(r"\S+/confirm\?\S+", mail["text"])
    page.goto(link)
    assert_good_welsh(page, "welsh-confirm")
    page.get_by_role("button", name="Cadarnhau fy llofnod").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Diolch, Alys. Mae eich llofnod wedi’i gyfrif.")
    assert_good_welsh(page, "welsh-confirmed")
    context.close()


def assert_good_welsh(page: Page, name: str) -> None:
    """Assert that a page has no English, no axe violation and no sideways scrolling."""
    expect(page.locator("html")).to_have_attribute("lang", "cy")
    save_screenshot(page, name)
    text = page.evaluate("[...document.querySelectorAll('body :not(script)')].map((each) => each.innerText).join(' ')")
    assert ENGLISH_WORDS.search(text) is None, ENGLISH_WORDS.search(text)
    page.evaluate(AXE_SCRIPT)
    check(page, name, VIOLATIONS)
