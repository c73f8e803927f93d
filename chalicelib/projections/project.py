"""Project signatures: count the changes in the stream of the signatures table, so that signing needs no extra write.

The stream may deliver a change twice. A bucket is a partition of a petition's signatures. The changes of one bucket
arrive in the order of their positions in the stream. Each counter item belongs to one bucket. Each update of a counter
item also stores the last position, so that a change that is already counted is skipped.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.aws.table import Tables
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.keys import Key
from chalicelib.projections import store


@dataclass(frozen=True)
class Increment:
    """What one change of a signature adds to the `numbers` of one counter item. `position`: as in `StreamChange`."""

    counter: Key
    position: str
    numbers: Mapping[str, int]


def project(increments: Iterable[Increment], tables: Tables) -> None:
    """Add the increments to their counter items. Idempotent: after an exception, the stream repeats the batch."""
    counters: dict[Key, dict[str, Increment]] = defaultdict(dict)
    for increment in increments:
        if any(increment.numbers.values()):  # Otherwise, there is nothing to add.
            # If the batch has a change twice, both have the same position: only one is added.
            counters[increment.counter][increment.position] = increment
    for by_position in counters.values():
        _add(list(by_position.values()), tables)


def _add(increments: Sequence[Increment], tables: Tables) -> None:
    """Add the increments of one counter item in one write. If some were added before, add only the others."""
    numbers: Counter[str] = Counter()
    for increment in increments:
        numbers.update(increment.numbers)
    positions = [increment.position for increment in increments]
    try:
        store.add_projected(increments[0].counter, numbers, positions, tables)
    except ConditionFailed as failure:
        projected_to = failure.item["projected_to"] if failure.item else ""
        new = [increment for increment in increments if increment.position > projected_to]
        if len(new) == len(increments):
            raise  # None was added before, so the reason is unknown. The stream repeats the batch.
        if new:
            _add(new, tables)
