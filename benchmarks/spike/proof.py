"""Check that no signature was lost or counted twice: compare the responses with the tables and the sent emails."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import requests

from benchmarks.spike.crowd import address
from benchmarks.spike.crowd_process import Answer
from benchmarks.spike.ses import Delivery
from benchmarks.spike.stage import SLUG, SpikeStack
from chalicelib.aws.expressions import from_wire
from chalicelib.core.address import read_address, signature_id
from stack.console import Failure
from stack.manage import manage, settings

SIGNER = re.compile(r"signer-(\d+)(\+again)?@example\.org", re.IGNORECASE)
# The budget (mail/budget.py) allows a person at most five emails in ten hours, and a spike is shorter. The second
# number: the shortest interval between two emails, in seconds.
MAX_MAILS, BETWEEN_MAILS = 5, 60
RECOUNT_ATTEMPTS = 30
ATTRIBUTES = ("pk", "sk", "state", "email", "mail_kind", "mails")
Row = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """What the tables, the responses and the emails say after a spike."""

    accepted: int  # people whose signing was answered with 202
    stored: int  # signatures in the table
    lost: int  # people who got a 202, but have no signature in the table
    confirmed: int  # people with a confirmed signature
    counted: int  # the count that staff get
    lost_confirmations: int  # people whose confirmation was answered with 200, but whose signature is not confirmed
    twice_stored: int  # further signatures of people who have one already
    strange: int  # signatures of nobody in the crowd
    twice_counted: int  # the difference between `counted` and `confirmed`
    mails: int  # emails that SES accepted
    unmailed: int  # signatures that record no sent email
    unmarked: int  # sent emails that could not be marked as sent: each may be sent once more
    too_many_mails: dict[str, int]  # as `too_many_emails` returns them
    recount_agrees: bool

    @property
    def double(self) -> int:
        """Return how many signatures, counts and emails are too many. `strange`: signatures of nobody in the crowd."""
        return self.twice_stored + self.strange + self.twice_counted + sum(self.too_many_mails.values())

    @property
    def is_good(self) -> bool:
        has_errors = any((self.lost, self.double, self.lost_confirmations, self.unmailed))
        return not has_errors and self.recount_agrees

    def as_figures(self) -> dict[str, Any]:
        return {**asdict(self), "double": self.double}


def prove(spike_stack: SpikeStack, sign_answers: Sequence[Answer], confirm_answers: Sequence[Answer]) -> Proof:
    """Return the numbers that show whether the spike lost or doubled something."""
    found = list(rows(spike_stack))
    emails = spike_stack.faults.ses.delivered
    accepted = _people_with_success(sign_answers)
    owners = {number_of(row["email"]) for row in found}  # None: nobody in the crowd
    known_owners = {owner for owner in owners if owner is not None}
    number_by_id = _people_by_signature_id(spike_stack, accepted | known_owners)
    known_ids = [row["sk"] for row in found if row["sk"] in number_by_id]
    stored = {number_by_id[known_id] for known_id in known_ids}
    confirmed = {number_by_id.get(row["sk"]) for row in found if row["state"] == "confirmed"}
    told_confirmed = _people_with_success(confirm_answers)
    counted = _staff_count(spike_stack)
    unmarked = spike_stack.faults.unmarked_emails()
    return Proof(
        accepted=len(accepted),
        stored=len(found),
        lost=len(accepted - stored),
        confirmed=len(confirmed),
        counted=counted,
        lost_confirmations=len(told_confirmed - confirmed),
        twice_stored=len(found) - len(owners),
        strange=len(found) - len(known_ids),
        twice_counted=abs(counted - len(confirmed)),
        mails=len(emails),
        unmailed=sum(not row["mails"] for row in found),
        unmarked=unmarked.total(),
        too_many_mails=too_many_emails(found, emails, unmarked),
        recount_agrees=_recount_agrees(spike_stack),
    )


def rows(spike_stack: SpikeStack) -> Iterator[Row]:
    """Yield every signature, by consistent reads that do not go through the proxy."""
    names = {f"#{number}": name for number, name in enumerate(ATTRIBUTES)}
    pages = (
        spike_stack.cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=spike_stack.stack.outputs["SignaturesTableName"],
            ConsistentRead=True,
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
        )
    )
    for page in pages:
        yield from map(from_wire, page["Items"])


def number_of(email: str) -> int | None:
    """Return the number of the person with this address, or None if nobody in the crowd has it."""
    match = SIGNER.fullmatch(email)
    return int(match.group(1)) if match else None


def too_many_emails(found: Sequence[Row], emails: Sequence[Delivery], unmarked: Mapping[str, int]) -> dict[str, int]:
    """Return how many emails no signature records, how many exceed five for a person, and how many came too soon.

    Too soon is within a minute of the person's last email. `unmarked`: by signature id, how many emails could not be
    marked as sent because of the outage.
    """
    times_by_person: dict[int | None, list[float]] = {}
    for mail in emails:
        times_by_person.setdefault(number_of(mail.to), []).append(mail.at)
    expected: dict[int | None, int] = {}
    for row in found:
        owner = number_of(row["email"])
        expected[owner] = int(row["mails"]) + unmarked.get(row["sk"], 0)
    unknown = beyond_five = hurried = 0
    for number, times in times_by_person.items():
        unknown += max(0, len(times) - expected.get(number, 0))
        beyond_five += max(0, len(times) - MAX_MAILS)
        # The sender counts the interval from the time that it recorded. This is before SES accepted, on a busy machine
        # by seconds.
        intervals = [later - sooner for sooner, later in pairwise(times)]
        hurried += sum(interval < BETWEEN_MAILS - 5 for interval in intervals)
    return {"unknown": unknown, "beyond_five": beyond_five, "hurried": hurried}


def statuses(answers: Sequence[Answer]) -> dict[str, int]:
    counts = Counter(answer["status"] for answer in answers)
    return {str(status): counts[status] for status in sorted(counts)}


def _people_with_success(answers: Sequence[Answer]) -> set[int]:
    return {answer["who"] for answer in answers if answer["good"]}


def _people_by_signature_id(spike_stack: SpikeStack, numbers: set[int]) -> dict[str, int]:
    """Return the people's numbers by the signature ids of their addresses."""
    versions: dict[str, str] = json.loads(spike_stack.stack.secrets()["SIGNATURE_KEYS"])
    secret = next(iter(versions.values()))
    number_by_id = {}
    for number in numbers:
        canonical_address = read_address(address(number)).canonical
        number_by_id[signature_id(SLUG, canonical_address, secret)] = number
    return number_by_id


def _staff_count(spike_stack: SpikeStack) -> int:
    url = f"{spike_stack.site}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(url, headers={"Authorization": f"Bearer {spike_stack.staff_token}"}, timeout=30)
    return int(answer.json()["confirmed"])


def _recount_agrees(spike_stack: SpikeStack) -> bool:
    """Return whether a recount finds no difference. Try for some time, because counters lag by some seconds."""
    for _ in range(RECOUNT_ATTEMPTS):
        with suppress(Failure):
            manage(settings(spike_stack.stack), "recount", SLUG)
            return True
        time.sleep(1)
    return False
