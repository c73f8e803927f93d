"""Install the judge: it refuses AWS calls that AWS would refuse, and injects faults."""

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from stack.local.gateway import HttpAnswer, HttpRequest

FAULTS = "/_local/faults"


def install_judge(names: Mapping[str, str]) -> Any:
    """Judge every AWS client that is built from now on. Return the faults. `names`: physical names by logical id."""
    try:
        install, judge = import_module("stack.judge.install"), import_module("stack.judge.judge")
    except ModuleNotFoundError:
        return None
    faults = import_module("stack.judge.faults").Faults()
    install.install(judge.Judge(names, faults=faults))
    return faults


def answer_faults(faults: Any, request: HttpRequest) -> HttpAnswer:
    """HttpAnswer with the rates, and how often each fault happened.

    PUT replaces all rates: {"table-throttled": 0.1}. POST plans rates: {"seconds": 10, "rates": {…}, "table": "…"}.
    """
    try:
        if request.method == "PUT":
            faults.set(json.loads(request.body))
        if request.method == "POST":
            faults.at(**json.loads(request.body))
    except (TypeError, ValueError) as error:
        return HttpAnswer(400, [("Content-Type", "text/plain; charset=utf-8")], str(error).encode())
    body = json.dumps({"rates": dict(faults.rates), "met": dict(faults.met)})
    return HttpAnswer(200, [("Content-Type", "application/json")], body.encode())
