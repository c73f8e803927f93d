"""The rendered pages, parsed: links, forms, labels, errors, escaping and texts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from jinja2 import UndefinedError

from chalicelib.pages.render import (
    asset,
    asset_url,
    dashboard,
    dashboard_start,
    dashboard_version,
    render,
)

PAGES = Path(__file__).parents[2] / "chalicelib" / "pages"
SITE = "https://petitions.example"
EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}"
# The staff pages: they load another script and show nothing of a petition.
SCRIPTS = {
    "staff.html": ["/assets/staff/0a1b2c3d/app.js"],
    "sign_in.html": [asset_url("sign-in.js", base="")],
    "petition.html": [asset_url(name, base="") for name in ("mailbox.js", "petition.js", "share.js")],
    "thanks.html": [asset_url(name, base="") for name in ("petition.js", "inbox.js")],
    "embed.html": [asset_url(name, base="") for name in ("frame.js", "mailbox.js", "petition.js")],
    "counter.html": [asset_url(name, base="") for name in ("frame.js", "petition.js")],
    "confirmed.html": [asset_url(name, base="") for name in ("petition.js", "share.js")],
}
ZOES = {"name": "Zoë", "country": "IE", "postcode": "", "updates": ""}
STAFF = ("staff.html", "sign_in.html")
# Pages in a frame on another site: without masthead.
EMBEDDED = ("embed.html", "counter.html")
OWN_SCRIPTS = [asset_url("petition.js", base="")]
FORM_FIELDS = ("name", "email", "country", "postcode", "consent.sign", "consent.updates")
VOID = {"meta", "link", "img", "input", "br", "hr"}


class Element(SimpleNamespace):
    """A start tag with its attributes, and all text up to its end tag."""

    tag: str
    attrs: dict[str, str]
    text: str


class Page(HTMLParser):
    """A small DOM: elements in order, each with its text. Fails on a tag that is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>: {names}"
        element = Element(tag=tag, attrs={name: value or "" for name, value in attrs}, text="")
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *tags: str, **attrs: str) -> list[Element]:
        expected = {name.replace("_", "-"): value for name, value in attrs.items()}
        return [
            element
            for element in self.elements
            if (not tags or element.tag in tags) and expected.items() <= element.attrs.items()
        ]

    def one(self, *tags: str, **attrs: str) -> Element:
        (found,) = self.all(*tags, **attrs)
        return found

    @property
    def ids(self) -> list[str]:
        return [element.attrs["id"] for element in self.elements if "id" in element.attrs]

    @property
    def text(self) -> str:
        return " ".join(self.one("body").text.split())


LETTER_FIELDS = [f"letter.{name}" for name in ("send", "reply", "opening", "subject", "body")]
A_LETTER = SimpleNamespace(
    subject="Please help",
    body="One.\n\nTwo.",
    openings=["I write to you.", "I work with children."],
    send_wording="Send this letter",
    reply_wording="Show my address",
    targets=[SimpleNamespace(name="Home Secretary")],
    is_to_members=True,
    may_edit=True,
)


def a_petition(**changes: object) -> SimpleNamespace:
    values: dict[str, object] = {
        "slug": "protect-trafficked-children",
        "title": "Guarantee specialist support for every trafficked child",
        "summary": "Children who were trafficked need people who know how to keep them safe.",
        "text": "First paragraph.\n\nSecond paragraph.",
        "target": "the Home Secretary",
        "charity": "Harbour for Children",
        "goal": 20_000,
        "opened_at": datetime(2026, 9, 1, 8, tzinfo=UTC),
        "closes_at": datetime(2026, 11, 24, 22, tzinfo=UTC),
        "sign_wording": "I sign, and my name may be handed over.",
        "updates_wording": "Send me updates.",
        "privacy_contact": "privacy@harbour.example",
        "version": "0123456789ab.ba9876543210",
        "privacy_url": "https://harbour.example/privacy",
        "languages": ["en"],
        "handed_in_at": datetime(2026, 11, 30, 9, tzinfo=UTC),
        "responded_at": datetime(2026, 12, 20, 9, tzinfo=UTC),
        "response": "We will act.\n\nSoon.",
        "letter": A_LETTER,
    }
    return SimpleNamespace(**values | changes)


def context_of(template: str, petition: SimpleNamespace, word: str = "x", base: str = "") -> dict[str, object]:
    """Return what each template needs. `word` is used for every text that users or callers supply."""
    form = dict.fromkeys((*FORM_FIELDS, "source", "updates", *LETTER_FIELDS), word)
    errors = [{"field": field, "message": word} for field in (*FORM_FIELDS, "updates", "source", *LETTER_FIELDS)]
    listed = SimpleNamespace(slug=petition.slug, title=petition.title, summary=petition.summary, count=1)
    contexts: dict[str, dict[str, object]] = {
        "petitions.html": {"petitions": [listed]},
        "petition.html": {
            "petition": petition,
            "state": "open",
            "count": 12_345,
            "goal": petition.goal,
            "preview": None,
            "as_of": datetime(2026, 10, 2, 14, 5, tzinfo=UTC),
            "form": form,
            "errors": errors,
            "countries": [("GB", "United Kingdom"), ("IE", "Ireland"), (word, word)],
            "busy": False,
            "recent": SimpleNamespace(today=12, last_day=34, areas={"SW": 120, "M": 90}),
            "updates": None,
            "total": None,
        },
        "thanks.html": {"petition": petition},
        "confirm.html": {
            "petition": petition,
            "token": word,
            "withdraw_token": word,
            "form": form,
            "email": word,
            "letter": SimpleNamespace(
                text=A_LETTER,
                language="en",
                version="0123456789ab",
                arrives=SimpleNamespace(sender=word, subject=word, paragraphs=[word, word], campaign=word),
                to=[word, word],
                has_no_member=True,
            ),
            "countries": [("GB", "United Kingdom"), (word, word)],
            "errors": errors,
        },
        "confirmed.html": {"petition": petition, "count": 12_346},
        "withdraw.html": {"petition": petition, "token": word},
        "withdrawn.html": {"petition": petition},
        "unsubscribe.html": {"petition": petition, "token": word},
        "unsubscribed.html": {"petition": petition},
        "stop.html": {"petition": petition, "token": word},
        "stopped.html": {"petition": petition, "token": word},
        "resumed.html": {"petition": petition},
        "staff.html": {
            "files": f"{base}/assets/staff/0a1b2c3d",
            "modules": ["api.js", "app.js"],
            "site_languages": {"cy": word},
        },
        "sign_in.html": {},
        "statement.html": {
            "petition": None,
            "statement": SimpleNamespace(
                slug=petition.slug,
                title=petition.title,
                charity=petition.charity,
                text_version="0123456789ab",
                confirmed=12_345,
                as_of=datetime(2026, 11, 24, 18, 30, 5, tzinfo=UTC),
                letters=word,
                total=word,
            ),
            "url": f"{SITE}/statements/eyJzbHVnIjoi.c2lnbmF0dXJl",
        },
        "problem.html": {"petition": petition, "heading": word, "message": word, "status": 410},
    }
    contexts["embed.html"] = {**contexts["petition.html"], "embedded": True}
    contexts["counter.html"] = {**contexts["petition.html"], "embedded": True, "source": word}
    return contexts[template]


def page_of(
    template: str,
    given: dict[str, object] | None = None,
    *,
    base: str = "",
    word: str = "x",
    petition: SimpleNamespace | None = None,
    **changes: object,
) -> Page:
    context = context_of(template, petition or a_petition(), word, base) | (given or {}) | changes
    return Page(render(template, base=base, site_url=SITE, **context))


def an_untouched_form(*, base: str = "", petition: SimpleNamespace | None = None, **changes: object) -> Page:
    return page_of("petition.html", {"form": {}, "errors": []} | changes, base=base, petition=petition)


TEMPLATES = sorted(path.name for path in (PAGES / "templates").glob("[!_]*.html") if path.name != "base.html")
every_template = pytest.mark.parametrize("template", TEMPLATES)
pages_with_forms = pytest.mark.parametrize("template", ["petition.html", "confirm.html"])


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
    )
    petition = a_petition(**dict.fromkeys((*texts, "slug", "privacy_url"), EVIL))
    page = page_of(template, petition=petition, word=EVIL)
    assert [found.attrs["src"] for found in page.all("script", type="module")] == SCRIPTS.get(template, OWN_SCRIPTS)
    assert not page.all("img", src="x")
    assert "49" not in page.text.split()
    assert ("<script>alert(1)" in page.text) is (template not in STAFF), "the payload must appear as text"


def test_the_texts_of_the_script_are_in_the_page_in_other_languages() -> None:
    script = (PAGES / "assets" / "petition.js").read_text()
    used = set(re.findall(r'translated\(\s*"([^"]+)"', script))
    welsh = Page(render("petitions.html", "cy", base="", site_url=SITE, petitions=[]))
    texts = json.loads(welsh.one("body").attrs["data-texts"])
    assert used == texts.keys()
    assert not [english for english, text in texts.items() if english == text]
    assert all(re.findall(r"\{\w+\}", english) == re.findall(r"\{\w+\}", text) for english, text in texts.items())
    assert "data-texts" not in page_of("petitions.html").one("body").attrs, "English pages need none"


@every_template
def test_pages_have_no_inline_script_or_style(template: str) -> None:
    page = page_of(template)
    names = {name for element in page.elements for name in element.attrs}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    assert not page.all("style")
    # Not a script: browsers do not run it, and the policy allows it.
    data = page.all("script", type="application/ld+json")
    assert len(data) == (template == "petition.html")
    scripts = [script for script in page.all("script") if script not in data]
    assert all(script.attrs.get("src") and not script.text.strip() for script in scripts)


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "data:text/html,x", "http://plain.example"])
def test_a_privacy_link_is_shown_only_over_https(scheme: str) -> None:
    page = an_untouched_form(petition=a_petition(privacy_url=scheme))
    assert not page.all("a", href=scheme)


@pytest.mark.parametrize("base", ["", "/prod"])
@every_template
def test_every_link_form_and_asset_starts_with_the_base(template: str, base: str) -> None:
    names = ("href", "src", "action", "data-count-url", "data-sign-url", "data-thanks-url")
    page = page_of(template, base=base)
    links = [element.attrs[name] for element in page.elements for name in names if name in element.attrs]
    inside = [link for link in links if not link.startswith(("#", "mailto:", "https://"))]
    assert inside
    assert all(link.startswith(f"{base}/") for link in inside), inside
    own = [link for link in links if link.startswith(SITE)]
    assert all(link.startswith(f"{SITE}/") for link in own), own


@every_template
def test_a_page_has_one_h1_a_title_a_language_and_a_working_skip_link(template: str) -> None:
    page = page_of(template)
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
    page = page_of(template)
    assert len(page.ids) == len(set(page.ids))
    names = ("for", "aria-describedby", "aria-labelledby")
    referred = [word for element in page.elements for name in names for word in element.attrs.get(name, "").split()]
    referred += [a.attrs["href"][1:] for a in page.all("a") if a.attrs.get("href", "").startswith("#")]
    assert set(referred) <= set(page.ids)


@every_template
def test_every_field_has_a_label(template: str) -> None:
    page = page_of(template)
    fields = [f for f in page.all("input", "select", "textarea", "progress") if f.attrs.get("type") != "hidden"]
    labelled = {label.attrs["for"] for label in page.all("label") if label.text.strip()}
    assert {field.attrs["id"] for field in fields} <= labelled


@every_template
def test_only_public_pages_may_be_indexed(template: str) -> None:
    page = page_of(template, {"errors": []} if template == "petition.html" else {})
    public = template in {"petition.html", "petitions.html"}
    assert bool(page.all("meta", name="robots", content="noindex")) is not public


@pages_with_forms
def test_an_error_is_in_the_title_the_summary_and_next_to_its_field(template: str) -> None:
    message = "Enter your name"
    page = page_of(template, errors=[{"field": "name", "message": message}])
    assert page.one("title").text.startswith("Error: ")
    summary = page.one("div", id="error-summary", role="alert", tabindex="-1")
    assert message in summary.text
    assert page.one("a", href="#name").text == message
    field = page.one("input", id="name")
    assert field.attrs["aria-invalid"] == "true"
    assert {"name-hint", "name-error"} == set(field.attrs["aria-describedby"].split())
    assert message in page.one("p", id="name-error").text


@pages_with_forms
def test_a_page_without_errors_shows_none(template: str) -> None:
    page = page_of(template, errors=[])
    assert not page.one("title").text.startswith("Error")
    assert not page.all(role="alert")
    assert not [element for element in page.elements if "aria-invalid" in element.attrs]


def test_an_error_of_a_hidden_or_unknown_field_has_no_link() -> None:
    page = page_of("petition.html", errors=[{"field": "source", "message": "Bad link"}])
    assert "Bad link" in page.one("div", id="error-summary").text
    assert not page.all("a", href="#source")


def test_dotted_field_names_get_dashed_ids() -> None:
    page = page_of("petition.html", errors=[{"field": "consent.sign", "message": "Tick the box"}])
    assert page.one("a", href="#consent-sign").text == "Tick the box"
    assert page.one("input", id="consent-sign").attrs["name"] == "consent.sign"


def test_the_form_posts_the_field_names_of_the_contract() -> None:
    page = an_untouched_form(form={"source": "bbc"}, base="/prod")
    form = page.one("form")
    assert form.attrs["action"] == "/prod/petitions/protect-trafficked-children/signatures"
    assert form.attrs["method"] == "post"
    names = {field.attrs["name"] for field in page.all("input", "select", "textarea")}
    assert names == {*FORM_FIELDS, *LETTER_FIELDS, "source", "email_asked"}


def test_the_form_has_no_source_without_a_campaign_link() -> None:
    assert not an_untouched_form().all("input", name="source")


def test_consents_start_unticked_and_the_united_kingdom_is_selected() -> None:
    page = an_untouched_form()
    boxes = page.all("input", type="checkbox", value="yes")
    assert [box.attrs["name"] for box in boxes] == ["consent.sign", "consent.updates", "letter.send", "letter.reply"]
    assert not any("checked" in box.attrs for box in boxes)
    assert [option.attrs["value"] for option in page.all("option", selected="")] == ["GB"]


def test_typed_values_are_kept() -> None:
    typed = {
        "name": "Zoë O'Neill",
        "email": "zoe@mail.example",
        "postcode": "M1",
        "country": "IE",
        "consent.sign": "yes",
    }
    page = page_of("petition.html", form=typed)
    kept = {field: page.one("input", id=field).attrs["value"] for field in ("name", "email", "postcode")}
    assert kept == {field: typed[field] for field in kept}
    assert [option.attrs["value"] for option in page.all("option", selected="")] == ["IE"]
    assert [box.attrs["id"] for box in page.all("input", type="checkbox", checked="")] == ["consent-sign"]


def test_browsers_can_autofill_the_form() -> None:
    page = an_untouched_form()
    hints = {field.attrs.get("id"): field.attrs.get("autocomplete") for field in page.all("input", "select")}
    expected = {"name": "name", "email": "email", "country": "country", "postcode": "postal-code"}
    assert expected.items() <= hints.items()


def test_the_wording_of_each_consent_labels_its_checkbox() -> None:
    page = an_untouched_form()
    assert page.one("label", **{"for": "consent-sign"}).text == "I sign, and my name may be handed over."
    assert page.one("label", **{"for": "consent-updates"}).text.startswith("Send me updates.")


def test_the_count_is_in_the_text_and_the_bar_and_has_a_refresh_url() -> None:
    page = an_untouched_form(base="/prod")
    assert page.one("label", **{"for": "progress"}).text == "12,345 of 20,000 signatures"
    assert page.one("progress", id="progress").attrs == {"id": "progress", "max": "20000", "value": "12345"}
    assert page.all("div", data_count_url="/prod/api/petitions/protect-trafficked-children/count")
    assert "2 October 2026 at 14:05 UTC" in page.text


def test_the_bar_stops_at_its_goal() -> None:
    page = an_untouched_form(count=50_000)
    assert page.one("progress", id="progress").attrs["value"] == "20000"
    assert "50,000 of 20,000" in page.text


def test_a_petition_without_a_closing_date_says_so() -> None:
    assert "Open until further notice" in an_untouched_form(petition=a_petition(closes_at=None)).text


@pytest.mark.parametrize("state", ["closed", "paused"])
def test_a_petition_that_is_not_open_has_no_form(state: str) -> None:
    page = an_untouched_form(state=state)
    assert not page.all("form")
    assert not page.all("a", href="#sign")
    assert ("12,345 confirmed signatures" in page.text) is (state == "closed")


def test_a_paused_petition_says_that_signers_can_still_confirm() -> None:
    page = an_untouched_form(state="paused")
    assert page.one("h2", id="sign-title").text == "This petition is paused"
    assert "you still can: use the link in the email" in page.text
    assert "it stays open longer to make up for the pause" in page.text


def test_a_preview_is_marked_not_indexed_and_cannot_be_sent() -> None:
    page = an_untouched_form(preview="draft")
    assert "This is a preview" in page.text
    assert page.all("meta", name="robots", content="noindex")
    form = page.one("form")
    assert "action" not in form.attrs
    assert "inert" in form.attrs
    assert page.all("fieldset", disabled="")
    assert not [element for element in page.elements if "data-count-url" in element.attrs]


def test_the_current_goal_is_shown() -> None:
    page = an_untouched_form(count=20_001, goal=50_000)
    assert "20,001 of 50,000 signatures" in page.text
    assert page.one("progress", id="progress").attrs["max"] == "50000"


def test_a_busy_page_says_that_the_typed_values_are_kept() -> None:
    page = page_of("petition.html", errors=[], busy=True, form={"name": "Zoë"})
    assert "What you typed is still in the form" in page.one("div", role="alert").text
    assert page.one("input", id="name").attrs["value"] == "Zoë"


def test_the_privacy_notice_names_the_controller_recipient_and_contact() -> None:
    notice = an_untouched_form().one("section", id="privacy").text
    for words in ("Harbour for Children is the controller", "never email addresses", "privacy@harbour.example"):
        assert words in notice
    for words in ("special category", "explicit consent", "withdraw", "deleted automatically"):
        assert words in notice


def test_the_page_has_metadata_for_shared_links() -> None:
    page = an_untouched_form(base="/prod")
    link = f"{SITE}/petitions/protect-trafficked-children"
    meta = {m.attrs.get("property") or m.attrs.get("name"): m.attrs.get("content") for m in page.all("meta")}
    assert meta["og:url"] == link == page.one("link", rel="canonical").attrs["href"]
    assert meta["og:title"] == a_petition().title
    assert meta["og:description"] == meta["description"] == a_petition().summary
    assert (meta["og:type"], meta["og:site_name"]) == ("website", "Harbour for Children")
    assert (meta["og:image"], meta["og:image:width"]) == (f"{link}/card.png", "1200")
    assert meta["twitter:card"] == "summary_large_image"


def test_search_engines_read_title_count_and_dates_and_no_text_ends_the_script() -> None:
    page = an_untouched_form(petition=a_petition(title=EVIL))
    found = json.loads(page.one("script", type="application/ld+json").text)
    assert (found["name"], found["datePublished"]) == (EVIL, "2026-09-01T08:00:00Z")
    assert found["interactionStatistic"]["userInteractionCount"] == 12_345
    assert found["publisher"]["name"] == "Harbour for Children"


@pytest.mark.parametrize("template", ["petition.html", "confirmed.html"])
def test_each_way_to_share_has_its_own_source_and_works_without_javascript(template: str) -> None:
    page = page_of(template, chosen="cy", petition=a_petition(title="Bread & Roses"))
    box = page.one("div", data_share="")
    links = [link.attrs["href"] for link in page.all("a") if "source%3Dshared-" in link.attrs["href"]]
    link = f"{SITE}/petitions/protect-trafficked-children?lang=cy&source=shared-"
    assert [each.partition("?")[0] for each in links] == ["https://wa.me/", "mailto:"]
    for each, way in zip(links, ("whatsapp", "email"), strict=True):
        assert unquote(each).endswith(f"{link}{way}")
        assert "Bread & Roses" in unquote(each)
    assert (box.attrs["data-url"], box.attrs["data-copied"]) == (f"{link}sheet", f"{link}copy")


@pytest.mark.parametrize(
    "template", ["thanks.html", "confirmed.html", "withdrawn.html", "unsubscribed.html", "resumed.html"]
)
def test_result_pages_show_no_personal_data_even_if_it_is_passed(template: str) -> None:
    personal: dict[str, object] = {
        "name": "Zoë O'Neill",
        "email": "zoe@mail.example",
        "token": "t0ken",
        "form": {"name": "Zoë"},
    }
    page = page_of(template, personal)
    assert not [value for value in ("Zoë", "zoe@mail.example", "t0ken") if value in page.text]
    assert not page.all("input")


def test_confirming_posts_the_token_and_the_corrections() -> None:
    page = page_of("confirm.html", errors=[], token="t0ken", form=ZOES | {"updates": "yes"}, letter=None)
    assert page.one("form").attrs["action"] == "/confirm"
    fields = {field.attrs["name"]: field.attrs["value"] for field in page.all("input")}
    assert fields == {
        "token": "t0ken",
        "version": "0123456789ab.ba9876543210",
        "name": "Zoë",
        "postcode": "",
        "updates": "yes",
    }
    assert "checked" in page.one("input", id="updates").attrs
    assert "I sign, and my name may be handed over." in page.one("blockquote").text


def test_updates_stay_unticked_on_the_confirm_page() -> None:
    page = page_of("confirm.html", errors=[], form=ZOES)
    assert "checked" not in page.one("input", id="updates").attrs


def test_the_confirm_page_links_to_withdraw_with_an_encoded_token() -> None:
    page = page_of("confirm.html", base="/prod", withdraw_token="a&b=c")
    assert page.all("a", href="/prod/withdraw?token=a%26b%3Dc")


@pytest.mark.parametrize("act", ["withdraw", "unsubscribe", "stop"])
def test_an_email_link_shows_a_button_that_posts(act: str) -> None:
    page = page_of(f"{act}.html", token="t0ken", base="/prod")
    assert (page.one("form").attrs["action"], page.one("form").attrs["method"]) == (f"/prod/{act}", "post")
    assert page.one("input").attrs == {"type": "hidden", "name": "token", "value": "t0ken"}


def test_an_empty_list_says_so() -> None:
    assert "There are no open petitions at the moment" in page_of("petitions.html", petitions=[]).text


@pytest.mark.parametrize("status", [400, 404, 409, 410, 429, 503])
def test_a_problem_page_has_a_link_even_without_a_petition(status: int) -> None:
    page = page_of("problem.html", petition=None, heading="Sorry", message="That did not work.", status=status)
    assert page.one("h1").text == "Sorry"
    assert page.all("a", href="/")
    assert ("You can safely go back" in page.text) is (status in {429, 503})


def test_a_missing_template_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("thanks.html", base="", site_url=SITE, petition=SimpleNamespace())


@pytest.mark.parametrize("name", ["../render.py", "render.py", "", "site.css/", "templates/base.html", "SITE.CSS"])
def test_only_listed_assets_are_served(name: str) -> None:
    assert asset(name) is None


def test_every_asset_file_is_listed_and_its_url_depends_on_its_content() -> None:
    for path in (PAGES / "assets").iterdir():
        found = asset(path.name)
        assert found
        assert found.body == path.read_text(encoding="utf-8")
        assert re.fullmatch(r'"[0-9a-f]{16}"', found.etag)
        assert asset_url(path.name, base="/prod") == f"/prod/assets/{path.name}?v={found.etag[1:9]}"


def test_a_missing_asset_returns_none_and_its_url_still_works() -> None:
    assert asset("uplot.js") is None
    assert asset_url("uplot.js", base="/prod") == "/prod/assets/uplot.js"


def test_the_dashboard_imports_only_its_own_files() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}", dashboard_version())
    assert {"app.js", "api.js", "numbers.js", "timeline.js"} <= set(dashboard_start()) <= dashboard().keys()
    for name, file in dashboard().items():
        imported = re.findall(r'(?:from |import\()"([^"]+)"', file.body)
        assert {path.removeprefix("./") for path in imported} - {"#api"} <= dashboard().keys(), name


def test_assets_load_nothing_from_other_sites() -> None:
    for path in (*(PAGES / "assets").iterdir(), *(PAGES / "dashboard").iterdir()):
        if path.suffix == ".json":
            continue  # Links to webmail, which people may follow.
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"https?://|@import(?! \{)|\beval\(|innerHTML", text), path.name
