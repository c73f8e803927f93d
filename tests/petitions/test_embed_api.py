"""The form and the counter in a frame on another site."""

import re

import pytest
from pydantic import ValidationError

from chalicelib.core.errors import Unavailable
from tests.actors import DAY, NOW, WELSH, a_petition, a_published_petition, fields_of
from tests.fake_site import FORM, JSON, FakeSite

SITES = ["https://www.charity.example", "https://news.example:8443"]
FORM_URL, COUNTER_URL = "/embed/safe-children", "/embed/safe-children/counter"
SIGN_URL, THANKS_URL = "/petitions/safe-children/signatures", "/petitions/safe-children/thanks"


def frame_ancestors(policy: str) -> list[str]:
    (directive,) = [directive for directive in policy.split("; ") if directive.startswith("frame-ancestors")]
    return directive.split()[1:]


FRAMED = (FORM_URL, COUNTER_URL, f"{THANKS_URL}?embed=1")
NOT_FRAMED = ("/petitions/safe-children", "/petitions/safe-children?embed=1", THANKS_URL, "/", "/staff?embed=1")


@pytest.mark.parametrize(
    ("page", "embed_on", "ancestors"),
    [
        *((page, SITES, SITES) for page in FRAMED),
        *((page, [], ["'none'"]) for page in FRAMED),
        *((page, SITES, ["'none'"]) for page in NOT_FRAMED),
    ],
)
def test_only_the_allowed_sites_may_frame_a_page_for_frames(
    fake_site: FakeSite, page: str, embed_on: list[str], ancestors: list[str]
) -> None:
    a_published_petition(fake_site.tables, embed_on=embed_on)
    answer = fake_site.get(page)
    policy = answer.headers["Content-Security-Policy"]
    assert (answer.status_code, frame_ancestors(policy)) == (200, ancestors)
    assert policy.startswith("default-src 'none'; ")
    assert "Set-Cookie" not in answer.headers


def test_a_frame_of_an_unknown_petition_shows_the_error_on_any_site(fake_site: FakeSite) -> None:
    answer = fake_site.get("/embed/nobody")
    assert (answer.status_code, frame_ancestors(answer.headers["Content-Security-Policy"])) == (404, ["*"])
    body = answer.body.decode()
    assert "Page not found" in body or "no petition" in body.lower()
    links_to_other_pages = [link for link in re.findall(r"<a [^>]*>", body) if "#" not in link]
    assert all('target="_blank"' in link for link in links_to_other_pages)


def test_the_form_has_no_masthead_and_carries_source_and_language(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, embed_on=SITES, translations={"cy": WELSH})
    body = fake_site.get(f"{FORM_URL}?source=our-site&lang=cy").body.decode()
    assert 'name="source" value="our-site"' in body
    assert f'action="{SIGN_URL}?embed=1&amp;lang=cy"' in body
    assert f'data-thanks-url="{THANKS_URL}?embed=1&amp;lang=cy"' in body
    assert '<html lang="cy"' in body
    assert 'class="masthead"' not in body
    assert 'class="footer"' not in body
    assert 'name="source"' not in fake_site.get(f"{FORM_URL}?source=BBC").body.decode()


def test_links_open_outside_the_frame(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, embed_on=SITES)
    for page in (FORM_URL, COUNTER_URL):
        body = fake_site.get(page).body.decode()
        petition_links = [link for link in re.findall(r"<a [^>]*>", body) if 'href="/petitions' in link]
        assert petition_links
        assert all('target="_blank"' in link for link in petition_links)


def test_a_signature_without_javascript_stays_in_the_frame(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, embed_on=SITES)
    answer = fake_site.post_form(f"{SIGN_URL}?embed=1", fields_of())
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{THANKS_URL}?embed=1")


def test_errors_are_shown_in_the_frame(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, embed_on=SITES)
    answer = fake_site.post_form(f"{SIGN_URL}?embed=1", fields_of(email="nonsense", source="our-site"))
    body = answer.body.decode()
    assert (answer.status_code, frame_ancestors(answer.headers["Content-Security-Policy"])) == (422, SITES)
    assert 'id="error-summary"' in body
    assert 'value="our-site"' in body
    assert f'action="{SIGN_URL}?embed=1"' in body


def test_a_frame_shows_that_the_petition_has_closed(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, embed_on=SITES, closes_at=NOW - DAY)
    answer = fake_site.post_form(f"{SIGN_URL}?embed=1", fields_of())
    assert (answer.status_code, frame_ancestors(answer.headers["Content-Security-Policy"])) == (409, SITES)
    assert "This petition is closed" in answer.body.decode()
    assert frame_ancestors(fake_site.post_form(SIGN_URL, fields_of()).headers["Content-Security-Policy"]) == ["'none'"]


@pytest.mark.parametrize("status", [410, 413, 415, 503])
def test_an_error_after_sending_the_form_is_shown_in_the_frame(fake_site: FakeSite, status: int) -> None:
    """With frame-ancestors 'none', the frame would stay blank, and nobody would know whether they have signed."""
    a_published_petition(fake_site.tables, embed_on=SITES, state="removed" if status == 410 else "open")
    body, kind = (b"a" * 16_385 if status == 413 else b""), (JSON if status == 415 else FORM)
    if status == 503:
        fake_site.tables.fail_next(Unavailable("storage"))
    answer = fake_site.post(f"{SIGN_URL}?embed=1", body, kind)
    assert (answer.status_code, frame_ancestors(answer.headers["Content-Security-Policy"])) == (status, ["*"])
    assert b"<form" not in answer.body


SITE = "https://www.charity.example"


@pytest.mark.parametrize(
    "wrong",
    [
        f"{SITE}/", f"{SITE}/page", "http://www.charity.example", "www.charity.example", "https://*.example",
        "*", "'self'",
        "https:", "https://", f"{SITE};", f"{SITE} *", f"{SITE}; script-src *", f"{SITE}\n", f"{SITE}\r\nX: y",
        "https://user@charity.example", "https://" + "a." * 100 + "example", f"{SITE}:123456", "", None, 5,
    ],
)  # fmt: skip
def test_only_an_origin_can_get_into_the_header(wrong: object) -> None:
    with pytest.raises(ValidationError):
        a_petition(embed_on=[wrong])
