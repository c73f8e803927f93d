"""Make the changes of `make warm` one by one, and undo them.

All changes are recorded with their old values before the first one is made, so that a crash loses no old value.
docs/ready-policy.json and docs/warm-policy.json together are the rights that this needs (tests/warm/test_policy.py).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import health_keys
from chalicelib.petitions.publish import raise_shards
from stack.ready.reading import DEFAULT_REGION, Clients
from stack.warm.plan import CapacityChange, CapacityKind, change_of


class Warming:
    """Makes and undoes changes of a stack's capacity, and records them in the stack's counts table."""

    def __init__(self, clients: Clients, tables: Tables) -> None:
        self._clients = clients
        self._tables = tables

    def recorded_changes(self) -> list[CapacityChange]:
        """Return the recorded changes that are not undone. A crash can leave some that were not made."""
        item = self._tables.get(health_keys.last_warming(), consistent=True) or {}
        return [change_of(each) for each in item.get("changes", [])]

    def record_changes(self, changes: Iterable[CapacityChange]) -> None:
        """Add the changes to the record. If a recorded change has the same kind and target, keep its old value."""
        by_key = {recorded.key: recorded for recorded in self.recorded_changes()}
        for change in changes:
            earlier = by_key.get(change.key, change)
            by_key[change.key] = replace(change, before=earlier.before)
        self._store(by_key.values())

    def make(self, change: CapacityChange) -> None:
        """Make a change. Idempotent."""
        if change.kind is CapacityKind.SHARDS:
            raise_shards(change.target, change.after, self._tables)
        elif change.kind is CapacityKind.WARM:
            units = {"WriteUnitsPerSecond": change.after}
            self._clients("dynamodb", DEFAULT_REGION).update_table(TableName=change.target, WarmThroughput=units)
        else:
            self._reserve(change.target, change.after)

    def undo(self, change: CapacityChange) -> None:
        """Set the old value if the change can be undone. Then remove the change from the record. Idempotent."""
        if change.can_be_undone:  # Only a reservation can be undone.
            self._reserve(change.target, change.before)
        remaining = [recorded for recorded in self.recorded_changes() if recorded.key != change.key]
        self._store(remaining)

    def _reserve(self, function: str, executions: int) -> None:
        """Set the function's reserved concurrency. 0 removes the reservation."""
        client: Any = self._clients("lambda", DEFAULT_REGION)
        if executions:
            client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=executions)
        else:
            client.delete_function_concurrency(FunctionName=function)

    def _store(self, changes: Iterable[CapacityChange]) -> None:
        items = [change.as_item() for change in changes]
        self._tables.put(health_keys.last_warming(), {"changes": items})
