"""Turn a change in the signatures' stream into increments of the projections.

A damaged item may lack any attribute. It must not stop the stream: its repair comes later in the same stream.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.core import keys
from chalicelib.core.keys import Key, slug_of
from chalicelib.petitions.constituency_table import Constituencies
from chalicelib.projections.by_constituency import constituency_of, counter_of
from chalicelib.projections.dimensions import CONSTITUENCY_PREFIX, dimensions_of
from chalicelib.projections.funnel.model import Stage, name_of
from chalicelib.projections.project import Increment
from chalicelib.signatures.model import SignatureState
from chalicelib.tallies.model import PENDING

Image = Mapping[str, Any]
# Not a bounce: the email of a complaint was delivered.
COMPLAINED = "complained"


def increments(sequence: str, before: Image | None, after: Image | None, at: datetime) -> list[Increment]:
    """Return increments of two counters of the bucket: the current numbers, and the funnel of the day.

    `at` is the time of the change in the stream. It stays the same when the stream repeats the change.
    """
    old, new = before or {}, after or {}
    pk: str = (new or old)["pk"]
    slug, bucket = slug_of(pk), pk.rpartition("#")[2]
    stages = {name_of(stage, at): 1 for stage in stages_passed(old, new, at)}
    return [
        Increment(keys.pending(slug, bucket), sequence, _current(old, new)),
        Increment(keys.funnel(slug, bucket, at.date()), sequence, stages),
    ]


def constituency_increments(
    sequence: str, before: Image | None, after: Image | None, constituencies: Constituencies
) -> Iterator[Increment]:
    """Yield an increment for each constituency whose confirmed count this change raises or lowers."""
    amounts: Counter[str] = Counter()
    for image, amount in ((before, -1), (after, +1)):
        if image and image.get("state") == SignatureState.CONFIRMED:
            amounts[constituency_of(image, constituencies)] += amount
    numbers: dict[Key, dict[str, int]] = defaultdict(dict)
    for constituency, amount in amounts.items():
        slug, _, bucket = (after or before or {})["pk"].rpartition("#")
        numbers[counter_of(slug, bucket, constituency)][CONSTITUENCY_PREFIX + constituency] = amount
    # One increment for each counter: a counter ignores a second increment with the same sequence number.
    for counter, added in numbers.items():
        yield Increment(counter, sequence, added)


def stages_passed(old: Image, new: Image, at: datetime) -> Iterator[Stage]:
    """Yield the stages that this change passes: usually none or one; two when a new lifecycle replaces an expired one.

    Damage and repair pass no stage: deleting an item before it expires, and restoring it (manage.py restore).
    """
    if new.get("restored_at") != old.get("restored_at"):
        return
    was, now = old.get("state"), new.get("state")
    renewed = was == now == SignatureState.PENDING and new.get("signed_at") not in (old.get("signed_at"), None)
    if renewed or (was == SignatureState.PENDING and not new and old.get("expires_at", 0) <= at.timestamp()):
        yield Stage.EXPIRED
    elif was in (SignatureState.PENDING, SignatureState.CONFIRMED) and now == SignatureState.WITHDRAWN:
        yield Stage.WITHDRAWN
    if renewed or (now == SignatureState.PENDING and was != now):
        yield Stage.RECEIVED
    if now == SignatureState.CONFIRMED and was != now:
        yield Stage.CONFIRMED
    if _is_first_mail(old, new):
        yield Stage.MAILED
    if _has_bounced(new) and not _has_bounced(old):
        yield Stage.BOUNCED


def _current(old: Image, new: Image) -> Counter[str]:
    """Return how the change raises or lowers the numbers of pending and of confirmed signatures, without zeros."""
    numbers = Counter(
        {PENDING: (new.get("state") == SignatureState.PENDING) - (old.get("state") == SignatureState.PENDING)}
    )
    for image, amount in ((old, -1), (new, +1)):
        if image.get("state") == SignatureState.CONFIRMED:
            numbers.update(dict.fromkeys(dimensions_of(image), amount))
    return Counter({name: number for name, number in numbers.items() if number})


def _is_first_mail(old: Image, new: Image) -> bool:
    """Return whether this is the first email since signing: `mailed_at` may be from before a withdrawal."""
    mailed = new.get("mailed_at")
    before: str = old.get("mailed_at", "")
    return bool(mailed and mailed != before) and before < str(new.get("signed_at", ""))


def _has_bounced(image: Image) -> bool:
    return bool(image.get("undeliverable", COMPLAINED) != COMPLAINED)
