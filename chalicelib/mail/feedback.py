"""Handle SES events from SNS: stop email to addresses that bounced permanently or complained."""

from collections.abc import Mapping
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.signatures import mail_state


def take_feedback(event: Mapping[str, Any], tables: Tables) -> str | None:
    """Return the recorded reason, or None. Events arrive twice and out of order; a delivery never undoes a bounce."""
    reason = _undeliverable(event)
    tags = event.get("mail", {}).get("tags", {})
    petitions, signatures = tags.get("petition"), tags.get("signature")
    if reason and petitions and signatures:
        mail_state.mark_undeliverable(keys.signature(petitions[0], signatures[0]), reason, tables)
        return reason
    return None


def _undeliverable(event: Mapping[str, Any]) -> str | None:
    """Ignore transient bounces (for example, a full mailbox): SES retries these."""
    kind = event.get("eventType") or event.get("notificationType")
    if kind == "Complaint":
        return "complained"
    if kind == "Bounce" and event.get("bounce", {}).get("bounceType") == "Permanent":
        return "bounced"
    return None
