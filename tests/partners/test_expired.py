"""A signature that its person never confirmed expires. Then the partner may send it again."""

from datetime import timedelta

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen, Partner, ReceiveOutcome
from chalicelib.partners.receive import predict_each, take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import UNMAILED_LIFETIME, WITHDRAWN_LIFETIME
from chalicelib.signatures.withdraw import erase, withdraw
from tests.actors import DAY, NOW, identity_of, item_of, key_of
from tests.fakes import FakeTables
from tests.partnering import a_partner, a_receiving_context, sent_of


@pytest.fixture
def elm(tables: FakeTables) -> Partner:
    return a_partner(tables, CountsWhen.AFTER_EMAIL, "partner-elm")


def predict_and_take(
    tables: FakeTables, petition: Petition, elm: Partner, after: timedelta
) -> tuple[ReceiveOutcome, ReceiveOutcome]:
    """Return the result that a dry run predicts, and the result of then sending the signature."""
    now = NOW + after
    submissions = [read_signature(sent_of(), elm, now)]
    [predicted] = predict_each(submissions, a_receiving_context(tables, petition, elm), now)
    [result] = take_each(submissions, a_receiving_context(tables, petition, elm), now)
    return predicted.outcome, result.outcome


def delete_expired_item(tables: FakeTables, petition: Petition) -> None:
    """Delete the item, as DynamoDB does after it expired."""
    del tables.items[key_of(petition, identity_of(petition))]


@pytest.mark.parametrize(("after", "is_gone"), [(UNMAILED_LIFETIME + DAY, False), (16 * DAY, True)])
def test_an_expired_signature_is_accepted_again_and_gets_an_email_again(
    tables: FakeTables, petition: Petition, elm: Partner, after: timedelta, is_gone: bool
) -> None:
    predict_and_take(tables, petition, elm, timedelta())
    if is_gone:
        delete_expired_item(tables, petition)
    assert predict_and_take(tables, petition, elm, after) == (ReceiveOutcome.ACCEPTED, ReceiveOutcome.ACCEPTED)
    assert item_of(tables, petition, identity_of(petition))["mail_kind"] == "confirm"
    assert predict_and_take(tables, petition, elm, after + DAY) == (ReceiveOutcome.EXISTING, ReceiveOutcome.EXISTING)


@pytest.mark.parametrize("end", [withdraw, erase])
def test_a_person_who_withdrew_or_was_erased_stays_suppressed_after_the_item_expired(
    tables: FakeTables, petition: Petition, elm: Partner, end: object
) -> None:
    predict_and_take(tables, petition, elm, timedelta())
    end(key_of(petition, identity_of(petition)), petition, NOW, tables)  # type: ignore[operator]
    assert predict_and_take(tables, petition, elm, 30 * DAY) == (ReceiveOutcome.SUPPRESSED, ReceiveOutcome.SUPPRESSED)
    delete_expired_item(tables, petition)
    assert predict_and_take(tables, petition, elm, WITHDRAWN_LIFETIME) == (
        ReceiveOutcome.SUPPRESSED,
        ReceiveOutcome.SUPPRESSED,
    )
