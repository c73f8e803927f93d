"""Project signatures: count the changes in the stream of the signatures table, so that signing needs no extra write.

The stream may deliver a change twice, but the changes of one bucket (partition) arrive in order. Each counter item
belongs to one bucket, and stores the last position, so that a change that is already counted is skipped. A damaged
signature may lack any attribute. It must not stop the stream, which brings its repair later.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.expressions import Image
from chalicelib.aws.table import Attr, Change, Tables
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.petitions.constituency_table import Constituencies
from chalicelib.projections.dimensions import (
    CONSTITUENCY_PREFIX,
    HELD_PREFIX,
    constituency_of,
    counter_of,
    number_names_of,
)
from chalicelib.projections.funnel import Stage, name_of
from chalicelib.signatures.model import SignatureState, is_moved
from chalicelib.tallies.model import PENDING

# This is not a bounce: the email was delivered.
COMPLAINED = "complained"


@dataclass(frozen=True)
class Increment:
    """What one change of a signature adds to one counter item. `position`: as in `StreamChange`."""

    counter: Key
    position: str
    numbers: Mapping[str, int]


def increments(position: str, before: Image | None, after: Image | None, at: datetime) -> list[Increment]:
    """Return increments of the bucket's current numbers, and of its funnel of the day.

    `at`: the time of the change, which is the same if the stream delivers the change again.
    """
    old, new = before or {}, after or {}
    slug, _, bucket = (new or old)["pk"].rpartition("#")
    stages = {name_of(stage, at): 1 for stage in stages_passed(old, new, at)}
    return [
        Increment(keys.current_numbers(slug, bucket), position, _current_increments(old, new)),
        Increment(keys.funnel(slug, bucket, at.date()), position, stages),
    ]


def constituency_increments(
    position: str, before: Image | None, after: Image | None, constituencies: Constituencies
) -> Iterator[Increment]:
    """Yield -1 for the constituency in which the signature counted, and +1 for that in which it counts now.

    If it stays the same, the increment is 0, and `project` skips it.
    """
    numbers_by_counter: dict[Key, Counter[str]] = defaultdict(Counter)
    for image, amount in ((before, -1), (after, +1)):
        if image and image.get("state") == SignatureState.CONFIRMED:
            slug, _, bucket = image["pk"].rpartition("#")
            constituency = constituency_of(image, constituencies)
            counter = counter_of(slug, bucket, constituency)
            numbers_by_counter[counter][CONSTITUENCY_PREFIX + constituency] += amount
    # One for each counter item: the item ignores a second increment with the same position.
    for counter, numbers in numbers_by_counter.items():
        yield Increment(counter, position, numbers)


def stages_passed(old: Image, new: Image, at: datetime) -> Iterator[Stage]:
    """Usually one stage or none. Two if somebody signs again after their pending signature has expired.

    None if a pending item was deleted before it expired, if `manage.py restore` wrote the item, or if the person moved
    the signature to another address.
    """
    if new.get("restored_at") != old.get("restored_at") or is_moved(old, new):
        return
    old_state, new_state, signed_at = old.get("state"), new.get("state"), new.get("signed_at")
    stays_pending = old_state == new_state == SignatureState.PENDING
    # Only then does a pending signature get a new `signed_at`.
    is_renewed = stays_pending and signed_at is not None and signed_at != old.get("signed_at")
    is_deleted = old_state == SignatureState.PENDING and not new
    is_expired = is_deleted and old.get("expires_at", 0) <= at.timestamp()
    changed_to = new_state if new_state != old_state else None
    was_pending_or_confirmed = old_state in (SignatureState.PENDING, SignatureState.CONFIRMED)
    # The undo of an import.
    is_pending_again = (old_state, changed_to) == (SignatureState.CONFIRMED, SignatureState.PENDING)
    if is_renewed or is_expired:
        yield Stage.EXPIRED
    elif was_pending_or_confirmed and (changed_to == SignatureState.WITHDRAWN or is_pending_again):
        yield Stage.WITHDRAWN
    is_put_back = old_state == SignatureState.REMOVED and signed_at == old.get("signed_at")
    if is_renewed or (changed_to == SignatureState.PENDING and not is_put_back):
        yield Stage.RECEIVED
    if changed_to == SignatureState.CONFIRMED and old_state != SignatureState.REMOVED:
        yield Stage.CONFIRMED
    if _is_first_email(old, new):
        yield Stage.MAILED
    if _has_bounced(new) and not _has_bounced(old):
        yield Stage.BOUNCED


def _current_increments(old: Image, new: Image) -> dict[str, int]:
    numbers: Counter[str] = Counter()
    for image, amount in ((old, -1), (new, +1)):
        if image.get("state") == SignatureState.PENDING:
            numbers[PENDING] += amount
        if image.get("state") == SignatureState.CONFIRMED:
            for name in number_names_of(image):
                numbers[name] += amount
        if "held" in image and image.get("state") in (SignatureState.PENDING, SignatureState.HELD):
            numbers[HELD_PREFIX + image["held"]] += amount
    return {name: number for name, number in numbers.items() if number}


def _is_first_email(old: Image, new: Image) -> bool:
    """If somebody signs again, `mailed_at` stays: it is then the time of an email from before signing."""
    new_time = new.get("mailed_at")
    old_time: str = old.get("mailed_at", "")
    is_new_email = bool(new_time and new_time != old_time)
    is_first_since_signing = old_time < str(new.get("signed_at", ""))
    return is_new_email and is_first_since_signing


def _has_bounced(image: Image) -> bool:
    return image.get("undeliverable") not in (None, COMPLAINED)


def project(increments: Iterable[Increment], tables: Tables) -> None:
    """Idempotent: after an exception, the stream repeats the batch."""
    counters: dict[Key, dict[str, Increment]] = defaultdict(dict)
    for increment in increments:
        if any(increment.numbers.values()):  # Otherwise, there is nothing to add.
            # A change that the batch has twice has one position, so it is added once.
            counters[increment.counter][increment.position] = increment
    for by_position in counters.values():
        _add(list(by_position.values()), tables)


def _add(increments: Sequence[Increment], tables: Tables) -> None:
    """In one write. If some were added before, add only the others."""
    numbers: Counter[str] = Counter()
    for increment in increments:
        numbers.update(increment.numbers)
    positions = [increment.position for increment in increments]
    try:
        add_projected(increments[0].counter, numbers, positions, tables)
    except ConditionFailed as failure:
        projected_to = failure.item["projected_to"] if failure.item else ""
        new = [increment for increment in increments if increment.position > projected_to]
        if len(new) == len(increments):
            raise  # None was added before, so the reason is unknown. The stream repeats the batch.
        if new:
            _add(new, tables)


def add_projected(counter: Key, numbers: Mapping[str, int], positions: Iterable[str], tables: Tables) -> None:
    """Add the sums of the changes at these positions of the stream to a counter item.

    If the item already includes one of these changes, or a later one, raise ConditionFailed with the item.
    """
    in_order = sorted(positions)
    first, last = in_order[0], in_order[-1]
    projected_to = Attr("projected_to")
    is_before_first = projected_to.not_exists() | projected_to.lt(first)
    tables.update(Change(counter, assign={"projected_to": last}, add=numbers, when=is_before_first))
