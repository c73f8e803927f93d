"""A requested email is claimed, then settled. Messages may be repeated, late and out of order."""

from datetime import timedelta

import pytest

from chalicelib.core.errors import ConditionFailed
from chalicelib.mail.model import MailRequest
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.model import Petition
from tests.actors import NOW, request_of, signed
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
