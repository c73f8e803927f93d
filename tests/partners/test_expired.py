"""A signature that its person never confirmed expires. Then the partner may send it again."""

from datetime import timedelta

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import Counts, Partner, ReceiveOutcome
from chalicelib.partners.receive import predict_each, take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.erase import erase
from chalicelib.signatures.model import UNMAILED_LIFETIME, WITHDRAWN_LIFETIME
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, NOW, identity_of, item_of, key_of
from tests.fakes import FakeTables
from tests.partnering import a_partner, a_receiving_context, sent_of


@pytest.fixture
def elm(tables: FakeTables) -> Partner:
    return a_partner(tables, Counts.AFTER_EMAIL, "partner-elm")


def sent(
    tables: FakeTables, petition: Petition, elm: Partner, after: timedelta
) -> tuple[ReceiveOutcome, ReceiveOutcome]:
    """Return what a dry run foresees, and what then happens."""
    now = NOW + after
    each = [read_signature(sent_of(), elm, now)]
    [foreseen] = predict_each(each, a_receiving_context(tables, petition, elm), now)
    [result] = take_each(each, a_receiving_context(tables, petition, elm), now)
    return foreseen.result, result.result


def gone(tables: FakeTables, petition: Petition) -> None:
    """DynamoDB has deleted the expired item."""
    del tables.items[key_of(petition, identity_of(petition))]


@pytest.mark.parametrize(("after", "is_gone"), [(UNMAILED_LIFETIME + DAY, False), (16 * DAY, True)])
def test_it_is_accepted_again_and_gets_an_email_again(
    tables: FakeTables, petition: Petition, elm: Partner, after: timedelta, is_gone: bool
) -> None:
    sent(tables, petition, elm, timedelta())
    if is_gone:
        gone(tables, petition)
    assert sent(tables, petition, elm, after) == (ReceiveOutcome.ACCEPTED, ReceiveOutcome.ACCEPTED)
    assert item_of(tables, petition, identity_of(petition))["mail_kind"] == "confirm"
    assert sent(tables, petition, elm, after + DAY) == (ReceiveOutcome.EXISTING, ReceiveOutcome.EXISTING)


@pytest.mark.parametrize("end", [withdraw, erase])
def test_who_withdrew_or_was_erased_stays_suppressed_when_the_item_is_gone(
    tables: FakeTables, petition: Petition, elm: Partner, end: object
) -> None:
    sent(tables, petition, elm, timedelta())
    end(key_of(petition, identity_of(petition)), petition, NOW, tables)  # type: ignore[operator]
    assert sent(tables, petition, elm, 30 * DAY) == (ReceiveOutcome.SUPPRESSED, ReceiveOutcome.SUPPRESSED)
    gone(tables, petition)
    assert sent(tables, petition, elm, WITHDRAWN_LIFETIME) == (ReceiveOutcome.SUPPRESSED, ReceiveOutcome.SUPPRESSED)
