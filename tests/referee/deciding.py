"""Ask the engine about the project's own policies."""

from functools import cache
from typing import Any

from stack.referee.engine import Engine
from stack.referee.model import Decision, Question
from stack.referee.policies import HERE, resolved_policies
from stack.template.functions import logical_id


def principal(function: str) -> str:
    """Return the session of a function's role, as it makes calls."""
    role = f"petitions-{logical_id(function)}Role"
    return f"arn:{HERE.partition}:sts::{HERE.account}:assumed-role/{role}/petitions-{logical_id(function)}"


@cache
def policies() -> dict[str, Any]:
    return resolved_policies()


def decide(engine: Engine, function: str, question: Question, policy: Any = None) -> Decision:
    """Decide as the function's role, with its own policy or with `policy`."""
    own_policy = policies()[function]
    return engine.decide([policy or own_policy], question, principal(function))
