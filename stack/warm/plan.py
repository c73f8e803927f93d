"""What `make warm` changes for one evening: each with its value before, its price, and whether it can be undone."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import ceil
from typing import Any

from benchmarks.cost.prices import prices
from benchmarks.model.needs import MOST_SHARDS, needs, shards_for
from stack.ready.reading import Values
from stack.ready.stage import AskedStack
from stack.ready.verdict import Expected, service
from stack.template.functions import logical_id

# US dollars for each further write unit, once: the price of a provisioned unit for an hour in us-east-1
# (benchmarks/cost/prices.toml says where it was read).
UNIT_USD = prices().of("warm_write_unit", 1)
# Lambda keeps this many for functions without a reservation.
UNRESERVED = 100
_STAFF = 20
# Each shard of a stream has four readers at once (stack/template/streams.py).
_READERS, _UNITS_OF_A_PARTITION = 4, 1_000


class RaiseKind(StrEnum):
    WARM = "warm throughput"
    RESERVED = "reserved concurrency"
    SHARDS = "tally shards"


@dataclass(frozen=True)
class Raise:
    """`target`: the table, function or petition. `before`: 0 if the function had no reservation."""

    kind: RaiseKind
    target: str
    before: int
    after: int

    @property
    def price(self) -> float:
        """Return the one-time price in US dollars."""
        return (self.after - self.before) * UNIT_USD if self.kind is RaiseKind.WARM else 0.0

    @property
    def can_be_undone(self) -> bool:
        return self.kind is RaiseKind.RESERVED

    def as_item(self) -> dict[str, Any]:
        return asdict(self)


def change_of(item: dict[str, Any]) -> Raise:
    return Raise(RaiseKind(item["kind"]), str(item["target"]), int(item["before"]), int(item["after"]))


def plan(values: Values, stage: AskedStack, expected: Expected) -> tuple[list[Raise], list[str]]:
    """Return the changes, and in words what is left as it is and why."""
    changes = [*_warm(values, stage, expected), *_shards(values, expected)]
    reserved = [*_reserved(values, stage, expected)]
    added = sum(change.after - change.before for change in reserved)
    free = values.get("lambda.unreserved", 0)
    if free - added >= UNRESERVED:
        return [*changes, *reserved], [*_left(values)]
    why = f"reserved concurrency: {added} more would leave {free - added} of {free} unreserved, and Lambda keeps 100"
    return changes, [*_left(values), why]


def _warm(values: Values, stage: AskedStack, expected: Expected) -> Iterator[Raise]:
    before, after = values.get("table.warm_signatures", 0), _units(expected)
    if 0 < before < after:
        yield Raise(RaiseKind.WARM, stage.outputs["SignaturesTableName"], before, after)


def _units(expected: Expected) -> int:
    need = needs(ceil(expected.rate), service())
    return need.table_units_for_all or need.table_units_to_sign


def _shards(values: Values, expected: Expected) -> Iterator[Raise]:
    confirmed = min(expected.rate, values.get("ses.rate", expected.rate), values.get("stack.MailPerSecond"))
    wanted = shards_for(confirmed) or MOST_SHARDS
    for slug, shards in values.get("petitions.shards", {}).items():
        if shards < wanted:
            yield Raise(RaiseKind.SHARDS, slug, shards, wanted)


def _reserved(values: Values, stage: AskedStack, expected: Expected) -> Iterator[Raise]:
    need = needs(ceil(expected.rate), service())
    wanted = {
        "staff_authorizer": _STAFF,
        "relay_mail": _READERS * ceil(_units(expected) / _UNITS_OF_A_PARTITION),
        "send_mail": int(values.get("stack.MailSenders")),
        "store_overflow": max(need.storers, 2),
    }
    for function, after in wanted.items():
        before = values.get(f"lambda.reserved_{function}")
        if before is not None and before < after:
            yield Raise(RaiseKind.RESERVED, stage.outputs[f"{logical_id(function)}Name"], before, after)


def _left(values: Values) -> Iterator[str]:
    if not values.get("table.warm_signatures"):
        yield "warm throughput: the table's value could not be read"
    yield "MAIL_PER_SECOND and the number of senders: deploy them (make ready says which)"
    yield "provisioned concurrency: 1,000 environments start in 10 s without it (docs/decisions/055)"
