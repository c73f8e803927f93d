"""Find what is broken in the account or the stack, independent of the expected crowd. Each defect has a remedy.

If a value could not be read, `values.get` returns None or the given default. Neither is a defect.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from stack.ready.reading import Values
from stack.ready.records import IMPLICIT_SPF

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
    dkim = values.get("identity.dkim", _SUCCESS)
    if dkim != _SUCCESS:
        yield Defect(f"DKIM is {dkim}", "publish the three CNAME records that the SES console shows")
    if values.get("identity.forwards"):
        remedy = "SES console, the sender's identity, Notifications: turn email feedback forwarding off"
        yield Defect("SES also emails each bounce, with the supporter's address, to the sender's mailbox", remedy)
    mail_from = values.get("identity.mail_from", "none")
    if mail_from not in ("none", _SUCCESS):
        remedy = "publish the MX and SPF records that the SES console shows for the sender's identity"
        yield Defect(f"the MAIL FROM domain is {mail_from}", remedy)


def _domain_defects(values: Values) -> Iterator[Defect]:
    # A value is "" if there is no record. IMPLICIT_SPF: SES sends with its own domain, which has an SPF record.
    spf = values.get("dns.spf", IMPLICIT_SPF)
    if spf == "":
        text = "the MAIL FROM domain has no SPF record"
        yield Defect(text, 'publish for it TXT "v=spf1 include:amazonses.com ~all"')
    elif spf != IMPLICIT_SPF and "include:amazonses.com" not in spf:
        # Two SPF records for one domain are an error, so that no email passes SPF (RFC 7208, 4.5).
        remedy = "add include:amazonses.com to its SPF record. Publish no second one: receivers then accept neither"
        yield Defect("the SPF record of the MAIL FROM domain does not name amazonses.com", remedy)
    if values.get("dns.dmarc") == "":
        remedy = 'publish TXT "v=DMARC1; p=none; rua=mailto:…": large providers want it'
        yield Defect("there is no DMARC record", remedy)
    if values.has("dns.dkim"):
        # The value is a text such as "2 of 3".
        found, _, expected = values.get("dns.dkim").partition(" of ")
        if found != expected:
            yield Defect(f"{found} of {expected} DKIM records are published", "publish what the SES console shows")


def _queue_defects(values: Values) -> Iterator[Defect]:
    for value in values:
        group, _, queue = value.name.partition(".")
        number = value.value or 0  # A number in the groups queue and age, or None if it could not be read.
        is_dead_letter_queue = group == "queue" and queue.endswith("DeadLetterQueue")
        if is_dead_letter_queue and number:
            yield Defect(f"{number:,} messages in {queue}", f"docs/runbook.md, alarm {queue}Alarm")
        if group == "age" and number > _MAX_WAIT_SECONDS:
            text = f"the oldest message in {queue} has waited {number / 3_600:.0f} h"
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
