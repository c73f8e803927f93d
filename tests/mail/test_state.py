"""A requested email is claimed, then settled. Messages may be repeated, late and out of order."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import ConditionFailed
from chalicelib.mail.model import MailRequest
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import request_mail
from chalicelib.signatures.model import MailKind
from tests.actors import DAY, NOW, identity_of, key_of, request_of, signed
from tests.fakes import FakeTables

LEASE = timedelta(seconds=90)
SECOND = timedelta(seconds=1)
STATE = SIGNATURE_KINDS["confirm"].state


@pytest.fixture
def mail_request(tables: FakeTables, petition: Petition) -> MailRequest:
    return request_of(tables, petition, signed(tables, petition))


def test_a_released_claim_can_be_claimed_at_once(tables: FakeTables, mail_request: MailRequest) -> None:
    STATE.claim(mail_request, NOW, LEASE, tables)
    STATE.release(mail_request, NOW + LEASE, tables)
    assert STATE.claim(mail_request, NOW + SECOND, LEASE, tables)
    STATE.release(mail_request, NOW + LEASE, tables)  # A repeat of the call, which AWS handles late.
    with pytest.raises(ConditionFailed):
        STATE.claim(mail_request, NOW + SECOND, LEASE, tables)


def test_a_message_of_an_older_request_claims_nothing(tables: FakeTables, mail_request: MailRequest) -> None:
    older = mail_request.model_copy(update={"requested_at": "2026-11-24T11:00:00Z"})
    with pytest.raises(ConditionFailed) as caught:
        STATE.claim(older, NOW, LEASE, tables)
    assert not STATE.is_still_requested(older, caught.value.item)


def test_a_refused_address_gets_no_more_email(
    tables: FakeTables, petition: Petition, mail_request: MailRequest
) -> None:
    STATE.mark_refused(mail_request, NOW, tables)
    with pytest.raises(ConditionFailed):
        request_mail(key_of(petition, identity_of(petition)), MailKind.CONFIRM, NOW + DAY, tables)
    with pytest.raises(ConditionFailed):
        STATE.claim(mail_request, NOW + DAY, LEASE, tables)
