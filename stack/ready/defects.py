"""What is broken in the account or the stack, whatever crowd is expected. Each defect has a remedy.

A value that could not be read is no defect.
"""

from collections.abc import Callable, Iterator
from typing import Any

from stack.ready.account import Values

_CONSOLE = "that the SES console shows"

# Value, whether it is a defect, text, remedy.
_CHECKS: tuple[tuple[str, Callable[[Any], bool], str, str], ...] = (
    ("ses.production", lambda is_so: not is_so, "SES is in the sandbox: it sends to verified addresses only",
     "request production access: SES console, Account dashboard. AWS usually answers within a day"),
    ("ses.sending", lambda is_so: not is_so, "AWS has stopped this account's email", "answer the email from AWS"),
    ("ses.enforcement", lambda state: state != "HEALTHY", "AWS reviews or has stopped this account's email ({})",
     "answer AWS's support case before you request a higher quota"),
    ("identity.verified", lambda is_so: not is_so, "SES has not verified the sender's domain",
     f"publish the DKIM records {_CONSOLE}"),
    ("identity.dkim", lambda state: state != "SUCCESS", "DKIM is {}", f"publish the three CNAME records {_CONSOLE}"),
    ("identity.forwards", bool, "SES also emails each bounce, with the supporter's address, to the sender's mailbox",
     "SES console, the sender's identity, Notifications: turn email feedback forwarding off"),
    ("identity.mail_from", lambda state: state not in ("none", "SUCCESS"), "the MAIL FROM domain is {}",
     f"publish the MX and SPF records {_CONSOLE}"),
    ("alarms", bool, "alarms are on: {}", "docs/runbook.md, Alarms"),
    ("subscribers", lambda number: not number, "nobody gets the alarms: there is no confirmed subscription",
     "make deploy ALARM_EMAIL=…, and press the link in the email that SNS sends"),
)  # fmt: skip


def find_defects(values: Values) -> Iterator[str]:
    for name, is_defect, text, remedy in _CHECKS:
        value = values.found.get(name)
        if value is not None and is_defect(value):
            shown = ", ".join(value) if isinstance(value, list) else value
            yield f"{text.format(shown)}: {remedy}"
    for name, value in values.found.items():
        group, _, queue = name.partition(".")
        if group == "dead" and value:
            yield f"{value:,.0f} messages in {queue}: docs/runbook.md, alarm {queue}Alarm"
