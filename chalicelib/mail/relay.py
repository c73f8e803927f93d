"""Put a message into a mail queue for each request that the stream of the signatures table delivers here."""

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
# At least one changes when a request is made, postponed or nudged (queued once more: the first message may be lost).
REQUEST_TIMES = ("mail_requested_at", "mail_nudged_at", "mail_due_at")


def relay(changes: Iterable[tuple[Image | None, Image | None]], now: datetime, outbox: Outbox, tables: Tables) -> int:
    """Queue the requests among the changes, and return how many. Mark each request's group (outstanding.py).

    Leave out unknown kinds, so that they do not stop the stream, and requests that are due later than a message can be
    delayed: the sweep queues them. Raise Unavailable if a request was not queued. The stream then delivers the whole
    batch again. To queue a request twice does no harm.
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
    if "mail_kind" not in after:
        return False
    if before is None:
        return True
    return any(before.get(name) != after.get(name) for name in REQUEST_TIMES)


def _message(image: Image, kinds: Kinds, now: datetime) -> tuple[MailRequest, int]:
    state = kinds[image["mail_kind"]].state
    return state.request_of(image), _delay(image, state.min_interval, now)


def _group_of(request: MailRequest, kinds: Kinds) -> str:
    state = kinds[request.kind].state
    return outstanding.group_of(state.item_key(request.key))


def _delay(image: Image, min_interval: timedelta, now: datetime) -> int:
    """Return the seconds until the request is due and `min_interval` has passed since the last email to this key.

    With `mail_network`, the request is due now, so that its sender books the network's turn (turns.py).
    """
    times = [now]
    if "mailed_at" in image:
        times.append(datetime.fromisoformat(image["mailed_at"]) + min_interval)
    if "mail_due_at" in image and "mail_network" not in image:
        times.append(datetime.fromisoformat(image["mail_due_at"]) + CLOCKS_DIFFER)
    latest = max(times)
    return ceil((latest - now).total_seconds())
