"""Pages other than the petition: sharing, results, links of emails, problems; the files that pages load; filters."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from jinja2 import UndefinedError

from chalicelib.core.language import language_of
from chalicelib.pages.jinja import environment, paragraphs
from chalicelib.pages.render import asset, asset_url, dashboard_files, dashboard_version, render, startup_modules
from tests.pages.rendering import PAGES, SITE, ZOES_FORM, a_petition, page_of


@pytest.mark.parametrize("template", ["petition.html", "confirmed.html"])
def test_each_way_to_share_has_its_own_source_and_works_without_javascript(template: str) -> None:
    page = page_of(template, chosen="cy", petition=a_petition(title="Bread & Roses"))
    box = page.one("div", data_share="")
    urls = [link.attrs["href"] for link in page.all("a")]
    links = [url for url in urls if "source%3Dshared-" in url]
    link = f"{SITE}/petitions/protect-trafficked-children?lang=cy&source=shared-"
    for shared, way in zip(links, ("whatsapp", "facebook", "bluesky", "x", "email"), strict=True):
        assert unquote(shared).endswith(f"{link}{way}")
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
    page = page_of("confirm.html", errors=[], token="t0ken", form=ZOES_FORM | {"updates": "yes"}, letter=None)
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
    page = page_of("confirm.html", errors=[], form=ZOES_FORM)
    assert "checked" not in page.one("input", id="updates").attrs


def test_the_confirm_page_links_to_withdraw_with_an_encoded_token() -> None:
    page = page_of("confirm.html", base="/prod", withdraw_token="a&b=c")
    assert page.all("a", href="/prod/withdraw?token=a%26b%3Dc")


@pytest.mark.parametrize("action", ["withdraw", "unsubscribe", "stop"])
def test_an_email_link_shows_a_button_that_posts(action: str) -> None:
    page = page_of(f"{action}.html", token="t0ken", base="/prod")
    assert (page.one("form").attrs["action"], page.one("form").attrs["method"]) == (f"/prod/{action}", "post")
    assert page.one("input").attrs == {"type": "hidden", "name": "token", "value": "t0ken"}


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
        file = asset(path.name)
        assert file
        assert file.body == path.read_text(encoding="utf-8")
        assert re.fullmatch(r'"[0-9a-f]{16}"', file.etag)
        assert asset_url(path.name, base="/prod") == f"/prod/assets/{path.name}?v={file.etag[1:9]}"


def test_the_dashboard_imports_only_its_own_files() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}", dashboard_version())
    assert {"app.js", "api.js", "numbers.js", "timeline.js"} <= set(startup_modules()) <= dashboard_files().keys()
    for name, file in dashboard_files().items():
        paths = re.findall(r'(?:from |import\()"([^"]+)"', file.body)
        imported = {path.removeprefix("./") for path in paths}
        assert imported - {"#api"} <= dashboard_files().keys(), name


def test_assets_load_nothing_from_other_sites() -> None:
    for path in (*(PAGES / "assets").iterdir(), *(PAGES / "dashboard").iterdir()):
        if path.suffix == ".json":
            continue  # Links to webmail, which people may follow.
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.findall(r"https?://|@import(?! \{)|\beval\(|innerHTML", text), path.name


def test_only_text_templates_are_not_escaped(tmp_path: Path) -> None:
    for name in ("page.html", "body.txt"):
        (tmp_path / name).write_text("{{ word }}")
    templates = environment(tmp_path)
    assert templates.get_template("page.html").render(word="<b>") == "&lt;b&gt;"
    assert templates.get_template("body.txt").render(word="<b>") == "<b>"


def test_text_is_split_at_blank_lines_only() -> None:
    assert paragraphs("One\nstill one.\r\n \r\nTwo.\n\n\n\nThree.\n") == ["One\nstill one.", "Two.", "Three."]


def test_numbers_and_dates_are_formatted_for_readers() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    english = language_of("en")
    assert (english.thousands(12345), english.thousands(999)) == ("12,345", "999")
    assert english.date(datetime(2026, 11, 4, tzinfo=UTC)) == "4 November 2026"
    assert english.moment(late) == "25 November 2026 at 01:30 UTC"


def test_welsh_has_its_own_months_and_plurals(tmp_path: Path) -> None:
    count = (
        "{% trans count=n, number=n|thousands %}<strong>{{ number }}</strong> signature"
        "{% pluralize %}<strong>{{ number }}</strong> signatures{% endtrans %}"
    )
    (tmp_path / "page.txt").write_text("{{ day | date }}{% for n in (1, 2, 3, 1234) %}, " + count + "{% endfor %}")
    page = environment(tmp_path, language=language_of("cy")).get_template("page.txt")
    expected = "4 Tachwedd 2026, 1 llofnod, 2 lofnod, 3 llofnod, 1,234 o lofnodion"
    assert re.sub("</?strong>", "", page.render(day=datetime(2026, 11, 4, tzinfo=UTC))) == expected
