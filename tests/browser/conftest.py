"""Fixtures for tests in a real Chromium against the deployed stack, at phone and desktop size."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from stack.paths import chromium
from tests.browser.crowd import create_petition_with_past_days
from tests.site import DeployedSite

CHROMIUM = chromium()
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Milliseconds. Long enough for cold functions while other tests use the processor.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, (
        "the browser tests need Chromium (Debian: apt-get install chromium-headless-shell), or CHROMIUM=/path/to/it"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def count(deployed_site: DeployedSite) -> int:
    """The number of confirmed signatures of the petition that the dashboard tests use."""
    return create_petition_with_past_days(deployed_site)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    yield from _open_page(browser.new_context(viewport=PHONE))


@pytest.fixture
def phone_without_javascript(browser: Browser) -> Iterator[Page]:
    yield from _open_page(browser.new_context(viewport=PHONE, java_script_enabled=False))


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A page at desktop size. Fail on console errors, such as violations of the security policy, except HTTP errors."""
    context = browser.new_context(viewport=DESK)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    console: list[str] = []

    def record_error_or_warning(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            console.append(message.text)

    page.on("console", record_error_or_warning)
    page.on("pageerror", lambda error: console.append(str(error)))
    yield page
    context.close()
    assert [text for text in console if "Failed to load resource" not in text] == []


def _open_page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()
