"""The size of a spike, and its faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The share of calls that get each fault (stack/judge/faults.py), during the whole spike. A batch of the stream makes
# many calls and fails as a whole, so faults of single writes and of queues are rarer.
FAULTS = {
    "table-throttled": 0.02,
    "transaction-conflict": 0.1,
    "transaction-in-progress": 0.02,
    "item-conflict": 0.005,
    "table-error": 0.005,
    "table-partial": 0.1,
    "short-page": 0.05,
    "queue-throttled": 0.01,
    "queue-key-throttled": 0.005,
    "queue-error": 0.005,
    "queue-partial": 0.02,
    "mail-throttled": 0.02,
}


@dataclass(frozen=True)
class SpikePlan:
    """`refuses_from`, `cuts_from`, `back_from`: shares of the posts, from which on the signatures table does so."""

    signers: int
    confirming: int  # people who confirm
    at_once: int = 50  # people who wait for an answer
    pace: float = 1_000  # the most posts a second
    refuses_from: float = 0.4
    cuts_from: float = 0.5
    back_from: float = 0.6
    ses_rate: float = 50  # emails a second; the senders are a little faster, so that SES refuses some
    # MailPerSecond and MailSenders. The senders of the local site share the limiter of one: 80 % of a sender's part.
    sender_rate: float = 600
    senders: int = 8
    quota: int | None = None  # emails until the daily quota is used up; None: no quota
    quota_rest: float = 30  # seconds from SES's first refusal until the quota is raised and email is resumed
    later: int = 0  # posts between a signature and its late repeat; half of the repeats are double clicks
    patience: float = 3_600  # seconds after which the queues must be empty
    faults: Mapping[str, float] = field(default_factory=lambda: FAULTS)


def whole_plan(signers: int) -> SpikePlan:
    """Return the plan of the whole spike. The quota is used up early: then there is time to send the delayed emails."""
    return SpikePlan(signers, confirming=min(signers, 2_000), quota=signers // 5, later=signers // 4)


def short_plan(signers: int) -> SpikePlan:
    """Return the plan for tests: without what needs pauses of a minute, and slow, so that the outage is noticed."""
    return SpikePlan(
        signers, confirming=signers, at_once=10, pace=30.0, refuses_from=0.3, cuts_from=0.55, back_from=0.8,
        ses_rate=40, sender_rate=1_000, patience=700,  # A message may wait for its visibility timeout: 600 s.
    )  # fmt: skip
