"""Recount: check the tally (the stored count and its sums) against the signatures while people continue to sign.

It compares the count, the sums of all days and of all hours, each country, each counted source, the signatures that
counted when a partner sent them, and the pending signatures. It cannot check a single day or hour: the tally subtracts
a withdrawal on the day of the withdrawal, and a withdrawn signature keeps neither its country nor its time of
confirmation.

The tally is read first. Then all signatures are read, which takes minutes; those that were confirmed after the tally
was read are left out. If a signature is confirmed at about the time when the tally is read, or is withdrawn then or
later, perhaps only one of the two reads sees this change. So a difference is drift (an error) only if it is larger than
the number of such signatures.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chalicelib.aws.table import Change, Item, Tables, is_still
from chalicelib.core import keys
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.sources import DIRECT
from chalicelib.core.times import lower_bound
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_by_bucket
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.walk import read_for_recount
from chalicelib.tallies.model import PENDING
from chalicelib.tallies.prove import COUNT, SumName, adjust, last_adjusted, sums_for_signature, tally_sums

# A change is written at most IN_FLIGHT after its time was read from a clock. Clocks differ by less than SKEW.
IN_FLIGHT = timedelta(seconds=60)
SKEW = timedelta(seconds=5)


@dataclass
class Walk:
    """Sums over all signatures. The tally has all changes made before `since`, and no change made after `until`.

    `confirmed_earlier`: signatures confirmed before `since`. `confirmed_recently`, `withdrawn_recently`: after `since`.
    `pending`: how many are pending in each bucket. `became_pending`, `stopped_pending`: how many in each bucket became
    pending, or perhaps stopped being pending, after `since`.
    """

    since: str
    until: str
    confirmed_earlier: Counter[SumName] = field(default_factory=Counter)
    confirmed_recently: Counter[SumName] = field(default_factory=Counter)
    withdrawn_recently: int = 0
    pending: Counter[str] = field(default_factory=Counter)
    became_pending: Counter[str] = field(default_factory=Counter)
    stopped_pending: Counter[str] = field(default_factory=Counter)

    def add(self, bucket: str, item: Item) -> None:
        """Count one signature, and note whether it changed too recently to be checked."""
        pending_again_at = item.get("pending_again_at", "")
        self.withdrawn_recently += pending_again_at >= self.since  # Perhaps the tally still has it.
        if item["state"] == SignatureState.PENDING:
            self.pending[bucket] += 1
            if max(item["signed_at"], pending_again_at) >= self.since:
                self.became_pending[bucket] += 1
        elif item["state"] == SignatureState.CONFIRMED:
            self._add_confirmed(item)
            if item["confirmed_at"] >= self.since:
                self.stopped_pending[bucket] += 1
        elif item["withdrawn_at"] >= self.since:
            self.withdrawn_recently += 1
            self.stopped_pending[bucket] += 1

    def _add_confirmed(self, item: Item) -> None:
        if item["confirmed_at"] >= self.until:  # Not in the tally, which was read before.
            return
        sums = self.confirmed_earlier if item["confirmed_at"] < self.since else self.confirmed_recently
        counted_under = item.get("counted_source") or item.get("source") or DIRECT
        sums.update(sums_for_signature(item["country"], counted_under, by_partner=item.get("by_partner", False)))


@dataclass(frozen=True)
class WrongPending:
    """A bucket's wrong counter. `stored`: its number (None: no counter). `actual`: how many signatures are pending."""

    stored: int | None
    actual: int

    @property
    def difference(self) -> int:
        return abs((self.stored or 0) - self.actual)


@dataclass(frozen=True)
class Recount:
    """`drift` is tally minus signatures, without zeros. `wrong_pending`: the wrong pending counters, by bucket.

    `moving`: how many signatures were confirmed or withdrawn too recently to be checked. `pending_moving`: how many
    became pending, or perhaps stopped being pending, too recently. `adjusted_at`: when the tally was last adjusted.
    """

    slug: str
    confirmed: int  # As found in the signatures table, not as the tally says.
    drift: Mapping[SumName, int]
    moving: int
    wrong_pending: Mapping[str, WrongPending]
    pending_moving: int
    adjusted_at: datetime | None = None

    @property
    def largest_drift(self) -> int:
        return max(map(abs, self.drift.values()), default=0)

    @property
    def pending_drift(self) -> int:
        return sum(wrong.difference for wrong in self.wrong_pending.values())


def recount(petition: Petition, clock: Callable[[], datetime], tables: Tables) -> Recount:
    """Recount without changing anything. If something is wrong, recount again, and return only what is wrong twice."""
    first = _recount(petition, clock(), tables)
    if not first.drift and not first.wrong_pending:
        return first
    second = _recount(petition, clock(), tables)
    drift = _drift_found_twice(first.drift, second.drift)
    wrong_pending = {bucket: wrong for bucket, wrong in second.wrong_pending.items() if bucket in first.wrong_pending}
    return replace(second, drift=drift, wrong_pending=wrong_pending)


def repair(found: Recount, now: datetime, tables: Tables) -> dict[str, int]:
    """Correct the drift. Return the numbers added. Raise what `adjust` raises. Only manage.py calls this."""
    return adjust(found.slug, found.drift, now, tables, found.adjusted_at) if found.drift else {}


def repair_pending(found: Recount, tables: Tables) -> int:
    """Correct the wrong counters that have not changed since. Return how many.

    Call this only if the stream is not behind. Otherwise, the changes that it brings later would be counted twice.
    """
    repaired = 0
    for bucket, wrong in found.wrong_pending.items():
        with suppress(ConditionFailed):
            _set_pending(found.slug, bucket, wrong.stored, wrong.actual, tables)
            repaired += 1
    return repaired


def _recount(petition: Petition, now: datetime, tables: Tables) -> Recount:
    adjusted_at = last_adjusted(petition.slug, tables)
    stored = tally_sums(petition, now, tables)
    stored_pending = pending_by_bucket(petition.slug, tables, consistent=True)
    walk = _walk_over(petition.slug, now, tables)
    return Recount(
        slug=petition.slug,
        confirmed=walk.confirmed_earlier[COUNT] + walk.confirmed_recently[COUNT],
        drift=_drift(stored, walk),
        moving=walk.confirmed_recently[COUNT] + walk.withdrawn_recently,
        wrong_pending=_wrong_counters(stored_pending, walk),
        pending_moving=walk.became_pending.total() + walk.stopped_pending.total(),
        adjusted_at=adjusted_at,
    )


def _walk_over(slug: str, now: datetime, tables: Tables) -> Walk:
    """Read all signatures, but keep only sums. `now`: when the tally was read."""
    # The times of signatures have whole seconds, but `withdrawn_at` has microseconds: `lower_bound` sorts before both.
    walk = Walk(since=lower_bound(now - IN_FLIGHT), until=lower_bound(now + SKEW))
    for bucket in keys.BUCKETS:
        for item in read_for_recount(slug, bucket, tables):
            walk.add(bucket, item)
    return walk


def _drift(stored: Mapping[SumName, int], walk: Walk) -> dict[SumName, int]:
    """Return the smallest possible drift of each sum, without zeros: how far it is below lowest or above highest."""
    drift = {}
    for name in {*stored, *walk.confirmed_earlier, *walk.confirmed_recently}:
        number = stored.get(name, 0)
        lowest = walk.confirmed_earlier[name]
        # A withdrawn signature keeps no country or source, so each sum may still include all withdrawn recently.
        highest = lowest + walk.confirmed_recently[name] + walk.withdrawn_recently
        if number < lowest:
            drift[name] = number - lowest
        elif number > highest:
            drift[name] = number - highest
    return dict(sorted(drift.items()))


def _wrong_counters(stored: Mapping[str, int], walk: Walk) -> dict[str, WrongPending]:
    """Return the wrong counters of pending signatures, by bucket: a petition has 64 buckets (partitions).

    The counters lag. They may lack signatures that just became pending, and have some that just stopped being pending.
    """
    wrong = {}
    for bucket in keys.BUCKETS:
        lowest = walk.pending[bucket] - walk.became_pending[bucket]
        highest = walk.pending[bucket] + walk.stopped_pending[bucket]
        number = stored.get(bucket)  # None: no counter. `repair_pending` then checks that there is still none.
        if not lowest <= (number or 0) <= highest:
            wrong[bucket] = WrongPending(number, walk.pending[bucket])
    return wrong


def _drift_found_twice(first: Mapping[SumName, int], second: Mapping[SumName, int]) -> dict[SumName, int]:
    """Return the sums that are wrong in the same direction twice, with the smaller drift."""
    # The product of two numbers is positive if both are positive or both are negative.
    same_direction = [name for name in first if first[name] * second.get(name, 0) > 0]
    return {name: min(first[name], second[name], key=abs) for name in same_direction}


def _set_pending(slug: str, bucket: str, stored: int | None, counted: int, tables: Tables) -> None:
    """Set the number of pending signatures to `counted`. Raise ConditionFailed if it is not `stored` (None: absent)."""
    tables.update(Change(keys.current_numbers(slug, bucket), assign={PENDING: counted}, when=is_still(PENDING, stored)))
