"""The referee for the emulator's functions: check a call against the policies of the caller's role."""

import json
import logging
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from stack.referee import refusal
from stack.referee.engine import Engine
from stack.referee.ledger import Ledger, entries_of
from stack.referee.model import Call, PolicyEntry, Unjudged, Where
from stack.referee.policies import resolved_policies
from stack.referee.referee import Referee
from stack.strict.callers import Caller
from stack.strict.errors import error
from stack.strict.http import HttpResponse

_log = logging.getLogger("referee")
_DEPLOYED_NAME = re.compile(r".+-(\w+)-[0-9A-F]{13}")


class Judge:
    """Threads may share a Judge. `ledger_folder`: where used entries are noted; None: nowhere."""

    def __init__(self, region: str, ledger_folder: Path | None) -> None:
        self._engine, self._region = Engine(), region
        self._ledger = Ledger(ledger_folder) if ledger_folder else None
        self._entries: dict[Caller, dict[PolicyEntry, PolicyEntry]] = {}

    def refusal(self, caller: Caller, call: Call | None) -> HttpResponse | None:
        """Return the refusal; None for an allowed call. Refuse what the referee cannot read, so that a test notices."""
        if call is None:
            return _unknown("none", f"{caller.name} made a call that the referee cannot read")
        referee = Referee(self._engine, Where(self._region, caller.account))
        try:
            verdict = referee.judge(call, _documents(caller.policies), caller.arn)
        except Unjudged as unknown:
            return _unknown(call.service, f"{caller.name}: {unknown}")
        if verdict.refused is None:
            self._note(caller, verdict.entries)
            return None
        _log.warning("refused: %s", refusal.message(verdict.refused, caller.arn))
        return HttpResponse(*_response_fields(refusal.response(call, verdict.refused, caller.arn)))

    def _note(self, caller: Caller, entries: frozenset[PolicyEntry]) -> None:
        """Note the entries in the ledger as they are in the project's policy, not as deployed."""
        if self._ledger is None:
            return
        function = self._function(caller)
        if caller not in self._entries:
            self._entries[caller] = _translation(caller, self._project.get(function, {"Statement": []}))
        known = self._entries[caller]
        self._ledger.note(function, [known.get(entry, entry) for entry in entries])

    def _function(self, caller: Caller) -> str:
        """Return a function's name in app.py: `relay_mail` for `petitions-local-RelayMail-8EBC3913E4C37`."""
        found = _DEPLOYED_NAME.fullmatch(caller.name)
        compact = (found[1] if found else caller.name).lower()
        return next((name for name in self._project if name.replace("_", "") == compact), caller.name)

    @cached_property
    def _project(self) -> dict[str, Any]:
        return resolved_policies()


@lru_cache
def _documents(policies: tuple[str, ...]) -> list[dict[str, Any]]:
    return [json.loads(policy) for policy in policies]


def _translation(caller: Caller, declared: Mapping[str, Any]) -> dict[PolicyEntry, PolicyEntry]:
    """Map the deployed policy's entries, which name this stack's resources, to the entries of the project's policy."""
    deployed = [each for policy in _documents(caller.policies) for each in policy["Statement"]]
    pairs = enumerate(zip(deployed, declared["Statement"], strict=False), 1)
    return {
        deployed_entry: own_entry
        for index, (statement, own_statement) in pairs
        for deployed_entry, own_entry in zip(
            entries_of(statement, index), entries_of(own_statement, index), strict=False
        )
    }


def _response_fields(response: refusal.Response) -> tuple[int, bytes, dict[str, str]]:
    return response.status, response.body, {name.lower(): value for name, value in response.headers.items()}


def _unknown(service: str, message: str) -> HttpResponse:
    _log.error("%s", message)
    return error(service, "NotJudged", message, 403)
