"""Check every staff view at phone and desktop width: no axe violations and no horizontal scrolling."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import check_at_every_size
from tests.browser.crowd import SLUG
from tests.browser.test_staff import sign_in
from tests.site import DeployedSite


def open_sign_in(page: Page, site: DeployedSite) -> None:
    page.goto(f"{site.url}/staff")
    page.get_by_label("Your token").wait_for()


def opener_of(route: str, selector: str) -> Callable[[Page, DeployedSite], None]:
    """Return a function that signs in, opens the route, and waits for the selector."""

    def open_view(page: Page, site: DeployedSite) -> None:
        sign_in(page, site, route=route)
        page.locator(selector).first.wait_for()

    return open_view


def open_update(page: Page, site: DeployedSite) -> None:
    text = {"title": "They answered", "markdown": "# Good news\n\nThey said **yes**."}
    update = site.manage("POST", f"/petitions/{SLUG}/updates", text).json()["id"]
    sign_in(page, site, route=f"#/petitions/{SLUG}/updates/{update}")
    page.locator("[data-preview]").wait_for()


def open_letter(page: Page, site: DeployedSite) -> None:
    """Open the form of a petition that has a letter, and add a paced target."""
    sign_in(page, site, route=f"#/petitions/{SLUG}/edit")
    page.locator("summary", has_text="The letter that people can send").click()
    page.get_by_role("button", name="Add a target").click()
    page.get_by_label("How its letters go (target 2)").select_option("Singly, at a set pace")
    page.get_by_label("Most letters in an hour (target 2)").wait_for()


VIEWS: dict[str, Callable[[Page, DeployedSite], None]] = {
    "staff-sign-in": open_sign_in,
    "staff-list": opener_of("", "table"),
    "staff-numbers": opener_of(f"#/petitions/{SLUG}", ".curve canvas"),
    "staff-new": opener_of("#/new", "form"),
    "staff-tokens": opener_of("#/tokens", "table"),
    "staff-audit": opener_of("#/audit", "table"),
    "staff-people": opener_of("#/people", "form"),
    "staff-exports": opener_of(f"#/petitions/{SLUG}/exports", "form"),
    "staff-updates": opener_of(f"#/petitions/{SLUG}/updates", "form"),
    "staff-update": open_update,
    "staff-elsewhere": opener_of(f"#/petitions/{SLUG}/elsewhere", "[data-total]"),
    "staff-share": opener_of(f"#/petitions/{SLUG}/share", "img"),
    "staff-edit": opener_of(f"#/petitions/{SLUG}/edit", "form"),
    "staff-letter": open_letter,
    "staff-lists": opener_of(f"#/petitions/{SLUG}/lists", "form"),
    "staff-letters": opener_of(f"#/petitions/{SLUG}/letters", ".lead"),
    "staff-partners": opener_of("#/partners", "form"),
    "staff-imports": opener_of(f"#/petitions/{SLUG}/imports", ".lead"),
}


@pytest.mark.usefixtures("count")
@pytest.mark.parametrize("name", VIEWS)
def test_the_view_is_accessible_and_does_not_scroll_sideways(
    browser: Browser, deployed_site: DeployedSite, name: str
) -> None:
    def open_view(page: Page) -> None:
        VIEWS[name](page, deployed_site)
        expect(page).to_have_title(re.compile("– Staff$"))

    check_at_every_size(browser, name, open_view)


def test_a_typed_source_is_in_the_link_the_code_and_the_pictures(desk: Page, deployed_site: DeployedSite) -> None:
    sign_in(desk, deployed_site, route=f"#/petitions/{SLUG}/share")
    desk.get_by_label("Source").fill("spring-leaflet")
    expect(desk.get_by_text(f"/petitions/{SLUG}?source=spring-leaflet", exact=False)).to_be_visible()
    expect(desk.get_by_text('data-source="spring-leaflet"')).to_be_visible()
    for name in ("SVG", "PNG", "Poster, A4 (en)", "Signature sheet, A4 (en)"):
        address = desk.get_by_role("link", name=name).get_attribute("href")
        assert desk.request.get(str(address)).ok
    desk.get_by_label("Source").fill("Not Valid")
    expect(desk.get_by_role("status")).to_contain_text("Type a source")
