"""Check that no signature was lost or counted twice: compare the responses with the tables and the sent emails."""

import json
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import requests

from benchmarks.spike.crowd import PostAnswer, address
from benchmarks.spike.stage import SLUG, Delivery, Row, SpikeSite
from chalicelib.core.address import read_address, signature_id
from stack.console import Failure
from stack.shell import manage

SIGNER = re.compile(r"signer-(\d+)(\+again)?@example\.org", re.IGNORECASE)
# The budget (mail/budget.py) allows a person at most five emails in ten hours, and a spike is shorter. The second
# number: the shortest interval between two emails, in seconds.
MAX_MAILS, BETWEEN_MAILS = 5, 60
RECOUNT_ATTEMPTS = 30


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
    unmarked: int  # emails that no signature records: the outage kept the sender from marking them as sent
    too_many_mails: dict[str, int]  # as `too_many_emails` returns them
    recount_agrees: bool

    @property
    def double(self) -> int:
        """Return how many signatures, counts and emails are too many. `strange`: signatures of nobody in the crowd."""
        return self.twice_stored + self.strange + self.twice_counted + sum(self.too_many_mails.values())

    @property
    def is_good(self) -> bool:
        return self.recount_agrees and not any((self.lost, self.double, self.lost_confirmations, self.unmailed))


def prove(site: SpikeSite, sign_answers: Sequence[PostAnswer], confirm_answers: Sequence[PostAnswer]) -> Proof:
    found, emails = list(site.rows()), site.emails()
    accepted = {answer.who for answer in sign_answers if answer.good}
    owners = {number_of(row["email"]) for row in found}  # None: nobody in the crowd
    number_by_id = _people_by_signature_id(site, accepted | {owner for owner in owners if owner is not None})
    known_ids = [row["sk"] for row in found if row["sk"] in number_by_id]
    confirmed = {number_by_id.get(row["sk"]) for row in found if row["state"] == "confirmed"}
    told_confirmed = {answer.who for answer in confirm_answers if answer.good}
    url, bearer = f"{site.local.url}/api/staff/petitions/{SLUG}/counts", f"Bearer {site.local.staff_token}"
    counted = int(requests.get(url, headers={"Authorization": bearer}, timeout=30).json()["confirmed"])
    unmarked = unrecorded_emails(found, emails)
    return Proof(
        accepted=len(accepted),
        stored=len(found),
        lost=len(accepted - {number_by_id[known_id] for known_id in known_ids}),
        confirmed=len(confirmed),
        counted=counted,
        lost_confirmations=len(told_confirmed - confirmed),
        twice_stored=len(found) - len(owners),
        strange=len(found) - len(known_ids),
        twice_counted=abs(counted - len(confirmed)),
        mails=len(emails),
        unmailed=sum(not row["mails"] for row in found),
        unmarked=unmarked,
        too_many_mails=too_many_emails(emails, unmarked, site.failed_messages()),
        recount_agrees=_recount_agrees(site),
    )


def number_of(email: str) -> int | None:
    """Return the number of the person with this address, or None if nobody in the crowd has it."""
    match = SIGNER.fullmatch(email)
    return int(match.group(1)) if match else None


def unrecorded_emails(found: Sequence[Row], emails: Sequence[Delivery]) -> int:
    """Return how many emails more people got than their signatures record in `mails`."""
    recorded = {number_of(row["email"]): int(row["mails"]) for row in found}
    return sum(max(0, len(times) - recorded.get(number, 0)) for number, times in _times_by_person(emails).items())


def too_many_emails(emails: Sequence[Delivery], unmarked: int, failed_messages: int) -> dict[str, int]:
    """Return how many emails no failed message explains, how many exceed five for a person, and how many came within a
    minute of the person's last one.
    """
    beyond_five = hurried = 0
    for times in _times_by_person(emails).values():
        beyond_five += max(0, len(times) - MAX_MAILS)
        # The sender counts the interval from the time that it recorded. This is before SES accepted, on a busy machine
        # by seconds.
        hurried += sum(later - sooner < BETWEEN_MAILS - 5 for sooner, later in pairwise(times))
    return {"unexplained": max(0, unmarked - failed_messages), "beyond_five": beyond_five, "hurried": hurried}


def _times_by_person(emails: Sequence[Delivery]) -> dict[int | None, list[float]]:
    times: dict[int | None, list[float]] = {}
    for mail in emails:
        times.setdefault(number_of(mail.to), []).append(mail.at)
    return times


def _people_by_signature_id(site: SpikeSite, numbers: set[int]) -> dict[str, int]:
    """Return the people's numbers by the signature ids of their addresses."""
    secret = next(iter(json.loads(site.local.settings["SIGNATURE_KEYS"]).values()))
    return {signature_id(SLUG, read_address(address(number)).canonical, secret): number for number in numbers}


def _recount_agrees(site: SpikeSite) -> bool:
    """Return whether a recount finds no difference. Try for some time, because counters lag by some seconds."""
    for _ in range(RECOUNT_ATTEMPTS):
        with suppress(Failure):
            manage({**site.local.settings}, "recount", SLUG)
            return True
        time.sleep(1)
    return False
