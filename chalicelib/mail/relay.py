"""Relay mail requests to the mail queues.

A signature's item also stores the request for an email about the signature. The stream of the signatures table delivers
each change of an item here. For each change that makes a request, the relay puts a message into a queue.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from chalicelib.aws.expressions import Image
from chalicelib.aws.queue import LONGEST_DELAY
from chalicelib.aws.table import Tables
from chalicelib.mail import outstanding
from chalicelib.mail.kind import Kinds, Outbox, is_known
from chalicelib.mail.model import MailRequest

# A sender's clock may be this much behind, and a sender ignores a message that comes too early.
CLOCKS_DIFFER = timedelta(seconds=2)
# At least one of these attributes changes when a request is made, postponed or nudged. To nudge a request is to put
# another message into the queue, because the first may be lost.
REQUEST_TIMES = ("mail_requested_at", "mail_nudged_at", "mail_due_at")


def relay(changes: Iterable[tuple[Image | None, Image | None]], now: datetime, outbox: Outbox, tables: Tables) -> int:
    """Queue the requests among the changes, and return how many. Mark each request's group (outstanding.py).

    Leave out a request of an unknown kind, so that it does not stop the stream. Leave out a request that is due later
    than a message can be delayed: the sweep queues it. Raise Unavailable if a request was not queued. The stream then
    delivers the whole batch again. To queue a request twice does no harm.
    """
    images = [after for before, after in changes if after and needs_message(before, after)]
    known_images = [image for image in images if is_known(image["mail_kind"], outbox.kinds)]
    messages = [_message(image, outbox.kinds, now) for image in known_images]
    due_soon = [(request, delay) for request, delay in messages if delay <= LONGEST_DELAY]
    outbox.send(due_soon)
    groups = [_group_of(request, outbox.kinds) for request, _ in messages]
    outstanding.mark_unless_recent(groups, now, tables)
    for request, delay in messages:
        if delay > LONGEST_DELAY:
            due = now + timedelta(seconds=delay)
            outstanding.bring_walk_forward(_group_of(request, outbox.kinds), due, tables)
    return len(due_soon)


def needs_message(before: Image | None, after: Image) -> bool:
    """Return whether this change makes or postpones a request, or asks for one more message about it (a nudge)."""
    if "mail_kind" not in after:
        return False
    if before is None:
        return True
    return any(before.get(name) != after.get(name) for name in REQUEST_TIMES)


def _message(image: Image, kinds: Kinds, now: datetime) -> tuple[MailRequest, int]:
    """Return the request in this item, and the delay of its message in seconds."""
    state = kinds[image["mail_kind"]].state
    return state.request_of(image), _delay(image, state.min_interval, now)


def _group_of(request: MailRequest, kinds: Kinds) -> str:
    state = kinds[request.kind].state
    return outstanding.group_of(state.item_key(request.key))


def _delay(image: Image, min_interval: timedelta, now: datetime) -> int:
    """Return the seconds until the request is due and `min_interval` has passed since the last email to this key.

    With the attribute `mail_network`, the email must still book a turn: the signer's network has a limit
    (first_emails.py). Such a request is due now, so that its sender books the turn.
    """
    times = [now]
    if "mailed_at" in image:
        times.append(datetime.fromisoformat(image["mailed_at"]) + min_interval)
    if "mail_due_at" in image and "mail_network" not in image:
        # A sender whose clock is behind would ignore a message that arrives exactly when the email is due.
        times.append(datetime.fromisoformat(image["mail_due_at"]) + CLOCKS_DIFFER)
    latest = max(times)
    return ceil((latest - now).total_seconds())
