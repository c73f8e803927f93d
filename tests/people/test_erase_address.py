"""A person asks to be erased while their signature may still wait in the overflow queue."""

import pytest

from chalicelib.aws.table import Item
from chalicelib.petitions.model import Petition
from chalicelib.shedding.level import Level, forget_level, set_level
from chalicelib.tallies.count import exact_count
from commands.withdrawn_since import WithdrawnSince
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    MINUTE,
    NOW,
    a_published_petition,
    confirmed,
    identity_of,
    item_of,
    json_of,
    signed,
)
from tests.asking import ask
from tests.fake_site import FakeSite
from tests.fakes import throttle
from tests.people.test_api import FIND_PATH, audited_actions, find
from tests.signatures.test_erase import ERASED_ATTRIBUTES
from tests.signatures.test_sign import signatures_in

ERASE_PATH = "/api/staff/people/erase"


def sign_into_the_overflow_queue(fake_site: FakeSite) -> None:
    set_level(Level.ACCEPT_ONLY, fake_site.tables)
    forget_level()
    assert fake_site.post_json("/api/petitions/safe-children/signatures", json_of()).status_code == 202
    set_level(Level.NORMAL, fake_site.tables)
    forget_level()


def erase_alice(fake_site: FakeSite, token: str) -> list[Item]:
    answer = ask(fake_site, token, "POST", ERASE_PATH, {"email": ALICE.email})
    assert answer.status_code == 200
    signatures: list[Item] = answer.json_body["signatures"]
    return signatures


def test_a_search_shows_how_many_signatures_cannot_be_searched_yet(fake_site: FakeSite, token: str) -> None:
    sign_into_the_overflow_queue(fake_site)
    answer = ask(fake_site, token, "POST", FIND_PATH, {"email": ALICE.email}).json_body
    assert answer == {"signatures": [], "waiting": 1}


def test_a_search_works_while_the_queue_does_not_answer(
    fake_site: FakeSite, token: str, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(fake_site.tables, petition)
    monkeypatch.setattr(fake_site.overflow, "depth", throttle)
    answer = ask(fake_site, token, "POST", FIND_PATH, {"email": ALICE.email}).json_body
    assert (len(answer["signatures"]), answer["waiting"]) == (1, None)


def test_a_signature_in_the_overflow_queue_is_erased_although_no_search_finds_it(
    fake_site: FakeSite, token: str
) -> None:
    sign_into_the_overflow_queue(fake_site)
    fake_site.clock.forward(MINUTE)
    assert erase_alice(fake_site, token) == []
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    assert {item["state"] for item in signatures_in(fake_site.tables)} == {"withdrawn"}
    assert not [item for item in signatures_in(fake_site.tables) if "email" in item]
    assert find(fake_site, token) == []


def test_a_signature_after_an_erasure_is_kept_and_gets_an_email(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    erase_alice(fake_site, token)
    fake_site.clock.forward(MINUTE)
    sign_into_the_overflow_queue(fake_site)
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    [signature] = find(fake_site, token)
    assert (signature["state"], signature["person"]["name"]) == ("pending", ALICE.name)
    assert item_of(fake_site.tables, petition, signature["id"])["mail_kind"] == "confirm"


def test_erasing_an_address_erases_all_its_signatures_and_no_others(
    fake_site: FakeSite, token: str, petition: Petition
) -> None:
    other = a_published_petition(fake_site.tables, slug="another")
    identity = confirmed(fake_site.tables, petition)
    confirmed(fake_site.tables, petition, BOB)
    signed(fake_site.tables, other)
    for _ in range(2):
        assert {each["state"] for each in erase_alice(fake_site, token)} == {"erased"}
    assert item_of(fake_site.tables, petition, identity).keys() == ERASED_ATTRIBUTES
    assert exact_count(petition, NOW, fake_site.tables).confirmed == 1


def test_an_erasure_is_recorded_by_id_so_that_a_restore_leaves_the_signatures_out(
    fake_site: FakeSite, token: str, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase_alice(fake_site, token)
    [action] = audited_actions(fake_site)
    identity = identity_of(petition)
    assert (action.name, action.details) == ("person.erased", {"safe-children": identity})
    monkeypatch.setattr("commands.common.tables", lambda: fake_site.tables)
    withdrawn = WithdrawnSince(NOW - DAY, frozenset(), frozenset()).read()
    assert withdrawn.erased == {identity: NOW}
