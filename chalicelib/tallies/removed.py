"""Count what each removal took out of the tally, in the transaction that does so: exact, and never twice."""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys


class RemovalCount(StrEnum):
    REMOVED = "removed"
    PUT_BACK = "put_back"


def count_change(slug: str, removal: str, numbers: Mapping[RemovalCount, int]) -> Change:
    return Change(keys.removal_counts(slug, removal), add={str(name): number for name, number in numbers.items()})


def removal_count(slug: str, removal: str, tables: Tables) -> dict[RemovalCount, int]:
    """Return how many signatures the removal took out of the count, and how many of them were put back since."""
    item = tables.get(keys.removal_counts(slug, removal), consistent=True) or {}
    return {name: item.get(name, 0) for name in RemovalCount}
