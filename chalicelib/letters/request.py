"""Request the letters of people who have just confirmed. The stream of signatures calls this: it is the outbox."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws.queue import BATCH_LIMIT
from chalicelib.aws.table import Change, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.times import iso
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.model import target_of
from chalicelib.letters.trial import TESTS
from chalicelib.mail.counted import transact
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.petitions.members import member_for_postcode
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.walk import read_letter_senders

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
    requested, waiting = 0, list[tuple[MailRequest, int]]()
    for before, after in changes:
        if after and sends_letter_now(before, after):
            waiting += [(request, 0) for request in _requests(after, now, tables)]
        if len(waiting) >= BATCH_LIMIT:
            requested += len(waiting)
            outbox.send(waiting)
            waiting = []
    outbox.send(waiting)
    return requested + len(waiting)


def sends_letter_now(before: Image | None, after: Image) -> bool:
    """Return whether this change confirms a signature that carries a letter, or adds one to a confirmed signature.

    `manage.py restore` also writes confirmed signatures, whose letters may have been sent before the damage.
    """
    if "letter" not in after or after.get("state") != SignatureState.CONFIRMED or before is None:
        return False
    sent_before = before.get("state") == SignatureState.CONFIRMED and "letter" in before
    return not sent_before and before.get("restored_at") == after.get("restored_at")


def _requests(image: Image, now: datetime, tables: Tables) -> list[MailRequest]:
    """Request one person's letters in one transaction; one by one, if some were requested before."""
    wanted = [*_keys(image, tables)]
    try:
        return _all_at_once(wanted, now, tables) if wanted else []
    except ConditionFailed:
        each = [_requested(state, key, now, tables, about) for state, key, about in wanted]
        return [request for request in each if request]


def _all_at_once(
    wanted: Sequence[tuple[Deliveries, str, Mapping[str, str]]], now: datetime, tables: Tables
) -> list[MailRequest]:
    """Raise ConditionFailed, and request none, if one of them was requested before."""
    requests, writes = list[MailRequest](), list[NewItem | Change]()
    for state, key, about in wanted:
        state.note(key, now, tables)
        new = state.new_item(key, now, about)
        writes += state.writes(new, key, now, tables)
        requests.append(state.request_of({"sk": key, **new.item}))
    transact(writes, tables)
    return requests


def _keys(image: Image, tables: Tables) -> Iterator[tuple[Deliveries, str, dict[str, str]]]:
    """Yield the delivery's key of each letter, and what is stored with it: one to each target that the letter had when
    it was confirmed. If a postcode has no member of parliament in the charity's tables, there is no letter to one. A
    member who is one of the targets gets the letter to that target only.

    While a target is in test mode, its letter is a test.
    """
    slug = keys.slug_of(image["pk"])
    current = petition_as_stored(slug, tables)
    targets = letter_as_signed(slug, image["letter"]["version"], tables).letter.targets
    for target in targets:
        member = member_for_postcode(image.get("country"), image.get("postcode")) if target.members else None
        is_target = member and current.letter and current.letter.has_address(member.email, targets)
        if (member or not target.members) and not is_target:
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
    found = (image for image in _sender_images(slug, tables) if image["confirmed_at"] >= iso(since))
    return sum(_requests_missing(image, now, tables) for image in found)


def _sender_images(slug: str, tables: Tables) -> Iterator[Image]:
    """Yield the items of all confirmed signatures that have a letter."""
    for bucket in keys.BUCKETS:
        after: str | None = ""
        while after is not None:
            found, after = read_letter_senders(slug, bucket, after, PAGE, tables)
            yield from found


def _requests_missing(image: Image, now: datetime, tables: Tables) -> int:
    requested = 0
    for state, key, about in _keys(image, tables):
        with suppress(ConditionFailed):
            state.request(key, now, tables, **about)
            requested += 1
    return requested
