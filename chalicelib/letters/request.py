"""Request the emails of people's letters when these people confirm. A letter goes from one person to one target.

A letter's state is in LETTERS, or in TESTS (for staff) while its target is in test mode.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from chalicelib.aws.expressions import Image
from chalicelib.aws.queue import BATCH_LIMIT
from chalicelib.aws.table import Change, NewItem, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.times import iso
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.model import target_unless_removed
from chalicelib.letters.trial import TESTS
from chalicelib.mail.counted import transact
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import MailRequest
from chalicelib.petitions.constituency_table import member_for_postcode
from chalicelib.petitions.find import letter_as_signed, petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.signatures.model import SignatureState, is_moved
from chalicelib.signatures.walk import read_letter_senders

PAGE_SIZE = 500
BEFORE_ALL_LETTERS = datetime(2000, 1, 1, tzinfo=UTC)


def request_letters(
    changes: Iterable[tuple[Image | None, Image | None]], now: datetime, outbox: Outbox, tables: Tables
) -> int:
    """Request and queue the letters of the people who confirmed. Return how many letters were queued.

    `changes`: each signature before and after its change. Raise Unavailable to retry the whole batch, which queues
    again what still waits; a letter's item prevents a second email. After a crash, the sweep queues requested letters.
    """
    queued = 0
    to_queue: list[MailRequest] = []
    for before, after in changes:
        if after and has_new_letter(before, after):
            to_queue += _request_letters_of(after, now, tables)
        if len(to_queue) >= BATCH_LIMIT:
            queued += len(to_queue)
            outbox.send_now(to_queue)
            to_queue = []
    outbox.send_now(to_queue)
    return queued + len(to_queue)


def has_new_letter(before: Image | None, after: Image) -> bool:
    """Return whether this change confirms a signature that has a letter, or adds a letter to a confirmed signature.

    Ignore what `manage.py restore` writes: those letters may have been sent before the damage. It stores confirmed
    signatures as new (`before` is None), or changes `restored_at`. Only a move does this too, and the letter of a moved
    signature was requested before.
    """
    if before is None or not _is_confirmed_with_letter(after):
        return False
    is_restored = before.get("restored_at") != after.get("restored_at")
    return not _is_confirmed_with_letter(before) and not is_restored and not is_moved(before, after)


def _is_confirmed_with_letter(image: Image) -> bool:
    return image.get("state") == SignatureState.CONFIRMED and "letter" in image


def _request_letters_of(image: Image, now: datetime, tables: Tables) -> list[MailRequest]:
    """Use one transaction. If some were requested before, request each one separately. Return those that wait now."""
    letters = [*_letters_of(image, tables)]
    try:
        return _request_together(letters, now, tables) if letters else []
    except ConditionFailed:
        requests = [_find_or_request(deliveries, key, extra, now, tables) for deliveries, key, extra in letters]
        return [request for request in requests if request]


def _find_or_request(
    deliveries: Deliveries, key: str, extra: Mapping[str, str], now: datetime, tables: Tables
) -> MailRequest | None:
    """Return the open request, or None if the letter was settled. With LETTERS, a dropped letter is requested again."""
    request = deliveries.find_or_request(key, now, tables, **extra)
    if request and deliveries is LETTERS:
        # The open request may be for another recipient: the person withdrew, moved and confirmed again, or staff
        # replaced the members of parliament. A test goes to staff all the same.
        return LETTERS.readdress(request, extra.get("member"), now, tables)
    return request


def _request_together(
    letters: Sequence[tuple[Deliveries, str, Mapping[str, str]]], now: datetime, tables: Tables
) -> list[MailRequest]:
    requests: list[MailRequest] = []
    writes: list[NewItem | Change] = []
    for deliveries, key, extra in letters:
        deliveries.mark_group(key, now, tables)  # So that the sweep finds the request if its message gets lost.
        item = deliveries.new_item(key, now, extra)
        writes += deliveries.writes(item, key, now, tables)
        requests.append(MailRequest(kind=deliveries.kind, key=key, requested_at=iso(now)))
    transact(writes, tables)
    return requests


def _letters_of(image: Image, tables: Tables) -> Iterator[tuple[Deliveries, str, dict[str, str]]]:
    """For each letter: LETTERS, or TESTS; the delivery's key; extra attributes.

    There is a letter to each target that the petition had when the person agreed. Without a known member of parliament
    for the postcode, no letter goes to a member. A member who is also a target gets only the letter to that target.
    """
    slug = keys.slug_of(image["pk"])
    current = petition_as_stored(slug, tables)
    version = letter_as_signed(slug, image["letter"]["version"], tables)
    targets = version.letter.targets
    for target in targets:
        extra: dict[str, str] = {}
        if target.members:
            member = member_for_postcode(image.get("country"), image.get("postcode"))
            if member is None:
                continue
            # `targets` may be of an older version: `has_address` uses their keys, and the addresses of the current
            # letter.
            if current.letter and current.letter.has_address(member.email, among=targets):
                continue
            extra = {"member": member.constituency}
        key = letter_delivery(slug, target.key, image["sk"])
        yield _deliveries_for(current, target.key), key, extra


def _deliveries_for(petition: Petition, target_key: str) -> Deliveries:
    """Return LETTERS for a removed target too. The mail sender then drops the letter, and counts it as dropped."""
    target = target_unless_removed(petition, target_key)
    return TESTS if target and target.test_to else LETTERS


def request_missing(slug: str, now: datetime, tables: Tables, since: datetime = BEFORE_ALL_LETTERS) -> int:
    """Request all letters that were never requested or were dropped, and return how many there were. Safe to repeat.

    Use this for confirmations that the stream lost. The sweep queues the letters. Leave out targets in test mode,
    letters that were dropped because staff had removed their target, and people who confirmed before `since`.
    """
    images = (image for image in _sender_images(slug, tables) if image["confirmed_at"] >= iso(since))
    return sum(_request_missing_of(image, now, tables) for image in images)


def _sender_images(slug: str, tables: Tables) -> Iterator[Image]:
    for bucket in keys.BUCKETS:
        after: str | None = ""  # "": from the beginning of the bucket. None: its end is reached.
        while after is not None:
            images, after = read_letter_senders(slug, bucket, after, PAGE_SIZE, tables)
            yield from images


def _request_missing_of(image: Image, now: datetime, tables: Tables) -> int:
    requested = 0
    for deliveries, key, extra in _letters_of(image, tables):
        # The items of tests expire, so a test that was sent would seem to be missing.
        if deliveries is LETTERS and LETTERS.request_if_missing(key, now, tables, **extra):
            requested += 1
    return requested
