"""The stream is the outbox: each new wish for a mail becomes one message in the mail queue."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.aws.queue import Queue
from chalicelib.keys import slug_of
from chalicelib.mail.model import MailWish

Image = Mapping[str, Any]


def relay(changes: Iterable[tuple[Image | None, Image | None]], queue: Queue) -> int:
    """Return how many wishes went on. Raise Unavailable, and the whole batch comes again: wishes are idempotent."""
    wishes = [wish.model_dump() for before, after in changes if (wish := new_wish(before, after))]
    queue.send(wishes)
    return len(wishes)


def new_wish(before: Image | None, after: Image | None) -> MailWish | None:
    """What this change newly wants; a claim or a confirmation in between wants nothing new."""
    if after is None or "mail_wanted" not in after:
        return None
    if before is not None and before.get("mail_wanted_at") == after["mail_wanted_at"]:
        return None
    return MailWish(
        slug=slug_of(after["pk"]),
        signature_id=after["sk"],
        wanted=after["mail_wanted"],
        wanted_at=after["mail_wanted_at"],
    )
