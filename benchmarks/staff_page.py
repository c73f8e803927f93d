"""`python -m benchmarks.staff_page`: measure how long staff wait for the count on the dashboard, and how many bytes.

Chromium opens the page with an empty cache. The site is that of `make run`. The bytes transferred are exact; times
depend on this machine and the emulator.
"""

import re
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import results
from benchmarks.scene import sample_petition
from stack.console import run_main, say
from stack.local.process import local_site
from stack.paths import chromium

RUNS = 5
CHARTS = "/assets/uplot."  # the chart library
LIMIT_BYTES = 100_000
FIRST_PAINT_EXPRESSION = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main() -> None:
    with TemporaryDirectory() as folder, local_site(Path(folder)) as site:
        figures = _measure(site.url, site.staff_token)
    results.add({"staff_page": figures})
    for name, value in figures.items():
        say(f"{name:<32}{value:>10,}")


def _measure(site: str, token: str) -> dict[str, Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        # The first visit is not measured, because it fills caches of the site.
        _visit(browser, site, token)
        runs = [_visit(browser, site, token) for _ in range(RUNS)]
        browser.close()
    last = runs[-1]
    return {
        "first_paint_ms": round(median(run["first_paint_ms"] for run in runs)),
        "number_shown_ms": round(median(run["number_shown_ms"] for run in runs)),
        "requests": last["requests"],
        "bytes": last["bytes"],
        "bytes_of_charts": last["bytes_of_charts"],
        "goal": LIMIT_BYTES,
    }


def _visit(browser: Browser, site: str, token: str) -> dict[str, float]:
    """Visit in a new browser context, which has an empty cache."""
    context = browser.new_context()
    page = context.new_page()
    sizes = _sizes_of(page)
    page.add_init_script(f"sessionStorage.setItem('staff.token', '{token}')")
    page.goto(f"{site}/staff#/petitions/{sample_petition().slug}")
    page.locator("[data-confirmed]", has_text=re.compile(r"\d")).wait_for()
    shown_ms = page.evaluate("performance.now()")
    page.wait_for_load_state("networkidle")
    found = {"first_paint_ms": page.evaluate(FIRST_PAINT_EXPRESSION), "number_shown_ms": shown_ms, **_totals(sizes)}
    context.close()
    return found


def _sizes_of(page: Page) -> dict[str, int]:
    """Return a dictionary that fills while the page loads: the bytes of headers and body by URL, as transferred."""
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def keep_url(event: dict[str, Any]) -> None:
        urls[event["requestId"]] = event["response"]["url"]

    def keep_size(event: dict[str, Any]) -> None:
        request_id = event["requestId"]
        url = urls.get(request_id, request_id)
        sizes[url] = event["encodedDataLength"]

    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.responseReceived", keep_url)
    session.on("Network.loadingFinished", keep_size)
    return sizes


def _totals(sizes: dict[str, int]) -> dict[str, int]:
    charts = sum(size for url, size in sizes.items() if CHARTS in url)
    others = sum(sizes.values()) - charts
    return {"requests": len(sizes), "bytes": round(others), "bytes_of_charts": round(charts)}


if __name__ == "__main__":
    run_main(main)
