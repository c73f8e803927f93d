"""Check a page with axe, and that it does not scroll sideways.

`SCREENSHOTS=.local/screenshots` saves a screenshot of each page.
"""

import os
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Browser, Page

from tests.browser.conftest import DESK, PATIENCE, PHONE

FITS_THE_WIDTH = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SIZES = {"phone": PHONE, "desk": DESK}
VIOLATIONS = {"resultTypes": ["violations"]}
# Contrast takes nine tenths of axe's time, so it is measured once in each scheme: light on a phone, dark on a desk.
ONLY_CONTRAST = {**VIOLATIONS, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
ALL_BUT_CONTRAST = {**VIOLATIONS, "rules": {"color-contrast": {"enabled": False}}}


def check_at_every_size(browser: Browser, name: str, open_page: Callable[[Page], object]) -> None:
    """Open the page once, on a phone, and check it at each size."""
    # The test injects axe, which the site's Content-Security-Policy would block.
    context = browser.new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page)
    page.evaluate(AXE_SCRIPT)
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        save_screenshot(page, f"{name}-{size}")
        check(page, size, VIOLATIONS if viewport == PHONE else ALL_BUT_CONTRAST)
    page.emulate_media(color_scheme="dark")
    check(page, "desk, dark", ONLY_CONTRAST)
    page.set_viewport_size(PHONE)
    save_screenshot(page, f"{name}-dark")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_function(FITS_THE_WIDTH)  # Axe has already checked this document.
    context.close()


def check(page: Page, size: str, options: object) -> None:
    page.wait_for_function(FITS_THE_WIDTH)  # A chart is drawn anew after the window's size has changed.
    found = AxeResults(page.evaluate("options => axe.run(options)", options))
    assert found.violations_count == 0, f"{size}: {found.generate_report()}"


def save_screenshot(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
