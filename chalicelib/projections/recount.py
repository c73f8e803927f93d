"""Recount: check the tally (the stored count and its sums) against the signatures while people continue to sign.

It cannot check a single day or hour: a withdrawal is subtracted on its own day, and a withdrawn signature keeps neither
its country nor its time of confirmation. The tally is read first, then all signatures, which takes minutes. Perhaps
only one of the two reads sees a change made meanwhile. So a difference is drift (an error) only if it is larger than
the number of signatures that changed.
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

# Until a change is written, after its time was read from a clock. Clocks differ by less than SKEW.
IN_FLIGHT = timedelta(seconds=60)
SKEW = timedelta(seconds=5)


@dataclass
class Walk:
    """Sums over all signatures. The tally has all changes made before `since`, and none made after `until`.

    `earlier` is before `since`, `recently` after it. `pending`, `became_pending`, `stopped_pending`: by bucket. A
    signature in the last one perhaps stopped being pending.
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
        elif _left_at(item) >= self.since:
            self.withdrawn_recently += 1
            self.stopped_pending[bucket] += 1

    def _add_confirmed(self, item: Item) -> None:
        if item["confirmed_at"] >= self.until:  # Not in the tally, which was read before.
            return
        # This read may see a signature at both of its addresses, or at neither, if it was moved meanwhile.
        changed_at = max(item["confirmed_at"], item.get("moved_at", ""))
        sums = self.confirmed_earlier if changed_at < self.since else self.confirmed_recently
        counted_under = item.get("counted_source") or item.get("source") or DIRECT
        sums.update(sums_for_signature(item["country"], counted_under, by_partner=item.get("by_partner", False)))


def _left_at(item: Item) -> str:
    """Return when a signature that does not count, and is not pending, last was either."""
    times: dict[str, str] = {
        SignatureState.HELD: item.get("owner_confirmed_at", ""),
        SignatureState.REMOVED: item.get("removed_at", ""),
    }
    left_at: str = times.get(item["state"]) or item.get("withdrawn_at", "")
    return left_at


@dataclass(frozen=True)
class WrongPending:
    stored: int | None
    actual: int

    @property
    def difference(self) -> int:
        return abs((self.stored or 0) - self.actual)


@dataclass(frozen=True)
class Recount:
    """`drift` is tally minus signatures, without zeros. `wrong_pending`: by bucket.

    `moving`, `pending_moving`: how many signatures changed too recently to be checked.
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
    """Recount without changing anything. Return only what is wrong in two recounts."""
    first = _recount(petition, clock(), tables)
    if not first.drift and not first.wrong_pending:
        return first
    second = _recount(petition, clock(), tables)
    drift = _drift_found_twice(first.drift, second.drift)
    wrong_pending = {bucket: wrong for bucket, wrong in second.wrong_pending.items() if bucket in first.wrong_pending}
    return replace(second, drift=drift, wrong_pending=wrong_pending)


def repair(found: Recount, now: datetime, tables: Tables) -> dict[str, int]:
    """Correct the drift. Return the numbers added. Raise what `adjust` raises."""
    return adjust(found.slug, found.drift, now, tables, found.adjusted_at) if found.drift else {}


def repair_pending(found: Recount, tables: Tables) -> int:
    """Call this only if the stream is not behind: the changes that it brings later would be counted twice."""
    repaired = 0
    for bucket, wrong in found.wrong_pending.items():
        with suppress(ConditionFailed):
            counter, is_unchanged = keys.current_numbers(found.slug, bucket), is_still(PENDING, wrong.stored)
            tables.update(Change(counter, assign={PENDING: wrong.actual}, when=is_unchanged))
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
    # Signatures' times have whole seconds, `withdrawn_at` has microseconds: `lower_bound` sorts before both.
    walk = Walk(since=lower_bound(now - IN_FLIGHT), until=lower_bound(now + SKEW))
    for bucket in keys.BUCKETS:
        for item in read_for_recount(slug, bucket, tables):
            walk.add(bucket, item)
    return walk


def _drift(stored: Mapping[SumName, int], walk: Walk) -> dict[SumName, int]:
    """Return the smallest possible drift of each sum: how far it is below lowest or above highest."""
    drift = {}
    for name in {*stored, *walk.confirmed_earlier, *walk.confirmed_recently}:
        number = stored.get(name, 0)
        lowest = walk.confirmed_earlier[name]
        # A withdrawn signature keeps no country or source, so each sum may still include it.
        highest = lowest + walk.confirmed_recently[name] + walk.withdrawn_recently
        if number < lowest:
            drift[name] = number - lowest
        elif number > highest:
            drift[name] = number - highest
    return dict(sorted(drift.items()))


def _wrong_counters(stored: Mapping[str, int], walk: Walk) -> dict[str, WrongPending]:
    """The counters lag: they may lack or still have signatures that just changed."""
    wrong = {}
    for bucket in keys.BUCKETS:
        lowest = walk.pending[bucket] - walk.became_pending[bucket]
        highest = walk.pending[bucket] + walk.stopped_pending[bucket]
        number = stored.get(bucket)  # None: no counter. `repair_pending` then checks that there is still none.
        if not lowest <= (number or 0) <= highest:
            wrong[bucket] = WrongPending(number, walk.pending[bucket])
    return wrong


def _drift_found_twice(first: Mapping[SumName, int], second: Mapping[SumName, int]) -> dict[SumName, int]:
    # The product is positive if both are positive or both are negative.
    same_direction = [name for name in first if first[name] * second.get(name, 0) > 0]
    return {name: min(first[name], second[name], key=abs) for name in same_direction}
