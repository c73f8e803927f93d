"""A signature's email is requested, then sent or undeliverable. Messages may be repeated, late and out of order."""

from chalicelib.petitions.model import Petition
from chalicelib.signatures.mail_state import mark_mailed, mark_undeliverable, request_mail
from chalicelib.signatures.model import UNMAILED_LIFETIME, MailKind
from tests.actors import DAY, NOW, confirmed, item_of, key_of, signed
from tests.fakes import FakeTables

REQUESTED_AT = "2026-11-24T12:00:00Z"


def test_a_complaint_stops_email_and_updates_and_keeps_the_signature(tables: FakeTables, petition: Petition) -> None:
    identity = confirmed(tables, petition, updates=True)
    for reason in ("bounced", "complained", "complained"):
        mark_undeliverable(key_of(petition, identity), reason, tables)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["undeliverable"], item["updates"]) == ("confirmed", "complained", False)


def test_a_second_mail_request_extends_the_expiry(tables: FakeTables, petition: Petition) -> None:
    """Alice signs again the day before her signature expires, and SES's quota may delay the email for weeks."""
    key = key_of(petition, signed(tables, petition))
    mark_mailed(key, REQUESTED_AT, NOW, NOW + 15 * DAY, tables)
    request_mail(key, MailKind.CONFIRM, NOW + 14 * DAY, tables)
    expires_at = NOW + 14 * DAY + UNMAILED_LIFETIME
    assert tables.items[key]["expires_at"] == int(expires_at.timestamp())
