"""Decide on a function's call: whether its role allows the call, AWS's limits do, and no fault happens."""

import logging
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from stack.judge import limits
from stack.judge.answers import Refused, not_allowed
from stack.judge.engine import decide
from stack.judge.faults import Faults
from stack.judge.model import Call, UnknownCall
from stack.judge.questions import questions
from stack.judge.resolve import EMULATED, principal, resolver
from stack.template.rights import declared_policies

_log = logging.getLogger("judge")


class Judge:
    """Judges by the policies of the template. Threads may share a Judge.

    `names`: the physical names of the tables, queues and so on, by logical id. `refusals`: what was refused by a role,
    so that a test sees what the application recovers from.
    """

    def __init__(self, names: Mapping[str, str] = MappingProxyType({}), faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.refusals: list[str] = []
        self.names = names
        resolve = resolver(where=EMULATED, names=names).value
        self._policy: Callable[[str], Any] = cache(lambda function: resolve(declared_policies()[function]))

    def check(self, function: str, call: Call) -> None:
        self.check_role(function, call)
        limits.check(call)

    def check_role(self, function: str, call: Call) -> None:
        """Raise Refused if the function's role does not allow the call, also if the judge does not know the call."""
        try:
            required = questions(call, EMULATED)
        except UnknownCall as unknown:
            raise self._noted(Refused("NotJudged", f"{function}: {unknown}", 403)) from unknown
        session = principal(function, EMULATED)
        for question in required:
            if not decide([self._policy(function)], question, session).allowed:
                raise self._noted(not_allowed(call.service, question, session))

    def _noted(self, refusal: Refused) -> Refused:
        _log.warning("refused: %s", refusal.message)
        self.refusals.append(refusal.message)
        return refusal
