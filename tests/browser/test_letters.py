"""Alice sends a letter with her signature, on a phone, with and without JavaScript."""

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import check_at_every_size
from tests.browser.test_supporter import confirm_from_inbox, fill, open_petition, press_sign
from tests.deployed import DeployedSite
from tests.emulated import eventually
from tests.letters.lettering import HOME_SECRETARY


def write_letter(page: Page, words: str) -> None:
    page.locator("#letter-send").check()
    page.get_by_text("Read or change the letter").click()
    page.get_by_label("I write to you as a parent.").check()
    page.locator("#letter-body").fill(words)


def arrived(site: DeployedSite, words: str) -> list[dict[str, str]]:
    return [mail for mail in site.mails(HOME_SECRETARY) if words in json.dumps(mail)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_letter_is_written_seen_confirmed_and_arrives(
    phone: Page, phone_without_javascript: Page, deployed_site: DeployedSite, script: bool
) -> None:
    page, site, words = phone if script else phone_without_javascript, deployed_site, f"My own words, {script}."
    email = f"letter-{script}@example.org".lower()
    open_petition(page, site)
    fill(page, email, "Alice Parent")
    write_letter(page, words)
    press_sign(page)
    expect(page).to_have_url(re.compile("/thanks$"))
    confirm_from_inbox(page, site, email)
    [mail] = eventually(lambda: arrived(site, words), 120)
    assert mail["text"].startswith(f"Dear Home Secretary,\n\nI write to you as a parent.\n\n{words}\n\nAlice Parent")


def test_a_refused_letter_is_shown_open_with_its_error(
    phone_without_javascript: Page, deployed_site: DeployedSite
) -> None:
    page = phone_without_javascript
    open_petition(page, deployed_site)
    fill(page, "letter-error@example.org")
    write_letter(page, "See www.harbour.org")
    press_sign(page)
    expect(page).to_have_title(re.compile("^Error: "))
    page.locator("#error-summary").get_by_role("link").first.click()
    expect(page.locator("#letter-body")).to_be_focused()
    expect(page.locator("#letter-body")).to_have_value("See www.harbour.org")
    expect(page.locator("#letter-send")).to_be_checked()
    expect(page.get_by_label("I write to you as a parent.")).to_be_checked()


def test_the_form_with_an_open_letter_is_accessible_at_every_size(
    browser: Browser, deployed_site: DeployedSite
) -> None:
    def open_it(page: Page) -> None:
        open_petition(page, deployed_site)
        write_letter(page, "A long word: " + "Llanfairpwllgwyngyll" * 5)

    check_at_every_size(browser, "letter", open_it)


def test_the_letter_as_it_will_arrive_is_accessible_at_every_size(
    browser: Browser, deployed_site: DeployedSite
) -> None:
    def open_it(page: Page) -> None:
        email = "letter-axe@example.org"
        open_petition(page, deployed_site)
        fill(page, email)
        write_letter(page, "A long word: " + "Llanfairpwllgwyngyll" * 5)
        page.locator("#letter-reply").check()
        press_sign(page)
        page.wait_for_url(re.compile("/thanks$"))
        [mail, *_] = eventually(lambda: deployed_site.mails(email))
        found = re.search(r"\S+/confirm\?token=\S+", mail["text"])
        assert found
        page.goto(found[0])
        expect(page.get_by_text("It will arrive like this")).to_be_visible()
        expect(page.locator("fieldset.letter blockquote")).to_contain_text("Dear Home Secretary,")
        expect(page.locator("fieldset.letter dl")).to_contain_text(email)
        page.get_by_text("Read or change the letter").click()

    check_at_every_size(browser, "letter-to-confirm", open_it)
