"""Handle SES events from SNS: stop email to addresses that bounced permanently or complained."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.mail.kind import Kinds


def record_feedback(event: Mapping[str, Any], kinds: Kinds, now: datetime, tables: Tables) -> str | None:
    """Record a bounce or complaint. Return the recorded reason, or None. Raise ValueError if SES did not send it.

    Events may arrive twice and out of order. A delivery never undoes a bounce.
    """
    reason = _reason_of(event)
    tags = event.get("mail", {}).get("tags", {})
    kind, key = (next(iter(tags.get(name, ())), "") for name in ("kind", "key"))
    if reason and key and kind in kinds:
        kinds[kind].state.mark_undeliverable(key, reason, now, tables)
        return reason
    return None


def _reason_of(event: Mapping[str, Any]) -> str | None:
    """Return "complained" or "bounced". None: another event, or a temporary bounce, such as from a full mailbox."""
    kind = event.get("eventType") or event.get("notificationType")
    if not isinstance(kind, str):
        raise ValueError("not an event of SES")
    if kind == "Complaint":
        return "complained"
    if kind == "Bounce" and event.get("bounce", {}).get("bounceType") == "Permanent":
        return "bounced"
    return None
