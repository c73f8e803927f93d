"""The stream is the outbox: each new request for a mail becomes one message in its queue."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import ceil
from typing import Any

from chalicelib.core.keys import slug_of
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.signatures.model import MAIL_PAUSE

Image = Mapping[str, Any]


# SQS can hold a message back for so long.
LONGEST_DELAY = 900


def relay(changes: Iterable[tuple[Image | None, Image | None]], now: datetime, outbox: Outbox) -> int:
    """Return how many requests went on. Raise Unavailable, and the whole batch comes again: requests are idempotent."""
    wanted = [(request, after) for before, after in changes if after and (request := new_request(before, after))]
    outbox.send([(request, _delay(after, now)) for request, after in wanted])
    return len(wanted)


def new_request(before: Image | None, after: Image | None) -> MailRequest | None:
    """What this change newly wants, or wants with new urgency; a claim in between wants nothing new."""
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
    """Never two mails within a minute: the next one waits in the queue for the rest of it, in whole seconds."""
    if "mailed_at" not in image:
        return 0
    due = datetime.fromisoformat(image["mailed_at"]) + MAIL_PAUSE
    return min(max(0, ceil((due - now).total_seconds())), LONGEST_DELAY)
