"""Bob reads the progress of a petition, and the office sees its number climb."""

import re

from playwright.sync_api import Page, expect

from tests.browser import crowd
from tests.browser.crowd import SLUG
from tests.browser.test_staff import number_in, sign_in
from tests.site import DeployedSite

GOAL = 50_000


def test_the_days_and_milestones_agree_with_the_count(desk: Page, deployed_site: DeployedSite, count: int) -> None:
    crowd.add_confirmations(deployed_site, 12)
    sign_in(desk, deployed_site, route=f"#/petitions/{SLUG}")
    percent = f"{(count + 12) / GOAL:.1%}"
    goal = f"{count + 12:,} of the goal of {GOAL:,}: {percent}, {GOAL - count - 12:,} to go"
    expect(desk.get_by_label(goal)).to_be_visible()
    names, numbers = (desk.locator(f".figures {tag}").all_inner_texts() for tag in ("dt", "dd"))
    shown = dict(zip(names, numbers, strict=True))
    by_day = deployed_site.staff(f"/petitions/{SLUG}/counts?by=day").json()["breakdown"]
    assert [number_in(shown[name]) for name in ("Yesterday", "Today")] == [row["confirmed"] for row in by_day[-2:]]
    passed = desk.get_by_role("region", name="Milestones").locator("tbody th")
    expect(passed).to_have_text(["10,000", "1,000"])
    desk.get_by_role("button", name="Count by constituency").click()
    counted = desk.get_by_text(re.compile(f"Counted: {count + 12:,} in all|This site has no table of constituencies"))
    expect(counted).to_be_visible()
    desk.get_by_role("navigation", name="Staff").get_by_role("link", name="Petitions").click()
    row = desk.get_by_role("row").filter(has_text=crowd.TITLE)
    expect(row.get_by_role("img", name=re.compile("Most in a day"))).to_be_visible()
    expect(row).to_contain_text("12 today")
    crowd.add_confirmations(deployed_site, -12)


def test_the_screen_names_the_goal_when_it_is_reached(desk: Page, deployed_site: DeployedSite, count: int) -> None:
    desk.goto(f"{deployed_site.url}/petitions/{SLUG}/screen")
    expect(desk.locator("[data-count]")).to_have_text(f"{count:,}")
    expect(desk.locator("[data-milestone]")).to_be_empty()
    crowd.add_confirmations(deployed_site, GOAL - count + 3)
    expect(desk.get_by_role("status").filter(has_text="We have reached our goal of 50,000!")).to_be_visible()
    expect(desk.locator("[data-count]")).to_have_text(f"{GOAL + 3:,}")
    crowd.add_confirmations(deployed_site, count - GOAL - 3)
