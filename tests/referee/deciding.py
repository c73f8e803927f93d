"""The project's own policies, put to the engine."""

from functools import cache
from typing import Any

from stack.referee.engine import Engine
from stack.referee.model import Decision, Question
from stack.referee.policies import principal, resolved


@cache
def policies() -> dict[str, Any]:
    return resolved()


def decision(engine: Engine, function: str, question: Question, policy: Any = None) -> Decision:
    return engine.decide([policy or policies()[function]], question, principal(function))
