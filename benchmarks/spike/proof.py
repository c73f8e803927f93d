"""Check that nothing was lost or counted twice: compare responses with the tables and the sent emails."""

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
from benchmarks.spike.crowding import Answer
from benchmarks.spike.ses import Delivery
from benchmarks.spike.stage import SLUG, Stage
from chalicelib.aws.expressions import from_wire
from chalicelib.core.address import read_address, signature_id
from stack.console import Failure
from stack.manage import manage, settings

SIGNER = re.compile(r"signer-(\d+)(\+again)?@example\.org", re.IGNORECASE)
MOST_MAILS, BETWEEN_MAILS = 5, 60
PATIENCE = 30
SHOWN = ("pk", "sk", "state", "email", "mail_kind", "mails")
Row = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """Numbers of people: `accepted` got 202; `lost` of these are not stored. The rest of the names must be 0."""

    accepted: int
    stored: int
    lost: int
    confirmed: int  # signatures in that state
    counted: int  # the number that staff get
    lost_confirmations: int  # pressed, answered 200, but not confirmed
    twice_stored: int
    strange: int  # stored, but not one of our people
    twice_counted: int
    mails: int
    unmailed: int  # stored, but no email was sent
    unmarked: int  # sent emails whose mark failed: each may be sent once more
    # `unknown` to the signature, `beyond_five`, `hurried` (within a minute)
    too_many_mails: dict[str, int]
    recount_agrees: bool

    @property
    def double(self) -> int:
        return self.twice_stored + self.strange + self.twice_counted + sum(self.too_many_mails.values())

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.double or self.lost_confirmations or self.unmailed) and self.recount_agrees

    def as_figures(self) -> dict[str, Any]:
        return {**asdict(self), "double": self.double}


def proven(stage: Stage, signed: Sequence[Answer], pressed: Sequence[Answer]) -> Proof:
    found = list(rows(stage))
    accepted, mails = _good(signed), stage.faults.ses.delivered
    people = _expected(stage, accepted | {number for row in found if (number := number_of(row["email"])) is not None})
    stored = {people[row["sk"]] for row in found if row["sk"] in people}
    confirmed = {people.get(row["sk"]) for row in found if row["state"] == "confirmed"}
    counted = _counted(stage)
    return Proof(
        accepted=len(accepted),
        stored=len(found),
        lost=len(accepted - stored),
        confirmed=len(confirmed),
        counted=counted,
        lost_confirmations=len(_good(pressed) - confirmed),
        twice_stored=len(found) - len({number_of(row["email"]) for row in found}),
        strange=sum(row["sk"] not in people for row in found),
        twice_counted=abs(counted - len(confirmed)),
        mails=len(mails),
        unmailed=sum(not row["mails"] for row in found),
        unmarked=sum(stage.faults.unmarked().values()),
        too_many_mails=too_many(found, mails, stage.faults.unmarked()),
        recount_agrees=_recount_agrees(stage),
    )


def rows(stage: Stage) -> Iterator[Row]:
    """Return every signature: consistent reads, without the faults."""
    names = {f"#{number}": name for number, name in enumerate(SHOWN)}
    pages = (
        stage.cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stage.stack.outputs["SignaturesTableName"],
            ConsistentRead=True,
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
        )
    )
    for page in pages:
        yield from map(from_wire, page["Items"])


def number_of(email: str) -> int | None:
    found = SIGNER.fullmatch(email)
    return int(found.group(1)) if found else None


def too_many(found: Sequence[Row], mails: Sequence[Delivery], unmarked: Mapping[str, int]) -> dict[str, int]:
    """Return emails beyond those that the signatures record, beyond five each, and too soon after another.

    `unmarked`, by signature id: emails that could not be marked because of the outage.
    """
    got: dict[int | None, list[float]] = {}
    for mail in mails:
        got.setdefault(number_of(mail.to), []).append(mail.at)
    known = {number_of(row["email"]): int(row["mails"]) + unmarked.get(row["sk"], 0) for row in found}
    unknown = sum(max(0, len(times) - known.get(number, 0)) for number, times in got.items())
    crowded = sum(max(0, len(times) - MOST_MAILS) for times in got.values())
    # SES accepts an email some milliseconds before it is marked: allow a second.
    hurried = sum(later - sooner < BETWEEN_MAILS - 1 for times in got.values() for sooner, later in pairwise(times))
    return {"unknown": unknown, "beyond_five": crowded, "hurried": hurried}


def statuses(answers: Sequence[Answer]) -> dict[str, int]:
    return {str(status): count for status, count in sorted(Counter(answer["status"] for answer in answers).items())}


def _good(answers: Sequence[Answer]) -> set[int]:
    return {answer["who"] for answer in answers if answer["good"]}


def _expected(stage: Stage, numbers: set[int]) -> dict[str, int]:
    """Return the person by signature id, calculated from the address."""
    versions: dict[str, str] = json.loads(stage.stack.keys()["SIGNATURE_KEYS"])
    secret = next(iter(versions.values()))
    return {signature_id(SLUG, read_address(address(number)).canonical, secret): number for number in numbers}


def _counted(stage: Stage) -> int:
    url = f"{stage.site}/api/staff/petitions/{SLUG}/counts"
    answer = requests.get(url, headers={"Authorization": f"Bearer {stage.staff_token}"}, timeout=30)
    return int(answer.json()["confirmed"])


def _recount_agrees(stage: Stage) -> bool:
    """Check every breakdown and the pending counters. Those trail the stream by some seconds."""
    for _ in range(PATIENCE):
        with suppress(Failure):
            manage(settings(stage.stack), "recount", SLUG)
            return True
        time.sleep(1)
    return False
