"""What a change in the signatures' stream means to those who follow it.

A damaged item may lack any attribute. It must not stop the stream, or the repair could not be followed either.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.core import keys
from chalicelib.core.keys import Key, slug_of
from chalicelib.projections.by_constituency import constituency_of, counter_of
from chalicelib.projections.constituency_table import Constituencies
from chalicelib.projections.dimensions import PLACE, dimensions_of
from chalicelib.projections.funnel.model import Stage, name_of
from chalicelib.projections.project import Increment
from chalicelib.signatures.model import State
from chalicelib.tallies.model import PENDING

Image = Mapping[str, Any]
# A complaint comes from somebody who got the mail.
COMPLAINED = "complained"


def increments(sequence: str, before: Image | None, after: Image | None, at: datetime) -> list[Increment]:
    """Two counters of its bucket: how things stand (pending; confirmed, sorted), and what was passed that day.

    `at` is when the stream says that it happened: the same however often it is told.
    """
    old, new = before or {}, after or {}
    pk: str = (new or old)["pk"]
    where = slug_of(pk), pk.rpartition("#")[2]
    stages = {name_of(stage, at): 1 for stage in passed(old, new, at)}
    return [
        Increment(keys.pending(*where), sequence, _standing(old, new)),
        Increment(keys.funnel(*where, at.date()), sequence, stages),
    ]


def constituency_increments(
    sequence: str, before: Image | None, after: Image | None, constituencies: Constituencies
) -> Iterator[Increment]:
    """Each constituency that this change gives one confirmed signature more or less."""
    amounts: Counter[str] = Counter()
    for image, amount in ((before, -1), (after, +1)):
        if image and image.get("state") == State.CONFIRMED:
            amounts[constituency_of(image, constituencies)] += amount
    numbers: dict[Key, dict[str, int]] = defaultdict(dict)
    for place, amount in amounts.items():
        slug, _, bucket = (after or before or {})["pk"].rpartition("#")
        numbers[counter_of(slug, bucket, place)][PLACE + place] = amount
    # Once for each counter: it takes a change in by its sequence number, and a second time not.
    for counter, added in numbers.items():
        yield Increment(counter, sequence, added)


def passed(old: Image, new: Image, at: datetime) -> Iterator[Stage]:
    """What this change is, seen from outside: nothing, one stage, or the end of one life and the start of another.

    Nothing is what nobody did: deleting an item that has not expired (damage), and putting it back (manage.py restore).
    """
    if new.get("restored_at") != old.get("restored_at"):
        return
    was, now = old.get("state"), new.get("state")
    renewed = was == now == State.PENDING and new.get("signed_at") not in (old.get("signed_at"), None)
    if renewed or (was == State.PENDING and not new and old.get("expires_at", 0) <= at.timestamp()):
        yield Stage.EXPIRED
    elif was in (State.PENDING, State.CONFIRMED) and now == State.WITHDRAWN:
        yield Stage.WITHDRAWN
    if renewed or (now == State.PENDING and was != now):
        yield Stage.RECEIVED
    if now == State.CONFIRMED and was != now:
        yield Stage.CONFIRMED
    if _is_first_mail(old, new):
        yield Stage.MAILED
    if _has_bounced(new) and not _has_bounced(old):
        yield Stage.BOUNCED


def _standing(old: Image, new: Image) -> Counter[str]:
    numbers = Counter({PENDING: (new.get("state") == State.PENDING) - (old.get("state") == State.PENDING)})
    for image, amount in ((old, -1), (new, +1)):
        if image.get("state") == State.CONFIRMED:
            numbers.update(dict.fromkeys(dimensions_of(image), amount))
    return Counter({name: number for name, number in numbers.items() if number})


def _is_first_mail(old: Image, new: Image) -> bool:
    """Since it was signed: who withdrew and signs again keeps the mark of the mail before."""
    mailed = new.get("mailed_at")
    before: str = old.get("mailed_at", "")
    return bool(mailed and mailed != before) and before < str(new.get("signed_at", ""))


def _has_bounced(image: Image) -> bool:
    return bool(image.get("undeliverable", COMPLAINED) != COMPLAINED)
