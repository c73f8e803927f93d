"""Relay mail requests from the stream to the queues: one message for each new request."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

from chalicelib.core.keys import slug_of
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.signatures.model import MAIL_PAUSE

Image = Mapping[str, Any]

# The longest delay of an SQS message, in seconds.
LONGEST_DELAY = 900


def relay(changes: Iterable[tuple[Image | None, Image | None]], now: datetime, outbox: Outbox) -> int:
    """Return how many requests were queued. Raise Unavailable to retry the whole batch: requests are idempotent."""
    requests = [(request, after) for before, after in changes if after and (request := new_request(before, after))]
    outbox.send([(request, _delay(after, now)) for request, after in requests])
    return len(requests)


def new_request(before: Image | None, after: Image | None) -> MailRequest | None:
    """Return the request if this change adds or nudges it. A claim or another change returns None."""
    if after is None or "mail_kind" not in after:
        return None
    if before is not None and all(
        before.get(name) == after.get(name) for name in ("mail_requested_at", "mail_nudged_at")
    ):
        return None
    return request_of(after)


def request_of(item: Image) -> MailRequest:
    return MailRequest(
        slug=slug_of(item["pk"]),
        signature_id=item["sk"],
        kind=item["mail_kind"],
        requested_at=item["mail_requested_at"],
    )


def _delay(image: Image, now: datetime) -> int:
    """Return the seconds to wait, so that a signature gets at most one email a minute."""
    if "mailed_at" not in image:
        return 0
    due = datetime.fromisoformat(image["mailed_at"]) + MAIL_PAUSE
    return min(max(0, ceil((due - now).total_seconds())), LONGEST_DELAY)
