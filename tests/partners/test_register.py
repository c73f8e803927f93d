"""A source has one partner, and a version has one wording."""

import pytest

from chalicelib.core.errors import Invalid, UnknownThing
from chalicelib.partners.register import all_partners, create_partner, find_partner, store_wording
from tests.actors import NOW
from tests.fakes import FakeTables
from tests.partnering import a_partner


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
