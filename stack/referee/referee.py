"""Decide whether a role's policies allow a call. The engine must allow every question of the call.

A question: may the role do this action on this resource? The engine evaluates the policies.
"""

from collections.abc import Sequence

from stack.referee.engine import Engine, Policy
from stack.referee.model import Call, PolicyEntry, Verdict, Where
from stack.referee.questions import questions


class Referee:
    """Decides on calls in one account and region. Threads may share a Referee."""

    def __init__(self, engine: Engine, where: Where) -> None:
        self._engine = engine
        self._where = where

    def judge(self, call: Call, policies: Sequence[Policy], principal: str) -> Verdict:
        """Decide whether the policies allow the call. `principal`: the ARN of the role or of its session.

        Raise UnknownCall for a call whose questions are not known.
        """
        required = questions(call, self._where)
        entries: set[PolicyEntry] = set()
        for question in required:
            decision = self._engine.decide(policies, question, principal)
            if not decision.allowed:
                return Verdict(tuple(required), question, frozenset(entries))
            entries |= decision.entries
        return Verdict(tuple(required), None, frozenset(entries))
