"""Check every page at phone and desktop width: no axe violations and no horizontal scrolling."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import check_at_every_size
from tests.browser.test_supporter import fill, open_petition, press_sign
from tests.e2e.signing import emailed_link
from tests.emulated import eventually
from tests.site import SLUG, DeployedSite, a_draft


def open_error(page: Page, site: DeployedSite) -> None:
    open_petition(page, site)
    page.get_by_label("Full name").fill("Alice")
    press_sign(page)
    page.locator("#error-summary").wait_for()


def opener_of(path: str) -> Callable[[Page, DeployedSite], object]:
    return lambda page, site: page.goto(f"{site.url}{path}")


def opener_by_email(purpose: str, person: str) -> Callable[[Page, DeployedSite], object]:
    return lambda page, site: page.goto(mailed_link(page, site, purpose, person))


def open_confirmed(page: Page, site: DeployedSite) -> None:
    page.goto(mailed_link(page, site, "confirm", "axe-confirmed"))
    if page.get_by_role("button", name="Confirm my signature").count():
        page.get_by_role("button", name="Confirm my signature").click()
    page.locator("[data-count]").wait_for(state="visible")


def open_withdrawn(page: Page, site: DeployedSite) -> None:
    page.goto(mailed_link(page, site, "withdraw", "axe-withdrawn"))
    page.locator("main button").click()
    page.wait_for_load_state()


def open_preview(page: Page, site: DeployedSite) -> None:
    create_petition_in_state(site, "draft")
    page.goto(site.manage("POST", "/petitions/is-draft/preview").json()["url"])
    page.get_by_role("heading", name="This is a preview").wait_for()
    # Inert elements have no role, so find the button by CSS.
    assert not page.locator("form button").is_enabled()


def open_with_text(page: Page, url: str, text: str) -> None:
    """Open the page again until it shows the text: a process caches a petition for seconds."""

    def shows_text() -> bool:
        page.goto(url)
        return page.get_by_text(text).first.is_visible()

    eventually(shows_text)


def create_petition_in_state(site: DeployedSite, state: str, **fields: str) -> None:
    slug = f"is-{state}"
    if site.manage("POST", "/petitions", a_draft(slug)).status_code == 201:
        steps = {"paused": ["open", "paused"], "removed": ["removed"], "closed": ["open", "closed"]}
        for step in steps.get(state, []):
            assert site.manage("POST", f"/petitions/{slug}/state", {"state": step, **fields}).status_code == 200


def opener_in_state(state: str, text: str, **fields: str) -> Callable[[Page, DeployedSite], object]:
    def open_page(page: Page, site: DeployedSite) -> None:
        create_petition_in_state(site, state, **fields)
        open_with_text(page, f"{site.url}/petitions/is-{state}", text)

    return open_page


def open_check_your_inbox(page: Page, site: DeployedSite) -> None:
    open_petition(page, site)
    fill(page, "axe-check@gmail.com")
    press_sign(page)
    page.get_by_role("link", name="Open your inbox").wait_for()


def mailed_link(page: Page, site: DeployedSite, purpose: str, person: str) -> str:
    email = f"{person}@example.org"
    if not site.mails(email):
        open_petition(page, site)
        fill(page, email)
        press_sign(page)
        page.wait_for_url(re.compile("/thanks$"))
    return emailed_link(site, email, purpose)


PAGES: dict[str, Callable[[Page, DeployedSite], object]] = {
    "list": opener_of("/"),
    "form": open_petition,
    "error": open_error,
    "screen": opener_of(f"/petitions/{SLUG}/screen"),
    "thanks": opener_of(f"/petitions/{SLUG}/thanks"),
    "confirm": opener_by_email("confirm", "axe-confirm"),
    "confirmed": open_confirmed,
    "withdraw": opener_by_email("withdraw", "axe-withdraw"),
    "withdrawn": open_withdrawn,
    "problem": opener_of("/confirm?token=damaged"),
    "statement": lambda page, site: page.goto(site.issue_statement()["url"]),
    "forged-statement": lambda page, site: page.goto(site.issue_statement()["url"][:-1]),
    "check-your-inbox": open_check_your_inbox,
    "closed": opener_in_state("closed", "This petition is closed."),
    "paused": opener_in_state("paused", "This petition is paused"),
    "removed": opener_in_state("removed", "The law has changed.", reason="The law has changed."),
    "preview": open_preview,
    "sign-in": opener_of("/staff/signed-in"),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_accessible_and_does_not_scroll_sideways(
    browser: Browser, deployed_site: DeployedSite, name: str
) -> None:
    open_page = PAGES[name]
    check_at_every_size(browser, name, lambda page: open_page(page, deployed_site))
