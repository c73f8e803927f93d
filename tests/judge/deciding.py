"""Ask the engine about the project's own policies."""

from functools import cache
from typing import Any

from stack.judge.engine import Engine
from stack.judge.model import Decision, Question
from stack.judge.policies import principal, resolved_policies


@cache
def policies() -> dict[str, Any]:
    return resolved_policies()


def decide(engine: Engine, function: str, question: Question, policy: Any = None) -> Decision:
    """Decide as the function's role, with its own policy or with `policy`."""
    own_policy = policies()[function]
    return engine.decide([policy or own_policy], question, principal(function))
