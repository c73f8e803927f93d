"""Find what is broken in the account or the stack, independent of the expected crowd. Each defect has a remedy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from stack.ready.reading import Values

# ACM renews a certificate 60 days before it expires. If a certificate expires in less than this time, ACM has failed to
# renew it.
_MIN_TIME_TO_EXPIRY = timedelta(days=30)
# A message that waits longer is a defect: before the crowd comes, queues are short.
_MAX_WAIT_SECONDS = 3_600
_SUCCESS = "SUCCESS"


@dataclass(frozen=True)
class Defect:
    text: str
    remedy: str


def find_defects(values: Values, now: datetime) -> tuple[Defect, ...]:
    return (*_email_defects(values), *_domain_defects(values), *_queue_defects(values), *_alarm_defects(values, now))


def _email_defects(values: Values) -> Iterator[Defect]:
    if values.get("ses.production") is False:
        remedy = "request production access: SES console, Account dashboard. AWS usually answers within a day"
        yield Defect("SES is in the sandbox: it sends to verified addresses only", remedy)
    enforcement = values.get("ses.enforcement", "HEALTHY")
    if values.get("ses.sending") is False or enforcement == "SHUTDOWN":
        yield Defect("AWS has stopped this account's email", "read the email that AWS sent you, and answer it")
    elif enforcement != "HEALTHY":
        remedy = "answer AWS's support case before you request a higher quota"
        yield Defect(f"AWS reviews this account's email ({enforcement})", remedy)
    if values.get("identity.verified") is False:
        yield Defect("SES has not verified the sender's domain", "publish the DKIM records that the SES console shows")
    if values.get("identity.dkim", _SUCCESS) != _SUCCESS:
        state = values.get("identity.dkim")
        yield Defect(f"DKIM is {state}", "publish the three CNAME records that the SES console shows")
    if values.get("identity.mail_from", "none") not in ("none", _SUCCESS):
        state = values.get("identity.mail_from")
        remedy = "publish the MX and SPF records that the SES console shows for the sender's identity"
        yield Defect(f"the MAIL FROM domain is {state}", remedy)


def _domain_defects(values: Values) -> Iterator[Defect]:
    if values.has("dns.spf") and "include:amazonses.com" not in values.get("dns.spf"):
        remedy = 'publish TXT "v=spf1 include:amazonses.com ~all"'
        yield Defect("SPF does not name amazonses.com" if values.get("dns.spf") else "there is no SPF record", remedy)
    if values.has("dns.dmarc") and not values.get("dns.dmarc"):
        yield Defect(
            "there is no DMARC record", 'publish TXT "v=DMARC1; p=none; rua=mailto:…": large providers want it'
        )
    if values.has("dns.dkim"):
        # The value is a text such as "2 of 3".
        found, _, expected = values.get("dns.dkim").partition(" of ")
        if found != expected:
            yield Defect(f"{found} of {expected} DKIM records are published", "publish what the SES console shows")


def _queue_defects(values: Values) -> Iterator[Defect]:
    for value in values:
        # `value.value` is None if the value could not be read.
        group, _, queue = value.name.partition(".")
        if group == "queue" and queue.endswith("DeadLetterQueue") and value.value:
            yield Defect(f"{value.value:,} messages in {queue}", f"docs/runbook.md, alarm {queue}Alarm")
        if group == "age" and (value.value or 0) > _MAX_WAIT_SECONDS:
            text = f"the oldest message in {queue} has waited {value.value / 3_600:.0f} h"
            yield Defect(text, "docs/runbook.md, Mail is late")


def _alarm_defects(values: Values, now: datetime) -> Iterator[Defect]:
    for name in values.get("alarms.raised", ()):
        yield Defect(f"the alarm {name} is on", "docs/runbook.md, Alarms")
    if values.get("alarms.subscribers") == 0:
        remedy = "make deploy ALARM_EMAIL=…, and press the link in the email that SNS sends"
        yield Defect("nobody gets the alarms: there is no confirmed subscription", remedy)
    for name in ("certificates.first_end", "certificates.first_end_edge"):
        end = values.get(name)
        if end is not None and end - now < _MIN_TIME_TO_EXPIRY:
            yield Defect(f"a certificate expires on {end:%-d %B %Y}", "ACM console: see why it is not renewed")
