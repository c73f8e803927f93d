"""Signatures that count when a partner sends them: nobody confirmed these by our email, and no sentence says so."""

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.petitions.find import forget_petitions, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.signatures.withdraw import withdraw
from chalicelib.statements.freeze import freeze, statement_token
from chalicelib.tallies.count import exact_count
from chalicelib.tallies.prove import PARTNERS
from tests.actors import ALICE, DAY, NOW, TOKEN_KEYS, Person, confirmed, identity_of, item_of, key_of, signed
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.totals.test_api import TOTAL, entered

BY_EMAIL = "Every signature that its owner had confirmed by email"
FOUR = [Person(f"Member {number}", f"member{number}@mail.example") for number in range(4)]


@pytest.fixture
def five(fake_site: FakeSite, petition: Petition) -> Petition:
    """Alice confirmed by our email. Oak sent four others, of whom one had signed here and not confirmed."""
    confirmed(fake_site.tables, petition, ALICE)
    signed(fake_site.tables, petition, FOUR[0])
    oak = a_partner(fake_site.tables)
    each = [read_signature(sent_of(person, f"oak:{number}"), oak, NOW) for number, person in enumerate(FOUR)]
    take_each(each, a_receiving_context(fake_site.tables, petition, oak), NOW)
    return petition


def by_partners(tables: FakeTables, petition: Petition, days: int = 0) -> tuple[int, int]:
    count = exact_count(petition, NOW + days * DAY, tables)
    return count.confirmed, count.by_partners


def leaves(tables: FakeTables, petition: Petition, person: Person, days: int = 0) -> None:
    withdraw(key_of(petition, identity_of(petition, person)), petition, NOW + days * DAY, tables)


def test_the_number_is_exact_when_people_withdraw_and_days_are_closed(fake_site: FakeSite, five: Petition) -> None:
    assert [by_partners(fake_site.tables, five, days) for days in (0, 3, 4)] == [(5, 4)] * 3
    leaves(fake_site.tables, five, FOUR[0], days=4)
    assert by_partners(fake_site.tables, five, days=4) == (4, 3)
    leaves(fake_site.tables, five, ALICE, days=4)
    assert [by_partners(fake_site.tables, five, days) for days in (4, 7)] == [(3, 3)] * 2


def test_who_withdrew_and_confirms_by_our_email_is_no_longer_the_partners(fake_site: FakeSite, five: Petition) -> None:
    leaves(fake_site.tables, five, FOUR[0])
    assert "by_partner" not in item_of(fake_site.tables, five, identity_of(five, FOUR[0]))
    confirmed(fake_site.tables, five, FOUR[0], NOW + DAY)
    assert by_partners(fake_site.tables, five, days=1) == (5, 3)


def test_a_recount_checks_the_number(fake_site: FakeSite, five: Petition) -> None:
    assert not recount(five, lambda: NOW + DAY, fake_site.tables).drift
    del fake_site.tables.items[key_of(five, identity_of(five, FOUR[0]))]
    assert recount(five, lambda: NOW + DAY, fake_site.tables).drift[PARTNERS] == 1


def test_the_total_says_how_many_confirmed_by_email(fake_site: FakeSite, five: Petition) -> None:
    here = "Exactly 5 people signed here (1 confirmed by email, 4 sent by partners who checked them)"
    said = fake_site.get(TOTAL).json_body
    assert (said["confirmed"], said["sentence"]) == (5, f"{here}.")
    entered(fake_site)
    forget_petitions()
    fake_site.clock.forward(DAY)
    both = f"{here}; 412 elsewhere; together at least 412 and at most 417 people."
    assert fake_site.get(TOTAL).json_body["sentence"] == both
    assert both in fake_site.get("/petitions/safe-children").body.decode()
    assert freeze(petition_as_stored(five.slug, fake_site.tables), fake_site.clock(), fake_site.tables).total == both


def test_a_statement_says_how_many_confirmed_by_email(fake_site: FakeSite, five: Petition) -> None:
    statement = freeze(five, NOW, fake_site.tables)
    assert (statement.confirmed, statement.by_partners) == (5, 4)
    path = f"/statements/{statement_token(statement, TOKEN_KEYS)}"
    page = fake_site.get(path).body.decode()
    assert "1 confirmed by email; 4 were sent by partners who checked them." in page
    assert "<strong>5</strong> signatures<" in page
    assert BY_EMAIL not in page
    assert "Cadarnhawyd 1 drwy e-bost; anfonwyd 4 gan bartneriaid" in fake_site.get(f"{path}?lang=cy").body.decode()


def test_without_such_a_partner_a_statement_keeps_its_sentence(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    token = statement_token(freeze(petition, NOW, fake_site.tables), TOKEN_KEYS)
    page = fake_site.get(f"/statements/{token}").body.decode()
    assert BY_EMAIL in page
    assert "partners" not in page
    assert "<strong>1</strong> confirmed signature<" in page
