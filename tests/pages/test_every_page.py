"""Rules for every page: escaping, links, labels, ids."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.pages.render import asset_url, render
from tests.pages.parsed import Page
from tests.pages.rendering import (
    EVIL,
    PAGES,
    SITE,
    WITHOUT_TEXTS,
    a_petition,
    a_petition_page,
    every_template,
    page_of,
    page_with_all_texts,
)

# The scripts of each page that loads others than petition.js alone.
SCRIPTS = {
    "staff.html": ["/assets/staff/0a1b2c3d/app.js"],
    "sign_in.html": [asset_url("sign-in.js", base="")],
    "petition.html": [asset_url(name, base="") for name in ("mailbox.js", "petition.js", "share.js")],
    "thanks.html": [asset_url(name, base="") for name in ("petition.js", "inbox.js", "share.js")],
    "embed.html": [asset_url(name, base="") for name in ("frame.js", "mailbox.js", "petition.js")],
    "counter.html": [asset_url(name, base="") for name in ("frame.js", "petition.js")],
    "screen.html": [asset_url(name, base="") for name in ("petition.js", "screen.js")],
    "confirmed.html": [asset_url(name, base="") for name in ("petition.js", "share.js")],
}

# Pages in a frame on another site, without a masthead.
EMBEDDED = ("embed.html", "counter.html")
DEFAULT_SCRIPTS = [asset_url("petition.js", base="")]


@every_template
def test_all_user_and_petition_texts_are_escaped(template: str) -> None:
    texts = (
        "title",
        "summary",
        "text",
        "target",
        "charity",
        "sign_wording",
        "updates_wording",
        "privacy_contact",
        "response",
        "share_text",
    )
    petition = a_petition(**dict.fromkeys((*texts, "slug", "privacy_url"), EVIL))
    page = page_of(template, petition=petition, word=EVIL)
    sources = [script.attrs["src"] for script in page.all("script", type="module")]
    assert sources == SCRIPTS.get(template, DEFAULT_SCRIPTS)
    assert not page.all("img", src="x")
    assert "49" not in page.text.split()
    assert ("<script>alert(1)" in page.text) is (template not in WITHOUT_TEXTS), "the payload must appear as text"


def test_the_texts_of_the_script_are_in_the_page_in_other_languages() -> None:
    script = "".join((PAGES / "assets" / name).read_text() for name in ("petition.js", "screen.js"))
    used = set(re.findall(r'translated\(\s*"([^"]+)"', script))
    welsh = Page(render("petitions.html", "cy", base="", site_url=SITE, petitions=[]))
    texts = json.loads(welsh.one("body").attrs["data-texts"])
    assert used == texts.keys()
    placeholder = re.compile(r"\{\w+\}")
    for english, translation in texts.items():
        assert translation != english
        assert placeholder.findall(translation) == placeholder.findall(english)
    assert "data-texts" not in page_of("petitions.html").one("body").attrs, "English pages need no translations"


@every_template
def test_pages_have_no_inline_script_or_style(template: str) -> None:
    page = page_with_all_texts(template)
    for element in page.elements:
        assert "style" not in element.attrs
        assert not [name for name in element.attrs if name.startswith("on")]
    assert not page.all("style")
    # Data, which browsers do not run and the content security policy allows.
    data = page.all("script", type="application/ld+json")
    assert len(data) == (template == "petition.html")
    for script in page.all("script"):
        if script not in data:
            assert script.attrs.get("src")
            assert script.text.strip() == ""


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "data:text/html,x", "http://plain.example"])
def test_a_privacy_link_is_shown_only_over_https(scheme: str) -> None:
    page = a_petition_page(petition=a_petition(privacy_url=scheme))
    assert not page.all("a", href=scheme)


@pytest.mark.parametrize("base", ["", "/prod"])
@every_template
def test_every_link_form_and_asset_starts_with_the_base(template: str, base: str) -> None:
    names = ("href", "src", "action", "data-count-url", "data-sign-url", "data-thanks-url")
    page = page_with_all_texts(template, base)
    links = [element.attrs[name] for element in page.elements for name in names if name in element.attrs]
    inside = [link for link in links if not link.startswith(("#", "mailto:", "https://"))]
    assert inside
    assert all(link.startswith(f"{base}/") for link in inside), inside
    absolute = [link for link in links if link.startswith(SITE)]
    assert all(link.startswith(f"{SITE}/") for link in absolute), absolute


@every_template
def test_a_page_has_one_h1_a_title_a_language_and_a_working_skip_link(template: str) -> None:
    page = page_with_all_texts(template)
    assert page.one("html").attrs["lang"] == "en"
    assert page.one("h1").text.strip()
    assert page.one("title").text.strip()
    if template in EMBEDDED:
        assert not page.all("a", href="#main")
        return
    skip = next(iter(page.all("a")))
    assert skip.attrs["href"] == f"#{page.one('main').attrs['id']}"


@every_template
def test_ids_are_unique_and_every_reference_has_a_target(template: str) -> None:
    page = page_with_all_texts(template)
    assert len(page.ids) == len(set(page.ids))
    referred: set[str] = set()
    for element in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            ids = element.attrs.get(name, "").split()
            referred.update(ids)
    for link in page.all("a"):
        url = link.attrs.get("href", "")
        if url.startswith("#"):
            referred.add(url[1:])
    assert referred <= set(page.ids)


@every_template
def test_every_field_has_a_label(template: str) -> None:
    page = page_with_all_texts(template)
    labelled = {label.attrs["for"] for label in page.all("label") if label.text.strip()}
    for field in page.all("input", "select", "textarea", "progress"):
        if field.attrs.get("type") != "hidden":
            assert field.attrs["id"] in labelled


@every_template
def test_only_public_pages_may_be_indexed(template: str) -> None:
    page = page_of(template, {"errors": []} if template == "petition.html" else {})
    public = template in {"petition.html", "petitions.html"}
    assert bool(page.all("meta", name="robots", content="noindex")) is not public
