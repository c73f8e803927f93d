"""SES feedback may arrive twice, late or out of order, or without a known signature."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.mail.feedback import record_feedback
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS, delivery_key
from chalicelib.petitions.model import Petition
from tests.actors import NOW, item_of, signed
from tests.fakes import FakeTables


def an_event(event_type: str, petition: Petition, identity: str, **more: Any) -> dict[str, Any]:
    tags = {"kind": ["confirm"], "key": [delivery_key(petition.slug, identity)], "ses:source-ip": ["192.0.2.1"]}
    return {"eventType": event_type, "mail": {"messageId": "m", "tags": tags}, **more}


@pytest.mark.parametrize(
    ("event_type", "more", "recorded"),
    [
        ("Bounce", {"bounce": {"bounceType": "Permanent"}}, "bounced"),
        ("Bounce", {"bounce": {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}}, "bounced"),
        ("Bounce", {"bounce": {"bounceType": "Transient"}}, None),
        ("Bounce", {"bounce": {"bounceType": "Undetermined"}}, None),
        ("Complaint", {"complaint": {"complaintSubType": None}}, "complained"),
        ("Complaint", {"complaint": {"complaintSubType": "OnAccountSuppressionList"}}, "bounced"),
        ("Delivery", {}, None),
        ("Send", {}, None),
    ],
)
def test_only_permanent_bounces_and_complaints_stop_email(
    tables: FakeTables, petition: Petition, event_type: str, more: dict[str, Any], recorded: str | None
) -> None:
    identity = signed(tables, petition)
    assert record_feedback(an_event(event_type, petition, identity, **more), SIGNATURE_KINDS, NOW, tables) == recorded
    assert item_of(tables, petition, identity).get("undeliverable") == recorded


@pytest.mark.parametrize(
    "event",
    [
        {"eventType": "Complaint"},
        {"eventType": "Complaint", "mail": {}},
        {"eventType": "Complaint", "mail": {"tags": {"kind": ["confirm"]}}},
        {"eventType": "Complaint", "mail": {"tags": {"kind": [], "key": []}}},
        {"eventType": "Complaint", "mail": {"tags": {"kind": ["another-system"], "key": ["1"]}}},
        {"notificationType": "AmazonSnsSubscriptionSucceeded"},
    ],
)
def test_events_without_a_known_kind_and_key_are_ignored(tables: FakeTables, event: dict[str, Any]) -> None:
    assert record_feedback(event, SIGNATURE_KINDS, NOW, tables) is None
    assert tables.calls == []


@pytest.mark.parametrize("event", [{}, {"eventType": 5}, {"Type": "Notification"}])
def test_a_message_that_is_not_an_event_of_ses_is_an_error(tables: FakeTables, event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not an event of SES"):
        record_feedback(event, SIGNATURE_KINDS, NOW, tables)


@pytest.mark.parametrize(
    ("bounce", "recorded"),
    [
        ({"bounceSubType": "MailboxFull"}, "bounced"),
        ({"bounceSubType": "ContentRejected"}, "rejected"),
        ({"bounceSubType": "General", "bouncedRecipients": [{"action": "failed", "status": "5.7.1"}]}, "rejected"),
        ({"bounceSubType": "General", "bouncedRecipients": [{"action": "failed", "status": "5.1.1"}]}, "bounced"),
        ({"bounceSubType": "General", "bouncedRecipients": [{"action": "failed", "status": "5.2.1"}]}, "bounced"),
        ({"bounceSubType": "General", "bouncedRecipients": [{"action": "failed", "status": "5.2.3"}]}, "rejected"),
        ({"bounceSubType": "General", "bouncedRecipients": [{"emailAddress": "a@b.example"}]}, None),
    ],
)
def test_a_letter_that_the_targets_server_refused_counts_as_failed(
    tables: FakeTables, petition: Petition, bounce: dict[str, Any], recorded: str | None
) -> None:
    """SES calls these bounces temporary. An automatic reply is one too, but the letter arrived."""
    event = an_event("Bounce", petition, signed(tables, petition), bounce={"bounceType": "Transient", **bounce})
    confirmation = SIGNATURE_KINDS["confirm"]
    assert record_feedback(event, {"confirm": confirmation}, NOW, tables) is None
    like_a_letter = replace(confirmation, counts_refusals=True)
    assert record_feedback(event, {"confirm": like_a_letter}, NOW, tables) == recorded
