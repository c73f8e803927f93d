"""Refuse a function's call if the policies of the function's role do not allow the call.

`stack.referee` decides this. A ledger notes which entries of the policies were used, so that we can find entries that
no test needs. An entry is an action, a resource or a condition value.
"""

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
from stack.referee.model import Call, PolicyEntry, UnknownCall, Where
from stack.referee.policies import resolved_policies
from stack.referee.referee import Referee
from stack.strict.callers import Caller
from stack.strict.errors import error
from stack.strict.http import HttpResponse

_log = logging.getLogger("referee")
_DEPLOYED_NAME = re.compile(r".+-(\w+)-[0-9A-F]{13}")


class Judge:
    """Refuses calls. Threads may share a Judge. `ledger_folder`: the ledger's folder; None if no ledger is kept."""

    def __init__(self, region: str, ledger_folder: Path | None) -> None:
        self._engine, self._region = Engine(), region
        self._ledger = Ledger(ledger_folder) if ledger_folder else None
        # For each caller, the result of `_project_entries`.
        self._project_entries_by_caller: dict[Caller, dict[PolicyEntry, PolicyEntry]] = {}

    def refusal(self, caller: Caller, call: Call | None) -> HttpResponse | None:
        """Return the refusal of a call; None if it is allowed.

        Also refuse a call that the referee cannot read (`call` is None) or does not know, so that a test fails.
        """
        if call is None:
            return _not_judged("none", f"{caller.name} made a call that the referee cannot read")
        referee = Referee(self._engine, Where(self._region, caller.account))
        try:
            verdict = referee.judge(call, _documents(caller.policies), caller.arn)
        except UnknownCall as unknown:
            return _not_judged(call.service, f"{caller.name}: {unknown}")
        if verdict.refused is None:
            self._note(caller, verdict.entries)
            return None
        _log.warning("refused: %s", refusal.message(verdict.refused, caller.arn))
        return _http_response(refusal.response(call, verdict.refused, caller.arn))

    def _note(self, caller: Caller, entries: frozenset[PolicyEntry]) -> None:
        """Note in the ledger that these entries were used.

        `entries` are from the deployed policy of the caller's role: a copy of the project's policy with the real ARNs
        of this stack. Note each entry as it is in the project's policy. An entry of an unknown function stays as it is.
        """
        if self._ledger is None:
            return
        function = self._function_name(caller)
        if caller not in self._project_entries_by_caller:
            project_policy = self._project_policies.get(function, {"Statement": []})
            self._project_entries_by_caller[caller] = _project_entries(caller, project_policy)
        project_entries = self._project_entries_by_caller[caller]
        self._ledger.note(function, [project_entries.get(entry, entry) for entry in entries])

    def _function_name(self, caller: Caller) -> str:
        """Return the caller's name in app.py: `relay_mail` for `petitions-local-RelayMail-8EBC3913E4C37`.

        Return the deployed name if app.py has no such function.
        """
        found = _DEPLOYED_NAME.fullmatch(caller.name)
        deployed_name = found[1] if found else caller.name
        compact_name = deployed_name.lower()
        for name in self._project_policies:
            if name.replace("_", "") == compact_name:
                return name
        return caller.name

    @cached_property
    def _project_policies(self) -> dict[str, Any]:
        return resolved_policies()


@lru_cache
def _documents(policies: tuple[str, ...]) -> list[dict[str, Any]]:
    return [json.loads(policy) for policy in policies]


def _project_entries(caller: Caller, project_policy: Mapping[str, Any]) -> dict[PolicyEntry, PolicyEntry]:
    """Return a dictionary from the entries of the caller's deployed policies to those of the project's policy.

    The deployed policies are made from the project's policy, so both have the same entries in the same order. They can
    differ only if the project's policy was changed after the deployment. A project policy without statements stands for
    an unknown function: then the dictionary is empty.
    """
    deployed_statements: list[dict[str, Any]] = []
    for policy in _documents(caller.policies):
        deployed_statements.extend(policy["Statement"])
    pairs = zip(deployed_statements, project_policy["Statement"], strict=False)
    project_entries_by_deployed: dict[PolicyEntry, PolicyEntry] = {}
    for index, (deployed_statement, project_statement) in enumerate(pairs, 1):
        deployed_entries = entries_of(deployed_statement, index)
        project_entries = entries_of(project_statement, index)
        project_entries_by_deployed.update(zip(deployed_entries, project_entries, strict=False))
    return project_entries_by_deployed


def _http_response(response: refusal.Response) -> HttpResponse:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(response.status, response.body, headers)


def _not_judged(service: str, message: str) -> HttpResponse:
    """Return the refusal of a call without a verdict. `service`: the called service, or "none" if it is unknown."""
    _log.error("%s", message)
    return error(service, "NotJudged", message, 403)
