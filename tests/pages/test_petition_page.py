"""The petition's page: form, errors, count, states, preview, and what search engines and shared links show."""

from __future__ import annotations

import json

import pytest

from tests.pages.rendering import (
    EVIL,
    SITE,
    a_petition,
    a_petition_page,
    page_of,
    pages_with_forms,
)


@pages_with_forms
def test_an_error_is_in_the_title_the_summary_and_next_to_its_field(template: str) -> None:
    message = "Enter a postcode"
    page = page_of(template, errors=[{"field": "postcode", "message": message}])
    assert page.one("title").text.startswith("Error: ")
    summary = page.one("div", id="error-summary", role="alert", tabindex="-1")
    assert message in summary.text
    assert page.one("a", href="#postcode").text == message
    field = page.one("input", id="postcode")
    assert field.attrs["aria-invalid"] == "true"
    assert {"postcode-hint", "postcode-error"} == set(field.attrs["aria-describedby"].split())
    assert message in page.one("p", id="postcode-error").text


@pages_with_forms
def test_a_page_without_errors_shows_no_error(template: str) -> None:
    page = page_of(template, errors=[])
    assert not page.one("title").text.startswith("Error")
    assert not page.all(role="alert")
    assert not [element for element in page.elements if "aria-invalid" in element.attrs]


def test_an_error_of_a_hidden_or_unknown_field_has_no_link() -> None:
    page = page_of("petition.html", errors=[{"field": "source", "message": "Bad link"}])
    assert "Bad link" in page.one("div", id="error-summary").text
    assert not page.all("a", href="#source")


def test_consents_start_unticked_and_the_united_kingdom_is_selected() -> None:
    page = a_petition_page()
    boxes = page.all("input", type="checkbox", value="yes")
    assert [box.attrs["name"] for box in boxes] == ["consent.sign", "consent.updates", "letter.send", "letter.reply"]
    assert [box for box in boxes if "checked" in box.attrs] == []
    assert [option.attrs["value"] for option in page.all("option", selected="")] == ["GB"]


def test_browsers_can_autofill_the_form() -> None:
    page = a_petition_page()
    expected = {"name": "name", "email": "email", "country": "country", "postcode": "postal-code"}
    found = {id_: page.one("input", "select", id=id_).attrs["autocomplete"] for id_ in expected}
    assert found == expected


def test_the_count_is_in_the_text_and_the_bar_and_has_a_refresh_url() -> None:
    page = a_petition_page(base="/prod")
    assert page.one("label", **{"for": "progress"}).text == "12,345 of 20,000 signatures"
    assert page.one("progress", id="progress").attrs == {"id": "progress", "max": "20000", "value": "12345"}
    assert page.all("div", data_count_url="/prod/api/petitions/protect-trafficked-children/count")
    assert "2 October 2026 at 15:05 BST (14:05 UTC)" in page.text


def test_the_page_says_until_which_minute_the_petition_is_open() -> None:
    """The day alone would promise the whole day."""
    text = a_petition_page().text
    assert "Open until 24 November 2026 at 22:00 GMT." in text
    assert text.count("24 November 2026 at 22:00 GMT") == 2


def test_the_text_has_its_markup() -> None:
    page = a_petition_page(petition=a_petition(text="We ask for **three** things"))
    assert "three" in [element.text for element in page.all("strong")]


@pytest.mark.parametrize("state", ["closed", "paused"])
def test_a_petition_that_is_not_open_has_no_form(state: str) -> None:
    page = a_petition_page(state=state)
    assert not page.all("form")
    assert not page.all("a", href="#sign")
    assert ("12,345 confirmed signatures" in page.text) is (state == "closed")


def test_a_preview_is_marked_not_indexed_and_cannot_be_sent() -> None:
    page = a_petition_page(preview="draft")
    assert "This is a preview" in page.text
    assert page.all("meta", name="robots", content="noindex")
    form = page.one("form")
    assert "action" not in form.attrs
    assert "inert" in form.attrs
    assert page.all("fieldset", disabled="")
    assert not [element for element in page.elements if "data-count-url" in element.attrs]


def test_the_privacy_notice_names_the_controller_recipient_and_contact() -> None:
    notice = a_petition_page().one("section", id="privacy").text
    for words in ("Harbour for Children is the controller", "never email addresses", "privacy@harbour.example"):
        assert words in notice
    for words in ("special category", "explicit consent", "withdraw", "deleted automatically"):
        assert words in notice


def test_the_page_has_metadata_for_shared_links() -> None:
    page = a_petition_page(base="/prod")
    link = f"{SITE}/petitions/protect-trafficked-children"
    meta: dict[str, str] = {}
    for element in page.all("meta"):
        name = element.attrs.get("property") or element.attrs.get("name", "")
        meta[name] = element.attrs.get("content", "")
    assert meta["og:url"] == link == page.one("link", rel="canonical").attrs["href"]
    assert meta["og:title"] == a_petition().title
    assert meta["og:description"] == meta["description"] == a_petition().summary
    assert (meta["og:type"], meta["og:site_name"]) == ("website", "Harbour for Children")
    assert (meta["og:image"], meta["og:image:width"]) == (f"{link}/card.png", "1200")
    assert meta["twitter:card"] == "summary_large_image"


def test_search_engines_read_title_count_and_dates_and_no_text_ends_the_script_tag() -> None:
    page = a_petition_page(petition=a_petition(title=EVIL))
    data = json.loads(page.one("script", type="application/ld+json").text)
    assert (data["name"], data["datePublished"]) == (EVIL, "2026-09-01T08:00:00Z")
    assert data["interactionStatistic"]["userInteractionCount"] == 12_345
    assert data["publisher"]["name"] == "Harbour for Children"
