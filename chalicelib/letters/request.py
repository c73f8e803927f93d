"""Request the letters of people who have just confirmed. The stream of signatures calls this: it is the outbox."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.kinds import LETTERS
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.petitions.find import letter_as_signed
from chalicelib.signatures.model import SignatureState

Image = Mapping[str, Any]


def request_letters(
    changes: Iterable[tuple[Image | None, Image | None]], now: datetime, outbox: Outbox, tables: Tables
) -> int:
    """Return how many letters were requested. Raise Unavailable to retry the whole batch.

    A letter that was requested before is not requested again: its item in the deliveries table says so. If this
    process stops before the letter is queued, the sweep queues it.
    """
    confirmed = [after for before, after in changes if after and has_just_confirmed(before, after)]
    requests = [request for image in confirmed for request in _requests(image, now, tables)]
    outbox.send([(request, 0) for request in requests])
    return len(requests)


def has_just_confirmed(before: Image | None, after: Image) -> bool:
    """Return whether this change confirms a signature that carries a letter.

    `manage.py restore` also writes confirmed signatures, whose letters may have been sent before the damage.
    """
    if "letter" not in after or after.get("state") != SignatureState.CONFIRMED or before is None:
        return False
    return before.get("state") != SignatureState.CONFIRMED and before.get("restored_at") == after.get("restored_at")


def _requests(image: Image, now: datetime, tables: Tables) -> Iterator[MailRequest]:
    slug = keys.slug_of(image["pk"])
    for target in letter_as_signed(slug, image["letter"]["version"], tables).letter.targets:
        if request := _requested(letter_delivery(slug, target.key, image["sk"]), now, tables):
            yield request


def _requested(key: str, now: datetime, tables: Tables) -> MailRequest | None:
    """Request the letter. If it was requested before, return that request while it is open: its message may be lost."""
    try:
        return LETTERS.request(key, now, tables)
    except ConditionFailed as failure:
        item = failure.item or {}
        return LETTERS.request_of(item) if "mail_requested_at" in item else None
