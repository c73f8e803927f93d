"""What is broken or about to break, whatever the crowd: with what to do about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from stack.ready.reading import Values

# ACM renews certificates it can validate 60 days before they end. Later than this, it could not.
_CERTIFICATE = timedelta(days=30)
_OLD = 3_600  # seconds that an email or a signature has waited before the crowd has come
_GOOD = "SUCCESS"


@dataclass(frozen=True)
class Defect:
    text: str
    remedy: str


def problems(values: Values, now: datetime) -> tuple[Defect, ...]:
    return (*_of_email(values), *_of_domain(values), *_of_queues(values), *_of_watching(values, now))


def _of_email(values: Values) -> Iterator[Defect]:
    if values.get("ses.production") is False:
        remedy = "request production access: SES console, Account dashboard. AWS usually answers within a day"
        yield Defect("SES is in the sandbox: it sends to verified addresses only", remedy)
    if values.get("ses.sending") is False or values.get("ses.enforcement", "HEALTHY") == "SHUTDOWN":
        yield Defect("AWS has stopped this account's email", "read the email that AWS sent you, and answer it")
    elif values.get("ses.enforcement", "HEALTHY") != "HEALTHY":
        state = values.get("ses.enforcement")
        yield Defect(f"AWS reviews this account's email ({state})", "answer AWS's case before you ask for more")
    if values.get("identity.verified") is False:
        yield Defect("SES has not verified the sender's domain", "publish the DKIM records that the SES console shows")
    if values.get("identity.dkim", _GOOD) != _GOOD:
        state = values.get("identity.dkim")
        yield Defect(f"DKIM is {state}", "publish the three CNAME records that the SES console shows")
    if values.get("identity.mail_from", "none") not in ("none", _GOOD):
        state = values.get("identity.mail_from")
        yield Defect(f"the MAIL FROM domain is {state}", "publish its MX and SPF records: SES console, the identity")


def _of_domain(values: Values) -> Iterator[Defect]:
    if values.has("dns.spf") and "include:amazonses.com" not in values.get("dns.spf"):
        remedy = 'publish TXT "v=spf1 include:amazonses.com ~all"'
        yield Defect("SPF does not name amazonses.com" if values.get("dns.spf") else "there is no SPF record", remedy)
    if values.get("dns.dmarc") == "":
        yield Defect(
            "there is no DMARC record", 'publish TXT "v=DMARC1; p=none; rua=mailto:…": large providers want it'
        )
    if values.has("dns.dkim"):
        found, _, wanted = values.get("dns.dkim").partition(" of ")
        if found != wanted:
            yield Defect(f"{found} of {wanted} DKIM records are published", "publish what the SES console shows")


def _of_queues(values: Values) -> Iterator[Defect]:
    for value in values:
        if value.name.startswith("queue.") and value.name.endswith("DeadLetterQueue") and value.value:
            remedy = f"docs/runbook.md, alarm {value.name.removeprefix('queue.')}Alarm"
            yield Defect(f"{value.value:,} messages in {value.name.removeprefix('queue.')}", remedy)
        if value.name.startswith("age.") and (value.value or 0) > _OLD:
            text = f"the oldest message in {value.name[4:]} has waited {value.value / _OLD:.0f} h"
            yield Defect(text, "docs/runbook.md, Mail is late")


def _of_watching(values: Values, now: datetime) -> Iterator[Defect]:
    for name in values.get("alarms.raised", ()):
        yield Defect(f"the alarm {name} is on", "docs/runbook.md, Alarms")
    if values.get("alarms.subscribers") == 0:
        remedy = "make deploy ALARM_EMAIL=…, and press the link in the email that SNS sends"
        yield Defect("nobody gets the alarms: there is no confirmed subscription", remedy)
    for name in ("certificates.first_end", "certificates.first_end_edge"):
        end = values.get(name)
        if end is not None and end - now < _CERTIFICATE:
            yield Defect(f"a certificate expires on {end:%-d %B %Y}", "ACM console: see why it is not renewed")
