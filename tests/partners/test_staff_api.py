"""Staff create partners and issue their tokens. Both are in the activity log."""

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Invalid, UnknownThing
from chalicelib.core.rights import Right
from chalicelib.partners.register import all_partners, create_partner, find_partner, store_wording
from tests import asking
from tests.actors import NOW, bobs_token
from tests.asking import actions
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.partnering import NEW_PARTNER, a_partner, sent_of
from tests.partners.test_api import post


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
