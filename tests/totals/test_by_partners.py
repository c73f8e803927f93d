"""Signatures that count when a partner sends them. Nobody confirmed them by our email, and no sentence claims that."""

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
from chalicelib.petitions.find import petition_as_stored
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
from tests.totals.test_api import TOTAL_URL, enter_figure

EMAIL_SENTENCE = "Every signature that its owner had confirmed by email"
MEMBERS = [Person(f"Member {number}", f"member{number}@mail.example") for number in range(4)]


@pytest.fixture
def signed_petition(fake_site: FakeSite, petition: Petition) -> Petition:
    """Alice confirmed by our email. Oak sent four others, of whom one had signed here and not confirmed."""
    confirmed(fake_site.tables, petition, ALICE)
    signed(fake_site.tables, petition, MEMBERS[0])
    oak = a_partner(fake_site.tables)
    signatures = []
    for number, person in enumerate(MEMBERS):
        sent = sent_of(person, f"oak:{number}")
        signatures.append(read_signature(sent, oak, NOW))
    take_each(signatures, a_receiving_context(fake_site.tables, petition, oak), NOW)
    return petition


def counts_after(tables: FakeTables, petition: Petition, days: int = 0) -> tuple[int, int]:
    """Return how many are confirmed, and how many of them partners sent."""
    count = exact_count(petition, NOW + days * DAY, tables)
    return count.confirmed, count.by_partners


def withdraw_person(tables: FakeTables, petition: Petition, person: Person, days: int = 0) -> None:
    withdraw(key_of(petition, identity_of(petition, person)), petition, NOW + days * DAY, tables)


def test_the_number_from_partners_is_exact_when_people_withdraw_and_days_are_closed(
    fake_site: FakeSite, signed_petition: Petition
) -> None:
    assert [counts_after(fake_site.tables, signed_petition, days) for days in (0, 3, 4)] == [(5, 4)] * 3
    withdraw_person(fake_site.tables, signed_petition, MEMBERS[0], days=4)
    assert counts_after(fake_site.tables, signed_petition, days=4) == (4, 3)
    withdraw_person(fake_site.tables, signed_petition, ALICE, days=4)
    assert [counts_after(fake_site.tables, signed_petition, days) for days in (4, 7)] == [(3, 3)] * 2


def test_a_person_who_withdrew_and_confirms_by_our_email_no_longer_counts_for_the_partner(
    fake_site: FakeSite, signed_petition: Petition
) -> None:
    withdraw_person(fake_site.tables, signed_petition, MEMBERS[0])
    assert "by_partner" not in item_of(fake_site.tables, signed_petition, identity_of(signed_petition, MEMBERS[0]))
    confirmed(fake_site.tables, signed_petition, MEMBERS[0], NOW + DAY)
    assert counts_after(fake_site.tables, signed_petition, days=1) == (5, 3)


def test_a_recount_checks_the_number_from_partners(fake_site: FakeSite, signed_petition: Petition) -> None:
    assert not recount(signed_petition, lambda: NOW + DAY, fake_site.tables).drift
    del fake_site.tables.items[key_of(signed_petition, identity_of(signed_petition, MEMBERS[0]))]
    assert recount(signed_petition, lambda: NOW + DAY, fake_site.tables).drift[PARTNERS] == 1


def test_the_total_says_how_many_confirmed_by_email(fake_site: FakeSite, signed_petition: Petition) -> None:
    here = "Exactly 5 people signed here (1 confirmed by email, 4 sent by partners who checked them)"
    body = fake_site.get(TOTAL_URL).json_body
    assert (body["confirmed"], body["sentence"]) == (5, f"{here}.")
    enter_figure(fake_site)
    forget_all()
    fake_site.clock.forward(DAY)
    sentence = f"{here}; 412 elsewhere; together at least 412 and at most 417 people."
    assert fake_site.get(TOTAL_URL).json_body["sentence"] == sentence
    assert sentence in fake_site.get("/petitions/safe-children").body.decode()
    stored = petition_as_stored(signed_petition.slug, fake_site.tables)
    statement = freeze(stored, fake_site.clock(), fake_site.tables)
    assert statement.total == sentence


def test_a_statement_says_how_many_confirmed_by_email(fake_site: FakeSite, signed_petition: Petition) -> None:
    statement = freeze(signed_petition, NOW, fake_site.tables)
    assert (statement.confirmed, statement.by_partners) == (5, 4)
    path = f"/statements/{statement_token(statement, TOKEN_KEYS)}"
    page = fake_site.get(path).body.decode()
    assert "1 confirmed by email; 4 were sent by partners who checked them." in page
    assert "<strong>5</strong> signatures<" in page
    assert EMAIL_SENTENCE not in page
    assert "Cadarnhawyd 1 drwy e-bost; anfonwyd 4 gan bartneriaid" in fake_site.get(f"{path}?lang=cy").body.decode()
