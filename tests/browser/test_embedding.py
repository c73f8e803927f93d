"""Alice signs in a frame on a charity's site, which has another origin and a strict content security policy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, expect

from stack.local.emulator import LOOPBACK
from tests.browser.axe import check_at_every_size
from tests.browser.new_petition import open_new_petition
from tests.browser.test_supporter import fill
from tests.emulated import eventually
from tests.site import DeployedSite

SLUG = "in-a-frame"
# Send a message that does not come from the frame, and wait until the page has handled it.
FORGED = """new Promise((done) => {
  addEventListener("message", () => setTimeout(done), { once: true });
  postMessage({ petition: { height: 9999 } }, "*");
})"""


@dataclass(frozen=True)
class CharitySites:
    """Two sites with the same page. The petition allows only the first to show its form."""

    allowed: str
    other: str


@pytest.fixture(scope="module")
def sites(deployed_site: DeployedSite) -> Iterator[CharitySites]:
    servers = [ThreadingHTTPServer((LOOPBACK, 0), charity_pages(deployed_site.url)) for _ in range(2)]
    # To a browser, localhost is another site than 127.0.0.1, where the petition is.
    charity_sites = CharitySites(*(f"http://localhost:{server.server_port}" for server in servers))
    open_new_petition(deployed_site, SLUG, embed_on=[charity_sites.allowed])
    # The site may have cached that the petition is not public yet.
    eventually(lambda: requests.get(f"{deployed_site.url}/embed/{SLUG}/counter", timeout=30).status_code == 200)
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    yield charity_sites
    for server in servers:
        server.shutdown()
        server.server_close()


def charity_pages(site_url: str) -> type[BaseHTTPRequestHandler]:
    """Return the handler of a site whose policy allows only scripts and frames of the petition site."""
    tag = f'<script src="{site_url}/embed.js" data-petition="{SLUG}" data-source="our-website"'
    tags = f'{tag}></script>{tag} data-show="counter"></script>'
    frame = f'<iframe src="{site_url}/embed/{SLUG}?source=our-website" title="Sign" height="1500"></iframe>'
    policy = f"default-src 'none'; script-src {site_url}; frame-src {site_url}"

    class CharityPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = frame if "?" in self.path else tags
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Charity</title><h1>Charity</h1>{content}".encode())

        def log_message(self, *_: object) -> None: ...

    return CharityPage


def record_console_messages(page: Page, words: str) -> list[str]:
    """Return a list to which each message on the console with these words is added when it arrives."""
    found: list[str] = []

    def record(message: ConsoleMessage) -> None:
        if words in message.text:
            found.append(message.text)

    page.on("console", record)
    return found


def test_a_supporter_signs_in_the_frame(browser: Browser, deployed_site: DeployedSite, sites: CharitySites) -> None:
    desk = browser.new_page()
    violations = record_console_messages(desk, "Security Policy")
    desk.goto(sites.allowed)
    form, counter = desk.frame_locator("iframe >> nth=0"), desk.frame_locator("iframe >> nth=1")
    expect(counter.locator("[data-count]")).to_have_text("0")
    expect(desk.locator("iframe >> nth=0")).to_have_attribute("title", re.compile("Harbour|–"))
    assert frame_fits(desk, 0)
    assert frame_fits(desk, 1)
    desk.evaluate(FORGED)
    assert frame_fits(desk, 0)
    assert "source=our-website" in desk.frames[1].url
    fill(desk.frames[1], "nonsense")
    press_sign(desk, form)
    expect(form.locator("#error-summary")).to_contain_text("name@example.org")
    expect(form.locator("#error-summary")).to_be_focused()
    assert frame_fits(desk, 0)
    form.get_by_label("Email address").fill("framed@example.org")
    form.locator("#consent-sign").check()
    press_sign(desk, form)
    expect(form.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    assert frame_fits(desk, 0)
    assert desk.url == f"{sites.allowed}/"
    eventually(lambda: deployed_site.mails("framed@example.org"))
    assert (desk.context.cookies(), violations) == ([], [])
    desk.close()


def test_the_frame_works_without_javascript(
    phone_without_javascript: Page, deployed_site: DeployedSite, sites: CharitySites
) -> None:
    page = phone_without_javascript
    page.goto(f"{sites.allowed}/?plain")
    form = page.frame_locator("iframe")
    fill(page.frames[1], "plain-frame@example.org")
    press_sign(page, form)
    expect(form.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    eventually(lambda: deployed_site.mails("plain-frame@example.org"))


def test_a_site_that_is_not_allowed_shows_a_link(
    browser: Browser, deployed_site: DeployedSite, sites: CharitySites
) -> None:
    page = browser.new_page()
    refused = record_console_messages(page, "frame-ancestors")
    page.goto(sites.other, wait_until="load")
    eventually(lambda: len(refused) >= 2)
    link = page.get_by_role("link", name="Sign the petition").first
    expect(link).to_have_attribute("href", f"{deployed_site.url}/petitions/{SLUG}?source=our-website")
    expect(page.locator("iframe")).to_have_count(0)
    page.close()


@pytest.mark.parametrize("path", [f"/embed/{SLUG}", f"/embed/{SLUG}/counter"])
@pytest.mark.usefixtures("sites")
def test_the_page_in_the_frame_is_accessible(browser: Browser, deployed_site: DeployedSite, path: str) -> None:
    def open_frame(page: Page) -> None:
        page.goto(f"{deployed_site.url}{path}")

    check_at_every_size(browser, path[1:].replace("/", "-"), open_frame)


def press_sign(page: Page, form: FrameLocator) -> None:
    """Press the button by keyboard. Chromium may lose a click in another site's frame just after it has scrolled."""
    form.locator("#sign button[type=submit]").focus()
    page.keyboard.press("Enter")


def frame_fits(page: Page, number: int) -> bool:
    """Wait until the frame is as high as the page in it. Fail if it never is."""
    frame = page.frames[number + 1]

    def is_same_height() -> bool:
        inner = frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        outer = page.locator("iframe").nth(number).evaluate("frame => frame.clientHeight")
        return bool(inner == outer and inner > 50)

    eventually(is_same_height)
    return is_same_height()
