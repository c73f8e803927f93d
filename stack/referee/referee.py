"""Decide whether a role's policies allow a call, by checking every action that the call needs."""

from collections.abc import Sequence

from stack.referee.engine import Engine, Policy
from stack.referee.model import Call, PolicyEntry, Question, Verdict, Where
from stack.referee.questions import questions


class Referee:
    """Judges calls in one account and region. Threads may share one."""

    def __init__(self, engine: Engine, where: Where) -> None:
        self._engine = engine
        self._where = where

    def judge(self, call: Call, policies: Sequence[Policy], principal: str) -> Verdict:
        """Decide whether the policies allow the call. Raise UnknownCall for a call that the referee does not know."""
        return self.judge_questions(questions(call, self._where), policies, principal)

    def judge_questions(self, required: Sequence[Question], policies: Sequence[Policy], principal: str) -> Verdict:
        """Decide whether the policies allow all questions, for calls that Lambda makes with a function's role."""
        entries: set[PolicyEntry] = set()
        for question in required:
            decision = self._engine.decide(policies, question, principal)
            if not decision.allowed:
                return Verdict(tuple(required), question, frozenset(entries))
            entries |= decision.entries
        return Verdict(tuple(required), None, frozenset(entries))
