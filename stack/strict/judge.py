"""Refuse a function's call if the policies of the function's role do not allow the call (stack/judge decides)."""

import json
import logging
from functools import lru_cache
from typing import Any

from stack.judge.answers import Refused, not_allowed
from stack.judge.engine import Engine
from stack.judge.model import Call, UnknownCall, Where
from stack.judge.questions import questions
from stack.strict.callers import Caller
from stack.strict.http import HttpResponse

_log = logging.getLogger("judge")


class GateJudge:
    """Refuses calls. Threads may share a GateJudge."""

    def __init__(self, region: str) -> None:
        self._engine, self._region = Engine(), region

    def refusal(self, caller: Caller, call: Call | None) -> HttpResponse | None:
        """Return the refusal of a call; None if it is allowed.

        Also refuse a call that the judge cannot read (`call` is None) or does not know, so that a test fails.
        """
        if call is None:
            return _not_judged("none", f"{caller.name} made a call that the judge cannot read")
        try:
            required = questions(call, Where(self._region, caller.account))
        except UnknownCall as unknown:
            return _not_judged(call.service, f"{caller.name}: {unknown}")
        refused = self._engine.refused(_documents(caller.policies), required, caller.arn)
        return http_response(call.service, not_allowed(call.service, refused, caller.arn)) if refused else None


def http_response(service: str, refused: Refused) -> HttpResponse:
    _log.warning("refused: %s", refused.message)
    answer = refused.answer(service)
    return HttpResponse(answer.status, answer.body, dict(answer.headers))


@lru_cache
def _documents(policies: tuple[str, ...]) -> list[dict[str, Any]]:
    return [json.loads(policy) for policy in policies]


def _not_judged(service: str, message: str) -> HttpResponse:
    """Return the refusal of a call without a verdict. `service`: the called service, or "none" if it is unknown."""
    return http_response(service, Refused("NotJudged", message, 403))
