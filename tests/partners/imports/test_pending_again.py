"""After the undo of an import, nobody counts who signed here and never confirmed, and no consent of the file holds."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.times import exact
from chalicelib.mail.relay import needs_message
from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen, Partner
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.projections.recount import recount
from chalicelib.signatures.withdraw import take_back, unsubscribe
from chalicelib.tallies.count import Days, breakdown, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import ALICE, DAY, MINUTE, NOW, Person, change_item, fields_of, identity_of, item_of, key_of, signed
from tests.fake_site import FakeSite, token_in
from tests.fakes import FakeTables
from tests.partnering import a_partner, a_receiving_context, sent_of
from tests.signatures.test_letter_page import form_fields, send_confirm_link, text_of

IN_THE_FILE = Person("Al in the file", ALICE.email)
HOUR = timedelta(hours=1)
SIGN_PATH = "/petitions/safe-children/signatures"


def arrive(tables: FakeTables, petition: Petition, partner: Partner, *, updates: bool = True) -> str:
    """The partner sends Alice, under the file's name. Return the receipt, with which the undo takes her back."""
    receiving = a_receiving_context(tables, petition, partner)
    sent = read_signature(sent_of(IN_THE_FILE, partner.source, consent={"updates": updates}), partner, NOW)
    take_each([sent], receiving, NOW)
    return receiving.receipt_of(sent, NOW).digest


def undo(tables: FakeTables, petition: Petition, receipt: str) -> bool:
    return take_back(key_of(petition, identity_of(petition)), receipt, petition, NOW + DAY, tables)


def alice(tables: FakeTables, petition: Petition) -> dict[str, Any]:
    return dict(item_of(tables, petition, identity_of(petition)))


def by_partners(tables: FakeTables, petition: Petition, now: datetime = NOW + 2 * DAY) -> tuple[int, int]:
    """Return how many count, and how many of them as a partner's. Every sum agrees with the signatures."""
    assert recount(petition, lambda: now, tables).drift == {}
    counted = exact_count(petition, now, tables)
    return counted.confirmed, counted.by_partners


@pytest.mark.parametrize("is_first", [True, False], ids=["signed before the import", "signed after it"])
def test_who_signed_here_waits_for_the_own_confirmation_under_the_typed_name(
    tables: FakeTables, petition: Petition, oak: Partner, is_first: bool
) -> None:
    if is_first:
        signed(tables, petition, postcode="M1 1AE")
    receipt = arrive(tables, petition, oak)
    if not is_first:
        signed(tables, petition, now=NOW + MINUTE, postcode="M1 1AE")
    assert by_partners(tables, petition, NOW + HOUR) == (1, 1)
    before = alice(tables, petition)
    assert before["name"] == IN_THE_FILE.name
    assert undo(tables, petition, receipt)
    item = alice(tables, petition)
    assert [item[name] for name in ("state", "name", "postcode", "updates")] == ["pending", ALICE.name, "M1 1AE", False]
    assert not item.keys() & {"confirmed_at", "by_partner", "confirmed_with", "typed", "receipt"}
    assert by_partners(tables, petition) == (0, 0)
    assert item["mail_kind"] == "confirm-imported", "the link in the first email may have expired"
    assert needs_message(before, item)
    assert item["expires_at"] > (NOW + 50 * DAY).timestamp()
    assert not undo(tables, petition, receipt), "a repeat changes nothing"
    assert alice(tables, petition) == item


def test_an_undeliverable_address_gets_no_email(tables: FakeTables, petition: Petition, oak: Partner) -> None:
    signed(tables, petition)
    receipt = arrive(tables, petition, oak)
    change_item(tables, petition, identity_of(petition), undeliverable="bounced")
    undo(tables, petition, receipt)
    assert "mail_kind" not in alice(tables, petition)


@pytest.mark.parametrize(("counts", "stays"), [(CountsWhen.AT_ONCE, 1), (CountsWhen.AFTER_EMAIL, 0)])
def test_only_a_receipt_that_counts_at_once_keeps_a_signature_counted(
    tables: FakeTables, petition: Petition, oak: Partner, counts: CountsWhen, stays: int
) -> None:
    receipt = arrive(tables, petition, oak)
    arrive(tables, petition, a_partner(tables, counts, "partner-elm"))
    undo(tables, petition, receipt)
    assert by_partners(tables, petition) == (stays, stays)
    assert alice(tables, petition)["updates"] is False, "the file brought this consent"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"postcode": "M1 1AE"}, (ALICE.name, "M1 1AE")),
        ({"country": "NL"}, (ALICE.name, None)),
        (None, ("Al in the file", None)),
    ],
    ids=["typed here", "typed here with another country", "not typed here"],
)
def test_who_another_partner_keeps_counted_no_longer_has_the_name_of_the_undone_file(
    tables: FakeTables, petition: Petition, oak: Partner, typed: dict[str, Any] | None, kept: tuple[str, str | None]
) -> None:
    """Unless no other name is known: a further receipt brings none."""
    receipt = arrive(tables, petition, oak)
    arrive(tables, petition, a_partner(tables, source="partner-elm"))
    if typed:
        signed(tables, petition, now=NOW + MINUTE, **typed)
    undo(tables, petition, receipt)
    item = alice(tables, petition)
    assert (item["name"], item.get("postcode")) == kept
    assert by_partners(tables, petition) == (1, 1)


@pytest.mark.parametrize(("signs_too", "updates"), [(False, False), (True, True)])
def test_a_pending_signature_keeps_only_a_consent_that_was_ticked_here_too(
    tables: FakeTables, petition: Petition, signs_too: bool, updates: bool
) -> None:
    receipt = arrive(tables, petition, a_partner(tables, CountsWhen.AFTER_EMAIL))
    arrive(tables, petition, a_partner(tables, CountsWhen.AFTER_EMAIL, "partner-elm"))
    if signs_too:
        signed(tables, petition, now=NOW + MINUTE, updates=True)
    undo(tables, petition, receipt)
    assert (alice(tables, petition)["state"], alice(tables, petition)["updates"]) == ("pending", updates)


def test_who_unsubscribed_gets_no_updates_after_an_undo(tables: FakeTables, petition: Petition, oak: Partner) -> None:
    identity = signed(tables, petition, updates=True)
    receipt = arrive(tables, petition, oak)
    unsubscribe(key_of(petition, identity), NOW + MINUTE, tables)
    undo(tables, petition, receipt)
    assert alice(tables, petition)["updates"] is False


@pytest.fixture
def link(fake_site: FakeSite, petition: Petition) -> str:
    """Alice signs here and gets our email. Then a partner sends her, and she counts."""
    assert fake_site.post_form(SIGN_PATH, fields_of(postcode="M1 1AE")).status_code == 303
    link = send_confirm_link(fake_site, petition)
    arrive(fake_site.tables, petition, a_partner(fake_site.tables))
    return link


def undo_oak(fake_site: FakeSite, petition: Petition) -> None:
    [receipt] = alice(fake_site.tables, petition)["counts_with"]
    undo(fake_site.tables, petition, receipt)


@pytest.mark.parametrize(
    ("sent", "name", "country", "updates"),
    [
        ({}, ALICE.name, "GB", False),
        ({"name": "Alice A.", "country": "NL", "postcode": "", "updates": "yes"}, "Alice A.", "NL", True),
    ],
    ids=["as typed", "corrected"],
)
def test_who_presses_the_link_meanwhile_stays_counted_as_their_own(
    fake_site: FakeSite, petition: Petition, link: str, sent: dict[str, str], name: str, country: str, updates: bool
) -> None:
    page = fake_site.get(link)
    assert form_fields(page)["name"] == ALICE.name
    assert "it counts already" in text_of(page)
    for _ in range(2):
        assert "Your signature is counted" in text_of(fake_site.post_form("/confirm", form_fields(page) | sent))
        assert by_partners(fake_site.tables, petition, NOW + HOUR) == (1, 0)
    assert ALICE.name not in text_of(fake_site.get(link))
    undo_oak(fake_site, petition)
    item = alice(fake_site.tables, petition)
    assert [item[each] for each in ("state", "name", "updates")] == ["confirmed", name, updates]
    countries = breakdown(petition, TallyDimension.COUNTRY, Days(), NOW + 2 * DAY, fake_site.tables).values
    assert countries == {country: 1}
    assert by_partners(fake_site.tables, petition) == (1, 0)


def test_the_token_alone_keeps_a_person_counted_but_not_the_consent_of_the_file(
    fake_site: FakeSite, petition: Petition, link: str
) -> None:
    fake_site.post_form("/confirm", {"token": token_in(link)})
    assert alice(fake_site.tables, petition)["updates"] is True
    undo_oak(fake_site, petition)
    item = alice(fake_site.tables, petition)
    assert (item["state"], item["updates"]) == ("confirmed", False)


def test_a_link_from_before_a_withdrawal_confirms_nothing_of_the_partners(
    fake_site: FakeSite, petition: Petition, link: str
) -> None:
    change_item(fake_site.tables, petition, identity_of(petition), withdrawn_at=exact(NOW + HOUR))
    page = fake_site.get(link)
    assert ALICE.name not in text_of(page)
    fake_site.post_form("/confirm", {"token": token_in(link)})
    assert by_partners(fake_site.tables, petition) == (1, 1)
