"""The pages help a supporter with a slip in the address, the inbox, the postcode and sharing."""

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.test_supporter import fill, open_petition, press_sign, record_sent_forms
from tests.emulated import eventually
from tests.site import SLUG, DeployedSite


def test_the_inbox_page_shows_the_typed_address_and_sends_the_email_again_after_a_minute(
    phone: Page, deployed_site: DeployedSite
) -> None:
    phone.clock.install()
    open_petition(phone, deployed_site)
    fill(phone, "again@gmail.com")
    press_sign(phone)
    inbox = phone.locator("[data-inbox]")
    expect(inbox).to_contain_text("again@gmail.com")
    expect(inbox.get_by_role("link")).to_have_attribute("href", "https://mail.google.com/")
    sent = record_sent_forms(phone)
    again = inbox.get_by_role("button", name="Send it again")
    again.click(force=True)
    assert sent == [], "the server would not send another email yet"
    phone.clock.fast_forward(61_000)
    again.click()
    expect(inbox.get_by_role("status")).to_contain_text("asked for the email again")
    assert sent == ["POST"]
    assert "again@gmail.com" not in requests.get(phone.url, timeout=20).text


@pytest.mark.parametrize("accepts", [True, False])
def test_the_form_asks_once_about_a_slip_in_the_address(
    phone: Page, deployed_site: DeployedSite, accepts: bool
) -> None:
    open_petition(phone, deployed_site)
    fill(phone, f"slip{accepts}@gmial.com")
    press_sign(phone)
    box = phone.locator("#email-meant")
    expect(box).to_be_focused()
    if accepts:
        box.check()
    press_sign(phone)
    domain = "gmail.com" if accepts else "gmial.com"
    address = f"slip{accepts}@{domain}"
    expect(phone.locator("[data-address]")).to_have_text(address)
    eventually(lambda: deployed_site.mails(address.lower()) or deployed_site.mails(address))


def test_the_postcode_hint_follows_the_country_without_javascript(
    phone_without_javascript: Page, deployed_site: DeployedSite
) -> None:
    open_petition(phone_without_javascript, deployed_site)
    hint = phone_without_javascript.locator("#postcode-hint")
    expect(hint.locator(".in-uk")).to_be_visible()
    expect(hint.locator(".abroad")).to_be_hidden()
    phone_without_javascript.locator("#country").select_option("NL")
    expect(hint.locator(".in-uk")).to_be_hidden()
    expect(hint.locator(".abroad")).to_be_visible()


def test_the_link_is_copied_with_its_source(desk: Page, deployed_site: DeployedSite) -> None:
    open_petition(desk, deployed_site)
    desk.get_by_role("button", name="Copy the link").click()
    expect(desk.get_by_text("Copied")).to_be_visible()
    copied = desk.evaluate("navigator.clipboard.readText()")
    assert copied.endswith(f"/petitions/{SLUG}?source=shared-copy")
