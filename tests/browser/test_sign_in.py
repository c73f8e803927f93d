"""Bob signs in with his work account: our page, the provider's login, and back."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.oidc.people import PASSWORD, PERSON
from tests.site import DeployedSite

STORED_TOKEN = "sessionStorage.getItem('staff.token')"


def test_bob_signs_in_and_gets_a_token_without_a_cookie(phone: Page, site_with_sign_in: DeployedSite) -> None:
    cookie_urls: list[str] = []

    def record_cookie(answer: Response) -> None:
        if "set-cookie" in answer.headers:
            cookie_urls.append(answer.url)

    phone.on("response", record_cookie)
    phone.goto(f"{site_with_sign_in.url}/staff/signed-in")
    phone.get_by_role("button", name="Sign in").click()
    phone.get_by_label("Username").fill(PERSON)
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Log in").click()
    expect(phone.get_by_role("status")).to_have_text("You are signed in as bob@charity.example.")
    expect(phone).to_have_url(f"{site_with_sign_in.url}/staff/signed-in")
    token = phone.evaluate(STORED_TOKEN)
    assert re.fullmatch(r"staff_\w{16}_\w{64}", token)
    assert phone.evaluate("sessionStorage.getItem('staff.sign-in')") is None
    me = site_with_sign_in.staff_as(token, "/me").json()
    assert (me["owner"], me["rights"]) == ("bob@charity.example", ["counts", "manage"])
    assert not [url for url in cookie_urls if url.startswith(site_with_sign_in.url)]
    assert Axe().run(phone).violations_count == 0
