"""Handle SES's events about sent emails, which come through SNS: permanent bounces, and complaints of recipients.

A temporary bounce with which a server refused the email counts only for some kinds (`counts_refusals`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.mail.deliveries import REJECTED
from chalicelib.mail.kind import Kinds

# The recipient's server refused this email, but not all email to the mailbox.
_REJECTIONS = frozenset({"ContentRejected", "MessageTooLarge", "AttachmentRejected"})
# Status codes (RFC 3463) about the recipient's address or mailbox: each further email would get the same. Not those
# about the sender's address (5.1.7, 5.1.8) and the size of this email (5.2.3).
_ADDRESS_OR_MAILBOX = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.0", "5.2.1", "5.2.2"}
)


def record_feedback(event: Mapping[str, Any], kinds: Kinds, now: datetime, tables: Tables) -> str | None:
    """Record a bounce or complaint. Return the reason, or None if the event needs no record.

    Events may arrive twice and in any order. A successful delivery changes nothing, so a bounce stays recorded. Raise
    ValueError if the event is not from SES.
    """
    reason = _reason_of(event)
    kind, key = kinds.get(_tag(event, "kind")), _tag(event, "key")
    if kind is None or not key:
        return None
    if reason is None and kind.counts_refusals:
        reason = _refusal_of(event)
    if reason:
        kind.state.mark_undeliverable(key, reason, now, tables)
    return reason


def _tag(event: Mapping[str, Any], name: str) -> str:
    values: list[str] = event.get("mail", {}).get("tags", {}).get(name, [])
    return values[0] if values else ""


def _reason_of(event: Mapping[str, Any]) -> str | None:
    """Return "complained" or "bounced"; None for other events, such as a temporary bounce."""
    # Published events have `eventType`; SES's other notifications have `notificationType`.
    event_type = event.get("eventType") or event.get("notificationType")
    if not isinstance(event_type, str):
        raise ValueError("not an event of SES")
    if event_type == "Complaint":
        # The address complained about an earlier email. SES did not try to send this one, so it counts as bounced.
        was_suppressed = event.get("complaint", {}).get("complaintSubType") == "OnAccountSuppressionList"
        return "bounced" if was_suppressed else "complained"
    if event_type != "Bounce":
        return None
    bounce_type = event.get("bounce", {}).get("bounceType")
    return "bounced" if bounce_type == "Permanent" else None


def _refusal_of(event: Mapping[str, Any]) -> str | None:
    """Return "bounced" if the mailbox takes no email, REJECTED if its server refused this email, None if neither.

    SES calls these bounces temporary. An automatic reply, such as "I am on holiday", is one too, but no refusal.
    """
    bounce = event.get("bounce", {})
    subtype = bounce.get("bounceSubType")
    if subtype == "MailboxFull":
        return "bounced"
    if subtype in _REJECTIONS:
        return REJECTED
    for recipient in bounce.get("bouncedRecipients", []):
        status = str(recipient.get("status"))
        is_permanent = status.startswith("5")
        if recipient.get("action") == "failed" and is_permanent:
            return "bounced" if status in _ADDRESS_OR_MAILBOX else REJECTED
    return None
