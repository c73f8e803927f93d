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
from tests.fakes import FakeTables
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.served import Served
from tests.totals.test_api import TOTAL, entered

BY_EMAIL = "Every signature that its owner had confirmed by email"
FOUR = [Person(f"Member {number}", f"member{number}@mail.example") for number in range(4)]


@pytest.fixture
def five(served: Served, petition: Petition) -> Petition:
    """Alice confirmed by our email. Oak sent four others, of whom one had signed here and not confirmed."""
    confirmed(served.tables, petition, ALICE)
    signed(served.tables, petition, FOUR[0])
    oak = a_partner(served.tables)
    each = [read_signature(sent_of(person, f"oak:{number}"), oak, NOW) for number, person in enumerate(FOUR)]
    take_each(each, a_receiving_context(served.tables, petition, oak), NOW)
    return petition


def by_partners(tables: FakeTables, petition: Petition, days: int = 0) -> tuple[int, int]:
    count = exact_count(petition, NOW + days * DAY, tables)
    return count.confirmed, count.by_partners


def leaves(tables: FakeTables, petition: Petition, person: Person, days: int = 0) -> None:
    withdraw(key_of(petition, identity_of(petition, person)), petition, NOW + days * DAY, tables)


def test_the_number_is_exact_when_people_withdraw_and_days_are_closed(served: Served, five: Petition) -> None:
    assert [by_partners(served.tables, five, days) for days in (0, 3, 4)] == [(5, 4)] * 3
    leaves(served.tables, five, FOUR[0], days=4)
    assert by_partners(served.tables, five, days=4) == (4, 3)
    leaves(served.tables, five, ALICE, days=4)
    assert [by_partners(served.tables, five, days) for days in (4, 7)] == [(3, 3)] * 2


def test_who_withdrew_and_confirms_by_our_email_is_no_longer_the_partners(served: Served, five: Petition) -> None:
    leaves(served.tables, five, FOUR[0])
    assert "by_partner" not in item_of(served.tables, five, identity_of(five, FOUR[0]))
    confirmed(served.tables, five, FOUR[0], NOW + DAY)
    assert by_partners(served.tables, five, days=1) == (5, 3)


def test_a_recount_checks_the_number(served: Served, five: Petition) -> None:
    assert not recount(five, lambda: NOW + DAY, served.tables).drift
    del served.tables.items[key_of(five, identity_of(five, FOUR[0]))]
    assert recount(five, lambda: NOW + DAY, served.tables).drift[PARTNERS] == 1


def test_the_total_says_how_many_confirmed_by_email(served: Served, five: Petition) -> None:
    here = "Exactly 5 people signed here (1 confirmed by email, 4 sent by partners who checked them)"
    said = served.get(TOTAL).json_body
    assert (said["confirmed"], said["sentence"]) == (5, f"{here}.")
    entered(served)
    forget_petitions()
    served.clock.forward(DAY)
    both = f"{here}; 412 elsewhere; together at least 412 and at most 417 people."
    assert served.get(TOTAL).json_body["sentence"] == both
    assert both in served.get("/petitions/safe-children").body.decode()
    assert freeze(petition_as_stored(five.slug, served.tables), served.clock(), served.tables).total == both


def test_a_statement_says_how_many_confirmed_by_email(served: Served, five: Petition) -> None:
    statement = freeze(five, NOW, served.tables)
    assert (statement.confirmed, statement.by_partners) == (5, 4)
    path = f"/statements/{statement_token(statement, TOKEN_KEYS)}"
    page = served.get(path).body.decode()
    assert "1 confirmed by email; 4 were sent by partners who checked them." in page
    assert "<strong>5</strong> signatures<" in page
    assert BY_EMAIL not in page
    assert "Cadarnhawyd 1 drwy e-bost; anfonwyd 4 gan bartneriaid" in served.get(f"{path}?lang=cy").body.decode()


def test_without_such_a_partner_a_statement_keeps_its_sentence(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition, ALICE)
    token = statement_token(freeze(petition, NOW, served.tables), TOKEN_KEYS)
    page = served.get(f"/statements/{token}").body.decode()
    assert BY_EMAIL in page
    assert "partners" not in page
    assert "<strong>1</strong> confirmed signature<" in page
