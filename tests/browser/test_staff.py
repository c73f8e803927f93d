"""Bob, a member of staff, reads, prints and downloads the counts, issues tokens and reads the activity log."""

import csv
import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import crowd
from tests.browser.crowd import SLUG
from tests.emulated import eventually
from tests.site import DeployedSite

COUNT_ROUTE = f"#/petitions/{SLUG}"


def sign_in(page: Page, site: DeployedSite, token: str = "", route: str = "") -> None:
    page.goto(f"{site.url}/staff{route}")
    page.get_by_label("Your token").fill(token or site.staff_token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def shown_count(page: Page) -> str:
    expect(page.locator("[data-confirmed]")).not_to_have_text("…")
    return page.locator("[data-confirmed]").inner_text()


def number_in(text: str) -> int:
    return int(text.replace(",", ""))


def test_every_chart_has_a_table_that_sums_to_the_count_and_so_does_its_csv(
    desk: Page, deployed_site: DeployedSite, count: int
) -> None:
    sign_in(desk, deployed_site, route=COUNT_ROUTE)
    expect(desk.locator(".curve canvas")).to_be_visible()
    desk.get_by_text("By day (all)").click()
    desk.get_by_text("The numbers as a table").click()
    for caption in ("Confirmed by day", "Countries", "Where people came from"):
        cells = desk.get_by_role("region", name=re.compile(caption)).locator("tbody td.number:nth-child(2)")
        expect(cells.first).to_be_visible()
        numbers = [number_in(text) for text in cells.all_inner_texts()]
        assert sum(numbers) == count, caption
    with desk.expect_download() as download:
        desk.get_by_role("button", name="By country").click()
    assert download.value.suggested_filename == f"{SLUG}-by-country.csv"
    content = download.value.path().read_text(encoding="utf-8")
    rows = list(csv.DictReader(content.splitlines()))
    assert {row["key"] for row in rows} == set(crowd.COUNTRIES)
    assert sum(int(row["confirmed"]) for row in rows) == count


def test_the_count_refreshes_and_keeps_its_time_while_the_server_is_down(
    desk: Page, deployed_site: DeployedSite, count: int
) -> None:
    desk.clock.install()
    sign_in(desk, deployed_site, route=COUNT_ROUTE)
    before = shown_count(desk)
    desk.route("**/api/staff/**", lambda route: route.abort())
    desk.clock.run_for(16_000)
    expect(desk.locator("[data-fresh]")).to_contain_text(re.compile("Cannot reach the server. Showing the number of"))
    assert shown_count(desk) == before
    desk.unroute("**/api/staff/**")
    crowd.add_confirmations(deployed_site, 7)
    desk.clock.run_for(16_000)
    after = number_in(before) + 7
    expect(desk.locator("[data-confirmed]")).to_have_text(f"{after:,}")
    expect(desk.locator("[data-fresh]")).to_contain_text("Live")
    crowd.add_confirmations(deployed_site, -7)


def test_an_unknown_token_leads_back_to_the_form_with_a_message(desk: Page, deployed_site: DeployedSite) -> None:
    desk.goto(f"{deployed_site.url}/staff")
    desk.get_by_label("Your token").fill("staff_0000000000000000_" + "0" * 64)
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.get_by_role("status")).to_contain_text("unknown or has expired")
    assert desk.evaluate("sessionStorage.length + localStorage.length") == 0
    assert desk.context.cookies() == []


def test_a_token_for_counts_shows_only_counts_and_other_pages_name_the_missing_right(
    desk: Page, deployed_site: DeployedSite
) -> None:
    sign_in(desk, deployed_site, deployed_site.stack.manage("token", "issue", "--owner", "charlie"))
    links = desk.get_by_role("navigation", name="Staff").get_by_role("link")
    expect(links).to_have_text(["Petitions"])
    desk.goto(f"{deployed_site.url}/staff#/audit")
    expect(desk.locator(".lead")).to_contain_text("needs the right “manage”")


def test_a_token_is_issued_used_revoked_and_logged(desk: Page, deployed_site: DeployedSite) -> None:
    sign_in(desk, deployed_site, route="#/tokens")
    desk.get_by_label("As a token that is shown here once").check()
    desk.get_by_label("Owner").fill("Dora of the press office")
    desk.get_by_label("Read the numbers").check()
    desk.get_by_role("button", name="Issue").click()
    token = desk.locator("[data-token]").inner_text()
    desk.get_by_role("button", name="I have copied it").click()
    assert deployed_site.staff_as(token, "/petitions").status_code == 200
    desk.get_by_role("button", name="Revoke the token of Dora").click()
    desk.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(desk.get_by_role("row").filter(has_text="Dora")).to_contain_text("Revoked")
    assert deployed_site.staff_as(token, "/petitions").status_code == 401
    desk.get_by_role("link", name="Activity log").click()
    for action in ("Issued a token", "Revoked a token"):
        expect(desk.get_by_role("table")).to_contain_text(action)


def test_a_colleague_is_invited_by_email_and_opens_the_dashboard(
    desk: Page, phone: Page, deployed_site: DeployedSite
) -> None:
    sign_in(desk, deployed_site, route="#/tokens")
    desk.get_by_label("Owner").fill("Erin of the press office")
    desk.get_by_label("Their email address").fill("erin@charity.example")
    desk.get_by_label("Read the numbers").check()
    desk.get_by_role("button", name="Send the invitation").click()
    expect(desk.get_by_role("status").filter(has_text="on its way")).to_be_visible()
    row = desk.get_by_role("row").filter(has_text="Erin of the press office")
    expect(row).to_contain_text("Invited at erin@charity.example")
    eventually(lambda: deployed_site.mails("erin@charity.example"))
    phone.goto(f"{deployed_site.url}/_local/inbox")
    phone.get_by_role("link", name=re.compile("invites you")).first.click()
    phone.locator("a[href*='/staff/invitation?token=']").first.click()
    link = phone.url
    phone.get_by_role("button", name="Accept the invitation").click()
    expect(phone.get_by_role("status")).to_contain_text("You are signed in as Erin of the press office")
    expect(phone.get_by_label("Your token")).to_have_value(re.compile(r"^staff_\w{16}_\w{64}$"))
    assert "token" not in phone.url
    assert Axe().run(phone).violations_count == 0
    phone.get_by_role("button", name="Go to the dashboard").click()
    expect(phone.get_by_text("Signed in as Erin of the press office")).to_be_visible()
    phone.goto(link)
    phone.get_by_role("button", name="Accept the invitation").click()
    expect(phone.get_by_role("status")).to_contain_text("This invitation was used already")
    desk.reload()
    expect(row).to_contain_text("In use")
