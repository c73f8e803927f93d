"""Plan which capacities `make warm` raises for the expected crowd, at which price, and which changes can be undone."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import ceil
from typing import Any

from benchmarks.cost.prices import prices
from benchmarks.model.needs import needs
from stack.ready.forecast import Expected, service_times
from stack.ready.increases import needed_shards, needed_table_units
from stack.ready.reading import Values
from stack.ready.stage import StackDescription
from stack.template.functions import MIN_UNRESERVED, logical_id

# US dollars for each added write unit, paid once: the price of a provisioned unit for an hour in us-east-1
# (benchmarks/cost/prices.toml says where the price was read).
UNIT_USD = prices().of("warm_write_unit", 1)
# Executions to reserve for the function that checks staff tokens.
_STAFF_EXECUTIONS = 20
# Up to four invocations of relay_mail read one shard of the stream at once (stack/template/streams.py).
_READERS_OF_A_STREAM_SHARD = 4
# Write units a second of one partition of a table. We assume that the stream has one shard for each partition.
_UNITS_OF_A_PARTITION = 1_000


class CapacityKind(StrEnum):
    WARM = "warm throughput"
    RESERVED = "reserved concurrency"
    SHARDS = "tally shards"


@dataclass(frozen=True)
class CapacityChange:
    """One capacity to raise. `target`: the name of the table, function or petition.

    `before`: the value now; 0 if the function has no reservation. `after`: the new value.
    """

    kind: CapacityKind
    target: str
    before: int
    after: int

    @property
    def price(self) -> float:
        """Return the one-time price in US dollars."""
        if self.kind is not CapacityKind.WARM:
            return 0.0
        return (self.after - self.before) * UNIT_USD

    @property
    def key(self) -> tuple[CapacityKind, str]:
        """Return the kind and the target. The record of changes has at most one change for each key."""
        return self.kind, self.target

    @property
    def label(self) -> str:
        return f"{self.kind} of {self.target}"

    @property
    def can_be_undone(self) -> bool:
        return self.kind is CapacityKind.RESERVED

    def as_item(self) -> dict[str, Any]:
        return asdict(self)


def change_of(item: dict[str, Any]) -> CapacityChange:
    """Return the change that is stored as this item. The inverse of `as_item`."""
    return CapacityChange(
        kind=CapacityKind(item["kind"]),
        target=str(item["target"]),
        before=int(item["before"]),
        after=int(item["after"]),
    )


def plan(values: Values, stack: StackDescription, expected: Expected) -> tuple[list[CapacityChange], list[str]]:
    """Return the changes, and texts that say what stays as it is, and why.

    Lambda refuses a reservation that leaves fewer than MIN_UNRESERVED executions unreserved. If the reservations
    together leave fewer, plan none of them. Otherwise, their order would decide which functions get one.
    """
    reasons = [*_unchanged_reasons(values, expected)]
    changes = [*_warm_changes(values, stack, expected), *_shard_changes(values, expected)]
    reservations = [*_reservation_changes(values, stack, expected)]
    added = sum(change.after - change.before for change in reservations)
    unreserved = values.get("lambda.unreserved", 0)
    left = unreserved - added
    if not reservations or left >= MIN_UNRESERVED:
        return [*changes, *reservations], reasons
    too_few = (
        f"reserved concurrency: {added} more would leave {left} of {unreserved} unreserved,"
        f" and Lambda keeps {MIN_UNRESERVED}"
    )
    return changes, [*reasons, too_few]


def _warm_changes(values: Values, stack: StackDescription, expected: Expected) -> Iterator[CapacityChange]:
    before = values.get("table.warm_signatures", 0)
    needed = needed_table_units(expected)
    after = min(needed, _table_quota(values) or needed)
    if 0 < before < after:  # 0: the table's value could not be read.
        yield CapacityChange(CapacityKind.WARM, stack.outputs["SignaturesTableName"], before, after)


def _shard_changes(values: Values, expected: Expected) -> Iterator[CapacityChange]:
    """Yield a change for each open petition whose tally is in too few shards (the items that together hold it)."""
    needed = needed_shards(values, expected)
    for slug, shards in values.get("petitions.shards", {}).items():
        if shards < needed:
            yield CapacityChange(CapacityKind.SHARDS, slug, shards, needed)


def _reservation_changes(values: Values, stack: StackDescription, expected: Expected) -> Iterator[CapacityChange]:
    # The stream has one shard for each partition of the table.
    stream_shards = ceil(needed_table_units(expected) / _UNITS_OF_A_PARTITION)
    overflow_workers = needs(ceil(expected.rate), service_times()).storers
    needed = {
        "staff_authorizer": _STAFF_EXECUTIONS,
        "relay_mail": _READERS_OF_A_STREAM_SHARD * stream_shards,
        "send_mail": int(values.get("stack.MailSenders")),  # Never None: `model_values` sets it.
        # Reserve at least the two workers that this function's event source may start at once: its max_concurrency
        # (stack/template/queues.py).
        "store_overflow": max(overflow_workers, 2),
    }
    for function, after in needed.items():
        before = values.get(f"lambda.reserved_{function}")  # None if it could not be read.
        if before is not None and before < after:
            name = stack.outputs[f"{logical_id(function)}Name"]
            yield CapacityChange(CapacityKind.RESERVED, name, before, after)


def _table_quota(values: Values) -> int:
    """Return the account's quota of write units for a table, above which AWS warms no table. 0 means unknown."""
    return int(values.get("table.quota", 0))


def _unchanged_reasons(values: Values, expected: Expected) -> Iterator[str]:
    """Yield a text for each capacity that `make warm` leaves as it is. It never changes the last two."""
    if not values.get("table.warm_signatures"):
        yield "warm throughput: the table's value could not be read"
    needed, quota = needed_table_units(expected), _table_quota(values)
    if 0 < quota < needed:  # 0: the quota could not be read.
        yield (
            f"warm throughput above {quota:,}: it is the account's quota, and the crowd needs {needed:,}."
            " make ready shows how to request a higher quota"
        )
    yield "MAIL_PER_SECOND and the number of senders: deploy them (make ready says which)"
    yield "provisioned concurrency: 1,000 environments start in 10 s without it (docs/decisions/055)"
