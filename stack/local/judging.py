"""Install the judge: it refuses AWS calls that AWS would refuse, and injects faults."""

import json
from collections.abc import Mapping

from stack.judge.faults import Faults
from stack.judge.install import install
from stack.judge.judge import Judge
from stack.local.gateway import HttpAnswer, HttpRequest

FAULTS = "/_local/faults"


def install_judge(names: Mapping[str, str]) -> Faults:
    """Judge every AWS client that is built from now on. Return the faults. `names`: physical names by logical id."""
    faults = Faults()
    install(Judge(names, faults=faults))
    return faults


def answer_faults(faults: Faults, request: HttpRequest) -> HttpAnswer:
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
