"""The page to confirm on: corrections, and the text that was signed."""

from datetime import timedelta

import pytest

from chalicelib.core import tokens
from chalicelib.core.errors import Conflicted
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, DAY, MINUTE, NOW, TOKEN_KEYS, a_petition, a_published_petition, item_of, signed
from tests.served import Served
from tests.signatures.test_links import alice_is_mailed, count, post


def test_once_confirmed_a_link_shows_nothing_personal(served: Served) -> None:
    alice_is_mailed(served)
    link = served.last_link("confirm")
    pages = [post(served, link), served.get(link), post(served, link, name="=x"), post(served, link, name="Mallory")]
    for page in pages:
        assert page.status_code == 200
        for personal in (ALICE.name, ALICE.email, "M1 1AE", "Mallory"):
            assert personal not in page.body.decode()


def test_invalid_corrections_are_shown_again(served: Served) -> None:
    identity = alice_is_mailed(served)
    answer = post(served, served.last_link("confirm"), name="Alice", postcode="nope", updates="yes")
    body = answer.body.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in body
    assert 'value="nope"' in body
    assert item_of(served.tables, a_petition(), identity)["state"] == "pending"


def test_a_postcode_must_fit_the_current_country_of_the_signature(served: Served) -> None:
    """The link is older: the person withdrew and signed again from another country."""
    identity = signed(served.tables, a_petition())
    old = tokens.issue(Purpose.CONFIRM, Subject("safe-children", identity, "NL", "direct"), NOW + DAY, TOKEN_KEYS)
    answer = served.post_form("/confirm", {"token": old, "postcode": "1011 AB"})
    assert answer.status_code == 422
    assert "Enter a full UK postcode" in answer.body.decode()
    assert count(served) == 0
    assert served.post_form("/confirm", {"token": old, "postcode": "m11ae"}).status_code == 200
    assert item_of(served.tables, a_petition(), identity)["postcode"] == "M1 1AE"


def test_the_recorded_text_version_is_the_one_shown_or_else_the_one_signed(served: Served) -> None:
    old = a_petition()
    identities = {shown: signed(served.tables, old, person) for shown, person in ((True, ALICE), (False, BOB))}
    new = a_published_petition(served.tables, text="We ask for more.")
    forget_petitions()
    for shown, identity in identities.items():
        link = Subject(old.slug, identity, "GB", "direct")
        token = tokens.issue(Purpose.CONFIRM, link, NOW + DAY, TOKEN_KEYS)
        version = {"version": new.version} if shown else {}
        assert served.post_form("/confirm", {"token": token, **version}).status_code == 200
        signed_text = new.text_version if shown else old.text_version
        assert item_of(served.tables, old, identity)["text_version"] == signed_text


def test_confirming_is_possible_for_a_day_after_closing(served: Served) -> None:
    petition = a_published_petition(served.tables, slug="closing", closes_at=NOW + MINUTE)
    alice_is_mailed(served, petition)
    late = served.last_link("confirm")
    served.clock.forward(timedelta(hours=24, minutes=1))
    assert post(served, late).status_code == 410
    served.clock.forward(-MINUTE)
    assert post(served, late).status_code == 200


def test_confirming_again_returns_the_same_page_after_the_link_expires(served: Served, petition: Petition) -> None:
    alice_is_mailed(served, petition)
    link = served.last_link("confirm")
    first = post(served, link)
    served.clock.forward(timedelta(days=15))
    assert post(served, link).body == first.body
    assert served.get(link).body == first.body


def test_a_confirmation_that_cannot_be_counted_gets_503(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.signatures.counted.sleep", lambda _: None)
    alice_is_mailed(served)
    served.get(served.last_link("confirm"))
    served.tables.fail_next(*[Conflicted("storage")] * 6)
    answer = post(served, served.last_link("confirm"))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert post(served, served.last_link("confirm")).status_code == 200
