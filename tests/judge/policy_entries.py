"""The entries of policies: each action, each resource and each value of a condition in a statement."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stack.judge.model import PolicyEntry

Policies = Mapping[str, Mapping[str, Any]]
"""The policy document of each function."""

FunctionEntry = tuple[str, PolicyEntry]
"""A function, and one entry of its policy."""


def as_list(value: Any) -> list[Any]:
    """Return the value as a list. In place of a list, a policy may have a single value."""
    return value if isinstance(value, list) else [value]


def unused(policies: Policies, used: Iterable[FunctionEntry]) -> list[FunctionEntry]:
    """Return the entries that no call used, in the order of the policies."""
    used_entries = set(used)
    return [entry for entry in entries(policies) if entry not in used_entries]


def entries(policies: Policies) -> Iterator[FunctionEntry]:
    """Yield every entry of the policies."""
    for function, policy in policies.items():
        for index, statement in enumerate(policy["Statement"], 1):
            for entry in entries_of(statement, index):
                yield function, entry


def entries_of(statement: Mapping[str, Any], index: int) -> Iterator[PolicyEntry]:
    """Yield the entries of one statement. Name the statement as the engine does: by its Sid, else by `index`."""
    name = statement.get("Sid", str(index))
    for kind in ("Action", "Resource"):
        for value in as_list(statement[kind]):
            yield PolicyEntry(name, kind, value)
    for keys in statement.get("Condition", {}).values():
        for key, values in keys.items():
            for value in as_list(values):
                yield PolicyEntry(name, key, value)
