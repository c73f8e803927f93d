"""The stream is the outbox: each new wish for a mail becomes one message in its queue."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.keys import slug_of
from chalicelib.mail.model import MailWish
from chalicelib.mail.outbox import Outbox

Image = Mapping[str, Any]


def relay(changes: Iterable[tuple[Image | None, Image | None]], outbox: Outbox) -> int:
    """Return how many wishes went on. Raise Unavailable, and the whole batch comes again: wishes are idempotent."""
    wishes = [wish for before, after in changes if (wish := new_wish(before, after))]
    outbox.send(wishes)
    return len(wishes)


def new_wish(before: Image | None, after: Image | None) -> MailWish | None:
    """What this change newly wants; a claim or a confirmation in between wants nothing new."""
    if after is None or "mail_wanted" not in after:
        return None
    if before is not None and before.get("mail_wanted_at") == after["mail_wanted_at"]:
        return None
    return wish_of(after)


def wish_of(item: Image) -> MailWish:
    return MailWish(
        slug=slug_of(item["pk"]),
        signature_id=item["sk"],
        wanted=item["mail_wanted"],
        wanted_at=item["mail_wanted_at"],
    )
