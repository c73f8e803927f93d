"""Check every staff view at phone and desktop width: no axe violations and no horizontal scrolling."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.crowd import SLUG
from tests.browser.test_pages import check_at_every_size
from tests.browser.test_staff import sign_in
from tests.deployed import DeployedSite


def open_sign_in(page: Page, site: DeployedSite) -> None:
    page.goto(f"{site.url}/staff")
    page.get_by_label("Your token").wait_for()


def opened(where: str, shown: str) -> Callable[[Page, DeployedSite], None]:
    def opening(page: Page, site: DeployedSite) -> None:
        sign_in(page, site, where=where)
        page.locator(shown).first.wait_for()

    return opening


def open_update(page: Page, site: DeployedSite) -> None:
    text = {"title": "They answered", "markdown": "# Good news\n\nThey said **yes**."}
    update = site.manage("POST", f"/petitions/{SLUG}/updates", text).json()["id"]
    sign_in(page, site, where=f"#/petitions/{SLUG}/updates/{update}")
    page.locator("[data-preview]").wait_for()


def open_letter(page: Page, site: DeployedSite) -> None:
    """The letter on the form of a petition that has one, with a second target that is paced."""
    sign_in(page, site, where=f"#/petitions/{SLUG}/edit")
    page.get_by_text("The letter that people can send").click()
    page.get_by_role("button", name="Add a target").click()
    page.get_by_label("How its letters go (target 2)").select_option("Singly, at a set pace")
    page.get_by_label("Most letters in an hour (target 2)").wait_for()


def open_hash_key(page: Page, site: DeployedSite) -> None:
    sign_in(page, site, where=f"#/petitions/{SLUG}/hashes")
    page.get_by_label("Platform").fill("freedom-united")
    page.get_by_role("button", name="Show its key").click()
    page.locator("[data-hash-key]").wait_for()


VIEWS: dict[str, Callable[[Page, DeployedSite], None]] = {
    "staff-sign-in": open_sign_in,
    "staff-list": opened("", "table"),
    "staff-numbers": opened(f"#/petitions/{SLUG}", ".curve canvas"),
    "staff-new": opened("#/new", "form"),
    "staff-tokens": opened("#/tokens", "table"),
    "staff-audit": opened("#/audit", "table"),
    "staff-people": opened("#/people", "form"),
    "staff-exports": opened(f"#/petitions/{SLUG}/exports", "form"),
    "staff-updates": opened(f"#/petitions/{SLUG}/updates", "form"),
    "staff-update": open_update,
    "staff-elsewhere": opened(f"#/petitions/{SLUG}/elsewhere", "[data-total]"),
    "staff-edit": opened(f"#/petitions/{SLUG}/edit", "form"),
    "staff-letter": open_letter,
    "staff-hashes": opened(f"#/petitions/{SLUG}/hashes", "form"),
    "staff-hash-key": open_hash_key,
    "staff-lists": opened(f"#/petitions/{SLUG}/lists", "form"),
    "staff-letters": opened(f"#/petitions/{SLUG}/letters", ".lead"),
    "staff-partners": opened("#/partners", "form"),
    "staff-imports": opened(f"#/petitions/{SLUG}/imports", ".lead"),
}


@pytest.mark.usefixtures("confirmed")
@pytest.mark.parametrize("name", VIEWS)
def test_the_view_is_accessible_and_does_not_scroll_sideways(
    browser: Browser, deployed_site: DeployedSite, name: str
) -> None:
    def open_view(page: Page) -> None:
        VIEWS[name](page, deployed_site)
        expect(page).to_have_title(re.compile("– Staff$"))

    check_at_every_size(browser, name, open_view)
