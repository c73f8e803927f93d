"""The question about an address that is one slip (a typing mistake) away from a well-known provider."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from chalicelib.core.keys import SIGNATURES
from chalicelib.pages.render import asset
from chalicelib.signatures.mailboxes import is_slip, probable_address, suggested_address
from tests.actors import ALICE, Person, a_petition, fields_of, identity_of, item_of
from tests.fake_site import FORM, FakeSite
from tests.pages.parsed import Page
from tests.signatures.test_api import FORM_PATH

SLIPS: dict[str, str | None] = json.loads(Path(__file__).with_name("slips.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("typed", SLIPS)
def test_a_slip_of_a_well_known_provider_is_noticed(typed: str) -> None:
    assert probable_address(typed) == SLIPS[typed]


@pytest.mark.parametrize(("typed", "expected"), [("gmaik.com", True), ("gmail.com", False), ("gmxx.com", False)])
def test_a_slip_is_one_character(typed: str, expected: bool) -> None:
    assert is_slip(typed, "gmail.com") is expected


def test_known_domains_are_not_slips() -> None:
    mailboxes = asset("mailboxes.json")
    assert mailboxes
    known = json.loads(mailboxes.body)
    for domain in (*known["webmail"], *known["real"], *known["meant"]):
        assert probable_address(f"alice@{domain}") is None, domain
    assert set(known["meant"]) <= known["webmail"].keys()
    for url in known["webmail"].values():
        assert url.startswith("https://")


def test_the_form_asks_about_an_address_once() -> None:
    assert suggested_address({"email": "alice@gmial.com"}) == "alice@gmail.com"
    assert suggested_address({"email": "alice@gmial.com", "email_asked": "alice@gmial.com"}) is None
    assert suggested_address({"email": "bob@gmial.com", "email_asked": "alice@gmial.com"}) == "bob@gmail.com"


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
