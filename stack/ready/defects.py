"""What is broken in the account or the stack, whatever crowd is expected. Each defect has a remedy.

A value that could not be read is no defect.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from stack.ready.account import Values
from stack.ready.records import IMPLICIT_SPF

# ACM renews a certificate 60 days before it expires. If one expires earlier than this, ACM has failed to renew it.
_MIN_TIME_TO_EXPIRY = timedelta(days=30)
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
    ("dns.spf", lambda record: not record, "the MAIL FROM domain has no SPF record",
     'publish for it TXT "v=spf1 include:amazonses.com ~all"'),
    # Two SPF records for one domain are an error, so that no email passes SPF (RFC 7208, 4.5).
    ("dns.spf", lambda record: record and record != IMPLICIT_SPF and "include:amazonses.com" not in record,
     "the SPF record of the MAIL FROM domain does not name amazonses.com",
     "add include:amazonses.com to its SPF record. Publish no second one: receivers then accept neither"),
    ("dns.dmarc", lambda record: not record, "there is no DMARC record",
     'publish TXT "v=DMARC1; p=none; rua=mailto:…": large providers want it'),
    ("dns.dkim", lambda found: len(set(found.split(" of "))) > 1, "{} DKIM records are published",
     f"publish those {_CONSOLE}"),
    ("alarms", bool, "alarms are on: {}", "docs/runbook.md, Alarms"),
    ("subscribers", lambda number: not number, "nobody gets the alarms: there is no confirmed subscription",
     "make deploy ALARM_EMAIL=…, and press the link in the email that SNS sends"),
)  # fmt: skip


def find_defects(values: Values, now: datetime) -> Iterator[str]:
    for name, is_defect, text, remedy in _CHECKS:
        value = values.found.get(name)
        if value is not None and is_defect(value):
            shown = ", ".join(value) if isinstance(value, list) else value
            yield f"{text.format(shown)}: {remedy}"
    for name, value in values.found.items():
        group, _, queue = name.partition(".")
        if group == "dead" and value:
            yield f"{value:,.0f} messages in {queue}: docs/runbook.md, alarm {queue}Alarm"
        if group == "certificates" and value and min(value) - now < _MIN_TIME_TO_EXPIRY:
            yield f"a certificate expires on {min(value):%-d %B %Y}: ACM console: see why it is not renewed"
