"""Make the changes one by one, and undo them. What was before is stored first, so that no crash loses it."""

from collections.abc import Iterable
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core import health_keys
from chalicelib.petitions.publish import raise_shards
from stack.ready.reading import Clients
from stack.warm.plan import Raise, RaiseKind, change_of


class Warming:
    """The changes of a stage, and their record in its counts table."""

    def __init__(self, clients: Clients, tables: Tables) -> None:
        self._clients = clients
        self._tables = tables

    def recorded(self) -> list[Raise]:
        """Return the changes that are not undone. Some may not be made: the record is older than the change."""
        item = self._tables.get(health_keys.warmed(), consistent=True) or {}
        return [change_of(each) for each in item.get("changes", [])]

    def record(self, changes: Iterable[Raise]) -> None:
        """Add the changes. If there are several runs, the first one's old values are kept."""
        kept = {(each.kind, each.target): each for each in self.recorded()}
        for change in changes:
            earlier = kept.get((change.kind, change.target), change)
            kept[change.kind, change.target] = Raise(change.kind, change.target, earlier.before, change.after)
        self._store(kept.values())

    def make(self, change: Raise) -> None:
        """Make a change. Idempotent."""
        if change.kind is RaiseKind.SHARDS:
            raise_shards(change.target, change.after, self._tables)
        elif change.kind is RaiseKind.WARM:
            units = {"WriteUnitsPerSecond": change.after}
            self._clients("dynamodb", "").update_table(TableName=change.target, WarmThroughput=units)
        else:
            self._reserve(change.target, change.after)

    def undo(self, change: Raise) -> None:
        """Set the value that was before, if that is possible, and remove the change from the record. Idempotent."""
        if change.can_be_undone:
            self._reserve(change.target, change.before)
        self._store(each for each in self.recorded() if (each.kind, each.target) != (change.kind, change.target))

    def _reserve(self, function: str, executions: int) -> None:
        client: Any = self._clients("lambda", "")
        if executions:
            client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=executions)
        else:
            client.delete_function_concurrency(FunctionName=function)

    def _store(self, changes: Iterable[Raise]) -> None:
        self._tables.put(health_keys.warmed(), {"changes": [change.as_item() for change in changes]})
