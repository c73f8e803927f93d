"""Request the letters of people who have just confirmed. The stream of signatures calls this: it is the outbox."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.times import iso
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.model import target_of
from chalicelib.letters.trial import TESTS
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.petitions.members import member_of
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.walk import letter_senders

Image = Mapping[str, Any]
# Signatures that are read at once.
PAGE = 500
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


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
    for state, key, about in _keys(image, tables):
        if request := _requested(state, key, now, tables, about):
            yield request


def _keys(image: Image, tables: Tables) -> Iterator[tuple[Deliveries, str, dict[str, str]]]:
    """Yield the delivery's key of each letter, and what is stored with it: one to each target that the letter had when
    it was confirmed. If a postcode has no member of parliament in the charity's tables, there is no letter to one.

    While a target is in test mode, its letter is a test.
    """
    slug = keys.slug_of(image["pk"])
    current = petition_as_stored(slug, tables)
    targets = letter_as_signed(slug, image["letter"]["version"], tables).letter.targets
    for target in targets:
        member = member_of(image.get("country"), image.get("postcode")) if target.members else None
        if member or not target.members:
            about = {"member": member.constituency} if member else {}
            yield _state(current, target.key), letter_delivery(slug, target.key, image["sk"]), about


def _state(petition: Petition, target_key: str) -> Deliveries:
    target = target_of(petition, target_key)
    return TESTS if target and target.test_to else LETTERS


def _requested(
    state: Deliveries, key: str, now: datetime, tables: Tables, about: Mapping[str, str]
) -> MailRequest | None:
    """Request the letter. If it was requested before, return that request while it is open: its message may be lost."""
    try:
        return state.request(key, now, tables, **about)
    except ConditionFailed as failure:
        item = failure.item or {}
        return state.request_of(item) if "mail_requested_at" in item else None


def request_missing(slug: str, now: datetime, tables: Tables, since: datetime = ALWAYS) -> int:
    """Request every letter of the petition that was not requested, and return how many there were. Safe to repeat.

    `since`: only of people who confirmed then or later. Earlier ones may have confirmed in test mode.

    The stream requests letters. This is for confirmations that it has lost. The sweep queues what this requests.
    """
    found = (image for image in _senders(slug, tables) if image["confirmed_at"] >= iso(since))
    return sum(_requests_missing(image, now, tables) for image in found)


def _senders(slug: str, tables: Tables) -> Iterator[Image]:
    for bucket in keys.BUCKETS:
        after: str | None = ""
        while after is not None:
            found, after = letter_senders(slug, bucket, after, PAGE, tables)
            yield from found


def _requests_missing(image: Image, now: datetime, tables: Tables) -> int:
    requested = 0
    for state, key, about in _keys(image, tables):
        with suppress(ConditionFailed):
            state.request(key, now, tables, **about)
            requested += 1
    return requested
