"""The size of a spike, and its faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The share of calls with each fault, in all functions, from the first post to the last confirmation. A batch of the
# stream makes many calls and fails as a whole, so faults of single writes and of queues are rarer.
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
    "function-throttled": 0.1,
    "source-changing": 0.2,
}


@dataclass(frozen=True)
class Plan:
    """`refuses_from`, `cuts_from`, `back_from`: when the table's state changes, as shares of the signing posts."""

    signers: int
    confirming: int
    at_once: int = 50  # people who wait for an answer at the same time
    pace: float = 1_000  # the most posts a second of each of them
    refuses_from: float = 0.4
    cuts_from: float = 0.5
    back_from: float = 0.6
    ses_rate: float = 50  # emails a second; the sender's rate is a little higher, so that SES refuses some
    sender_rate: float = 75  # MailPerSecond, of which confirmations have 80 %
    senders: int = 12  # MailSenders
    quota: int | None = None  # emails until the daily quota is used up; None: no quota
    quota_rest: float = 30  # seconds until the quota is raised and email is resumed
    later: int = 0  # posts between a signature and its late repeat; half of the repeats are double clicks
    rest: int | None = None  # visibility timeout in seconds; None: the template's six minutes
    patience: float = 3_600  # seconds to drain in
    faults: Mapping[str, float] = field(default_factory=lambda: FAULTS)  # shares of calls: see stack.strict.faults


def whole(signers: int) -> Plan:
    """Return the plan of the whole spike. The quota is used up early, so that delayed emails return before the end."""
    return Plan(signers, min(signers, 2_000), quota=signers // 5, later=signers // 4)


def short(signers: int) -> Plan:
    """Return the plan for tests: no daily quota and no late repeats, because these need pauses of a minute or more.

    The posts are so slow that the outage lasts long enough to be seen.
    """
    return Plan(
        signers, signers, 10, 4.0, refuses_from=0.3, cuts_from=0.55, back_from=0.8,
        ses_rate=40, sender_rate=1_000, senders=3, rest=2, patience=300,
    )  # fmt: skip
