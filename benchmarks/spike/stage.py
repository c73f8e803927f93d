"""The local site of a spike: its queues, its stored signatures, and the emails that the emulated SES accepted."""

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import unquote

from benchmarks.records import sent_emails
from benchmarks.scene import sample_petition
from benchmarks.spike.plan import SpikePlan
from chalicelib.aws.expressions import from_wire
from stack.aws import Cloud
from stack.local.judging import FAULTS
from stack.local.process import LocalSite, local_site

SLUG = sample_petition().slug
QUEUES = {"overflow": "OVERFLOW_QUEUE_URL", "mail": "MAIL_QUEUE_URL", "other mail": "OTHER_MAIL_QUEUE_URL"}
_WAITING, _STATES = "ApproximateNumberOfMessages", ("", "NotVisible", "Delayed")
_LINK = re.compile(r"/confirm\?token=(\S+)")
# What a sender logs if it could not mark an email as sent, or could not do something else for a message.
_FAILED = ("message_later", "message_failed")
Row = dict[str, Any]


class Delivery(NamedTuple):
    """An email that SES accepted: when (Unix seconds), to whom, and its confirm token if it has one."""

    at: float
    to: str
    token: str


@dataclass(frozen=True)
class SpikeSite:
    local: LocalSite
    cloud: Cloud
    log: Path

    def faults(self, **plan: Any) -> Any:
        """Change the judge's faults (stack/local/judging.py). Return what it met until now."""
        request = urllib.request.Request(f"{self.local.url}{FAULTS}", json.dumps(plan).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def depths(self) -> dict[str, int]:
        """Return how many messages are in each queue, those that are being handled included."""
        sqs = self.cloud.client("sqs")
        found = {}
        for name, variable in QUEUES.items():
            answer = sqs.get_queue_attributes(QueueUrl=self.local.settings[variable], AttributeNames=["All"])
            found[name] = sum(int(answer["Attributes"].get(f"{_WAITING}{state}", 0)) for state in _STATES)
        return found

    def rows(self) -> Iterator[Row]:
        """Yield every signature, by consistent reads that meet no faults."""
        scan = self.cloud.client("dynamodb").get_paginator("scan")
        for page in scan.paginate(TableName=self.local.settings["SIGNATURES_TABLE"], ConsistentRead=True):
            yield from map(from_wire, page["Items"])

    def emails(self) -> list[Delivery]:
        found = []
        for mail in sent_emails(self.local.endpoint):
            link = _LINK.search(mail["BodyText"] or "")
            found.append(Delivery(float(mail["Timestamp"]), mail["To"][0], unquote(link[1]) if link else ""))
        return sorted(found)

    def failed_messages(self) -> int:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return sum(any(f'"{event}"' in line for event in _FAILED) for line in lines)


@contextmanager
def spike_site(plan: SpikePlan) -> Iterator[SpikeSite]:
    email = {"MailPerSecond": f"{plan.sender_rate:g}", "MailSenders": str(plan.senders)}
    with TemporaryDirectory(prefix="petitions-spike-") as folder, local_site(Path(folder), parameters=email) as local:
        site = SpikeSite(local, Cloud(local.endpoint), Path(folder) / "site.log")
        site.faults(mail={"rate": plan.ses_rate, "quota": plan.quota})
        yield site
