"""Ask the engine about the project's own policies, and list the entries of a policy."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from stack.judge import engine
from stack.judge.model import Decision, PolicyEntry, Question
from stack.judge.resolve import principal, resolver
from stack.template.rights import declared_policies


@cache
def policies() -> dict[str, Any]:
    """Return the policy of each function, which the engine can read."""
    resolve = resolver().value
    return {function: resolve(policy) for function, policy in declared_policies().items()}


def decide(function: str, question: Question, policy: Any = None) -> Decision:
    """Decide as the function's role, with its own policy or with `policy`."""
    own_policy = policies()[function]
    return engine.decide([policy or own_policy], question, principal(function))


def entries_of(statement: Mapping[str, Any], number: int) -> Iterator[PolicyEntry]:
    """Yield the entries of one statement. Name the statement as the engine does: by its Sid, else by its number.

    In place of a list, a policy may have a single value.
    """
    name = statement.get("Sid", str(number))
    kinds = {"Action": statement["Action"], "Resource": statement["Resource"]}
    for keys in statement.get("Condition", {}).values():
        kinds |= keys
    for kind, values in kinds.items():
        yield from (PolicyEntry(name, kind, value) for value in (values if isinstance(values, list) else [values]))
