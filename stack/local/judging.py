"""Install the judge: it refuses AWS calls that AWS would refuse, and injects faults."""

import json
from collections.abc import Mapping

from stack.judge.faults import Faults, MailLimits
from stack.judge.install import install
from stack.judge.judge import Judge
from stack.local.gateway import HttpAnswer, HttpRequest

FAULTS = "/_local/faults"


def install_judge(names: Mapping[str, str]) -> Faults:
    faults = Faults()
    install(Judge(names, faults=faults))
    return faults


def answer_faults(faults: Faults, request: HttpRequest) -> HttpAnswer:
    """PUT replaces all rates: {"table-throttled": 0.1}. POST plans rates: {"seconds": 10, "rates": {…}, "table": "…"},
    or sets SES's limits: {"mail": {"rate": 50, "quota": 1000}}. An empty POST changes nothing.
    """
    try:
        if request.method == "PUT":
            faults.set(json.loads(request.body))
        if request.method == "POST":
            plan = json.loads(request.body)
            if "mail" in plan:
                _limit_mail(faults, **plan["mail"])
            elif plan:
                faults.at(**plan)
    except (TypeError, ValueError) as error:
        return HttpAnswer(400, [("Content-Type", "text/plain; charset=utf-8")], str(error).encode())
    counted = {"mail_sent": faults.mail.sent, "mail_refused": faults.mail.refused} if faults.mail else {}
    body = json.dumps({"rates": dict(faults.rates()), "met": dict(faults.met), **counted})
    return HttpAnswer(200, [("Content-Type", "application/json")], body.encode())


def _limit_mail(faults: Faults, rate: float, quota: int | None = None) -> None:
    """Set SES's limits. What it has sent and refused until now stays counted."""
    faults.mail = faults.mail or MailLimits(rate)
    faults.mail.rate, faults.mail.quota = rate, quota
