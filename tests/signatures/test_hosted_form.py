"""The hosted form: where it redirects to, and how it is shown again."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from chalicelib.core.errors import Throttled
from chalicelib.core.keys import SIGNATURES
from chalicelib.pages.render import asset
from chalicelib.signatures.mailboxes import probable_address
from tests.actors import ALICE, Person, a_petition, fields_of, identity_of, item_of
from tests.fake_site import FORM, JSON, FakeSite
from tests.pages.parsed import Page
from tests.signatures.test_api import FORM_PATH, signatures_in


def test_a_503_shows_the_form_with_the_typed_values(fake_site: FakeSite) -> None:
    fake_site.get("/petitions/safe-children")
    fake_site.tables.fail_next(Throttled("storage"))
    fake_site.overflow.fail_next(Throttled("queue"))
    answer = fake_site.post_form(FORM_PATH, fields_of(postcode="M1 1AE"))
    body = answer.body.decode()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert f'value="{ALICE.email}"' in body
    assert 'value="M1 1AE"' in body
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_invalid_form_is_shown_again_with_its_values_and_errors(fake_site: FakeSite) -> None:
    answer = fake_site.post_form(FORM_PATH, fields_of(name="Zoë <Zed>", email="nobody", country="NL"))
    body = answer.body.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in body
    assert 'href="#email"' in body
    assert 'value="Zoë &lt;Zed&gt;"' in body
    assert 'value="NL" selected' in body
    assert answer.headers["Cache-Control"] == "no-store"
    assert not signatures_in(fake_site)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", FORM, 422),
        (b"&" * 100, FORM, 422),
        (b"a=1&" * 51, FORM, 422),
        (b"name=%ff%00&email=%", FORM, 422),
        (b"x=" + b"y" * 16384, FORM, 413),
        (b"{}", JSON, 415),
        (b"", "", 415),
        (b"name=x", "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_malformed_form_gets_an_html_page(fake_site: FakeSite, body: bytes, content_type: str, status: int) -> None:
    answer = fake_site.post(FORM_PATH, body, content_type)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert not signatures_in(fake_site)


SLIPS: dict[str, str | None] = json.loads(Path(__file__).with_name("slips.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("typed", SLIPS)
def test_a_slip_of_a_well_known_provider_is_noticed(typed: str) -> None:
    assert probable_address(typed) == SLIPS[typed]


def test_known_domains_are_not_slips() -> None:
    mailboxes = asset("mailboxes.json")
    assert mailboxes
    known = json.loads(mailboxes.body)
    for domain in (*known["webmail"], *known["real"], *known["meant"]):
        assert probable_address(f"alice@{domain}") is None, domain
    assert set(known["meant"]) <= known["webmail"].keys()
    for url in known["webmail"].values():
        assert url.startswith("https://")


def test_without_javascript_the_form_asks_once_and_takes_either_answer(fake_site: FakeSite) -> None:
    typed = fields_of(email="alice@gmial.com")
    answer = fake_site.post_form(FORM_PATH, typed)
    page = Page(answer.body.decode())
    assert answer.status_code == 422
    assert page.one("input", id="email").attrs["value"] == "alice@gmial.com"
    assert page.one("input", id="email-meant").attrs["value"] == "alice@gmail.com"
    assert page.one("input", name="email_asked").attrs["value"] == "alice@gmial.com"
    assert not [key for key in fake_site.tables.items if key.table == SIGNATURES]
    typed_again = {**typed, "email_asked": "alice@gmial.com"}
    assert fake_site.post_form(FORM_PATH, typed_again).status_code == 303
    assert fake_site.post(FORM_PATH, _body_with_a_tick(typed_again), FORM).status_code == 303
    identity = identity_of(a_petition(), Person(ALICE.name, "alice@gmail.com"))
    assert item_of(fake_site.tables, a_petition(), identity)["state"] == "pending"


def _body_with_a_tick(fields: dict[str, str]) -> bytes:
    """Return the form's body with the ticked box after the field, as browsers send it."""
    return urlencode([*fields.items(), ("email", "alice@gmail.com")]).encode()


def test_an_unticked_box_stays_unticked_when_the_form_is_shown_again(fake_site: FakeSite) -> None:
    fields = fields_of(**{"email": "nobody", "consent.updates": "no"})
    body = fake_site.post_form(FORM_PATH, fields).body.decode()
    boxes = [line for line in body.splitlines() if 'type="checkbox"' in line]
    (box,) = [line for line in boxes if "consent.updates" in line]
    assert " checked" not in box


@pytest.mark.parametrize("field", ["name", "email", "postcode", "source", "country", "consent.sign"])
def test_a_script_typed_into_the_form_is_shown_as_text(fake_site: FakeSite, field: str) -> None:
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    body = fake_site.post_form(FORM_PATH, fields_of(**{"email": "nobody", field: evil})).body.decode()
    assert "<script>alert" not in body
    assert "<img src=x" not in body
