"""Alice signs with JavaScript, without JavaScript, and with the keyboard only."""

import re
from io import BytesIO
from unicodedata import normalize

import pytest
from playwright.sync_api import Browser, Frame, Page, Request, expect
from pypdf import PdfReader

from tests.emulated import eventually
from tests.site import SLUG, DeployedSite


def fill(page: Page | Frame, email: str, name: str = "Alice Example") -> None:
    page.get_by_label("Full name").fill(name)
    page.get_by_role("textbox", name="Email address").fill(email)
    page.locator("#postcode").fill("sw1a 1aa")
    page.locator("#consent-sign").check()


def open_petition(page: Page, site: DeployedSite, query: str = "") -> None:
    page.goto(f"{site.url}/petitions/{SLUG}{query}")


def press_sign(page: Page) -> None:
    page.locator("#sign form button[type=submit]").click()


def confirm_from_inbox(page: Page, site: DeployedSite, email: str) -> None:
    """Open the email in the local inbox page, follow its link and confirm."""
    eventually(lambda: site.mails(email))
    page.goto(f"{site.url}/_local/inbox")
    page.get_by_role("link", name=re.compile("Please confirm")).filter(has_text=email).first.click()
    page.locator("a[href*='/confirm?token=']").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your signature")
    # Without scrolling, whatever the person chose on the form.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("button", name="Confirm my signature")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Confirm my signature").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your signature is counted")


def sign_and_confirm(page: Page, site: DeployedSite, email: str) -> None:
    before = site.counts()["confirmed"]
    open_petition(page, site, "?source=evening-news")
    fill(page, email)
    page.locator("#letter-send").check()
    page.locator("#consent-updates").check()
    press_sign(page)
    expect(page).to_have_url(re.compile(f"/petitions/{SLUG}/thanks$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("inbox")
    confirm_from_inbox(page, site, email)
    assert site.counts()["confirmed"] == before + 1
    by_source = site.counts("?by=source")["breakdown"]
    assert "evening-news" in [row["key"] for row in by_source]


def test_a_supporter_signs_confirms_by_email_and_is_counted(phone: Page, deployed_site: DeployedSite) -> None:
    cached = {"count": 12_346, "goal": 20_000, "as_of": "2026-12-02T12:00:00Z"}
    phone.route(f"**/api/petitions/{SLUG}/count", lambda route: route.fulfill(json=cached))
    sign_and_confirm(phone, deployed_site, "browser@example.org")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Thank you, Alice. Your signature is counted.")
    expect(phone.locator("[data-one-of]")).to_have_text("You are one of 12,346 people.")


def test_signing_works_without_javascript(phone_without_javascript: Page, deployed_site: DeployedSite) -> None:
    sign_and_confirm(phone_without_javascript, deployed_site, "plain@example.org")


def test_signing_works_with_the_keyboard_only(phone: Page, deployed_site: DeployedSite) -> None:
    open_petition(phone, deployed_site)
    for words in ("Alice Keys", "keys@example.org"):
        tab_to(phone, "input[type=text], input[type=email]")
        phone.keyboard.type(words)
    tab_to(phone, "#consent-sign")
    phone.keyboard.press("Space")
    tab_to(phone, "#sign button[type=submit]")
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(re.compile("/thanks$"))
    eventually(lambda: deployed_site.mails("keys@example.org"))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element that matches has the focus, and check that the focus is visible."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate_handle("document.activeElement").as_element()
        if focused and focused.evaluate(f"element => element.matches({selector!r})"):
            style = focused.evaluate("e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).boxShadow]")
            assert style != ["none", "none"], "the focus must be visible"
            return
    pytest.fail(f"no Tab leads to {selector}")


def test_errors_are_listed_and_linked_and_typed_values_are_kept(phone: Page, deployed_site: DeployedSite) -> None:
    open_petition(phone, deployed_site)
    phone.get_by_label("Full name").fill("Alice Kept")
    phone.get_by_role("textbox", name="Email address").fill("nonsense")
    press_sign(phone)
    expect(phone).to_have_title(re.compile("^Error: "))
    summary = phone.locator("#error-summary")
    expect(summary).to_contain_text("name@example.org")
    summary.get_by_role("link").first.click()
    expect(phone.locator("#email")).to_be_focused()
    expect(phone.locator("#name")).to_have_value("Alice Kept")
    expect(phone.locator("#consent-sign")).not_to_be_checked()


def record_sent_forms(page: Page) -> list[str]:
    """Return a list to which the method of each request to sign is added when the page sends it."""
    methods: list[str] = []

    def record(request: Request) -> None:
        if request.url.endswith("/signatures"):
            methods.append(request.method)

    page.on("request", record)
    return methods


def test_a_double_click_sends_the_form_once(phone: Page, deployed_site: DeployedSite) -> None:
    sent = record_sent_forms(phone)
    open_petition(phone, deployed_site)
    fill(phone, "double@example.org")
    phone.locator("#sign form button[type=submit]").dblclick()
    expect(phone).to_have_url(re.compile("/thanks$"))
    assert sent == ["POST"]


def test_an_offline_supporter_signs_when_online_again(phone: Page, deployed_site: DeployedSite) -> None:
    open_petition(phone, deployed_site)
    fill(phone, "offline@example.org")
    phone.context.set_offline(True)
    press_sign(phone)
    expect(phone.locator("[data-sending]")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone).to_have_url(re.compile("/thanks$"))


def test_paper_has_the_address_and_the_code_but_no_buttons(phone: Page, deployed_site: DeployedSite) -> None:
    open_petition(phone, deployed_site)
    pages = PdfReader(BytesIO(phone.pdf())).pages
    text = normalize("NFKC", "".join(page.extract_text() for page in pages))  # Without ligatures.
    assert f"/petitions/{SLUG}" in text
    assert "point their phone" in text, "the section with the code is open"
    phone.emulate_media(media="print")
    for hidden in ("button", ".button", "progress"):
        expect(phone.locator(hidden).filter(visible=True)).to_have_count(0)


# A word whose letters are on two lines, apart from addresses, and words with a hyphen.
BROKEN_WORDS = """() => {
  const texts = document.createTreeWalker(document.querySelector("h1, .lead"), NodeFilter.SHOW_TEXT), broken = [];
  while (texts.nextNode()) {
    for (const { index, 0: word } of texts.currentNode.data.matchAll(/[^\\s-]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) broken.push(word);
    }
  }
  return broken;
}"""


def test_a_title_twice_as_large_breaks_no_word(browser: Browser, deployed_site: DeployedSite) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, bypass_csp=True)
    open_petition(page, deployed_site)
    page.add_style_tag(content="html { font-size: 200% !important }")
    assert page.evaluate(BROKEN_WORDS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
