"""Partners send signatures, one or up to a hundred. Staff create partners and issue their tokens."""

import json
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Invalid, UnknownThing
from chalicelib.core.rights import Right
from chalicelib.partners.register import all_partners, create_partner, find_partner, store_wording
from tests import asking
from tests.actors import ALICE, BOB, NOW, Person, bobs_token
from tests.asking import actions
from tests.fake_site import JSON, FakeSite
from tests.fakes import FakeTables, throttle
from tests.partnering import NEW_PARTNER, PATH, a_partner, oaks_token, sent_of

COUNT_PATH = "/api/petitions/safe-children/count"


def post(fake_site: FakeSite, token: str, body: object) -> HTTPResponse:
    return fake_site.post(PATH, json.dumps(body).encode(), JSON, authorization=f"Bearer {token}")


def test_one_signature_and_a_batch_have_the_same_form_of_answer(fake_site: FakeSite) -> None:
    token = oaks_token(fake_site.tables)
    first = post(fake_site, token, sent_of())
    assert first.json_body == {"results": [{"identifier": "oak:1", "result": "accepted", "errors": []}]}
    batch = post(fake_site, token, {"signatures": [sent_of(BOB, "oak:2"), sent_of(), {"identifier": "x"}, 7]})
    found = [(each["identifier"], each["result"]) for each in batch.json_body["results"]]
    assert found == [("oak:2", "accepted"), ("oak:1", "existing"), ("x", "invalid"), (None, "invalid")]
    assert {error["field"] for error in batch.json_body["results"][2]["errors"]} == {"name", "email", "consent"}
    assert fake_site.get(COUNT_PATH).json_body["count"] == 2


def test_a_hundred_signatures_fit_and_a_hundred_and_one_do_not(fake_site: FakeSite) -> None:
    token = oaks_token(fake_site.tables)
    people = [Person(f"Zoë {'a' * 90}", f"a{number}@mail.example") for number in range(101)]
    raws = [sent_of(person, f"oak:{number}") for number, person in enumerate(people)]
    for sent in (raws[:1], raws[1:]):
        answer = post(fake_site, token, {"signatures": sent})
        assert [each["result"] for each in answer.json_body["results"]] == ["accepted"] * len(sent)
    assert post(fake_site, token, {"signatures": raws}).status_code == 422


@pytest.mark.parametrize("body", [[], 1, {}, {"signatures": {}}, {"signatures": []}, {"signatures": [1], "x": 1}])
def test_any_other_body_stores_nothing(fake_site: FakeSite, body: Any) -> None:
    answer = post(fake_site, oaks_token(fake_site.tables), body)
    if answer.status_code != 422:
        assert {each["result"] for each in answer.json_body["results"]} == {"invalid"}
    assert not [key for key in fake_site.tables.items if key.table == "signatures"]


def test_no_name_and_no_address_is_logged(fake_site: FakeSite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    post(fake_site, oaks_token(fake_site.tables), {"signatures": [sent_of(), sent_of(BOB, "oak:1")]})
    logged = repr([vars(record) for record in caplog.records])
    assert "'accepted': 1" in logged
    assert not [secret for secret in (ALICE.email, ALICE.name, "oak:1") if secret in logged]


def test_a_signature_that_waits_in_the_overflow_queue_counts_when_it_is_sent_again(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = oaks_token(fake_site.tables)
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.signatures.sign._store_and_wait", throttle)
        assert post(fake_site, token, sent_of()).status_code == 503
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    [signature] = [item for key, item in fake_site.tables.items.items() if key.table == "signatures"]
    assert signature["state"] == "pending"
    [sent_again] = post(fake_site, token, sent_of()).json_body["results"]
    assert sent_again["result"] == "accepted"
    assert fake_site.get(COUNT_PATH).json_body["count"] == 1


def test_bob_creates_a_partner_whose_token_sends_signatures(fake_site: FakeSite) -> None:
    token = bobs_token(fake_site.tables, NOW, Right.MANAGE)
    assert ask(fake_site, token, "POST", "", NEW_PARTNER).status_code == 201
    issued = ask(fake_site, token, "POST", "/partner-elm/tokens", {}).json_body
    sent = sent_of(consent={"wording": NEW_PARTNER["wording"]})
    assert post(fake_site, issued["token"], sent).json_body["results"][0]["result"] == "accepted"
    [elm] = ask(fake_site, token, "GET", "", None).json_body["partners"]
    assert elm == {**NEW_PARTNER, "created_at": "2026-11-24T12:00:00Z"}
    assert actions(fake_site) == ["partner.created", "token.issued"]


def ask(fake_site: FakeSite, token: str, method: str, path: str, body: object) -> HTTPResponse:
    return asking.ask(fake_site, token, method, f"/api/staff/partners{path}", body)


def test_creating_a_partner_twice_changes_nothing_and_a_changed_partner_is_refused(tables: FakeTables) -> None:
    oak = a_partner(tables)
    create_partner(oak.model_copy(update={"created_at": NOW}), tables)
    assert all_partners(tables) == [oak]
    with pytest.raises(Invalid):
        create_partner(oak.model_copy(update={"name": "Elm", "version": "2"}), tables)
    store_wording(oak.source, "2", "Oak's own new wording", NOW, tables)


@pytest.mark.parametrize("source", ["partner-nobody", "direct", "", "partner-" + "a" * 2000])
def test_an_unknown_partner_is_not_found(tables: FakeTables, source: str) -> None:
    with pytest.raises(UnknownThing):
        find_partner(source, tables)
