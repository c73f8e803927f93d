"""How large a spike is, and what goes wrong in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Of the calls of all functions, from the first post to the last confirmation. A stream's batch makes many calls and
# fails as a whole, so faults of plain writes and of queues are rarer here.
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
    """Shares are of the posts that sign: while so many are answered, the table refuses, then cuts connections."""

    signers: int
    confirming: int
    at_once: int = 50  # people who wait for an answer at the same time
    pace: float = 1_000  # posts a second of each of them, at most
    refuses_from: float = 0.4
    cuts_from: float = 0.5
    back_from: float = 0.6
    ses_rate: float = 50  # mails a second; the sender is set to a little more, so that SES refuses some
    sender_rate: float = 75  # MAIL_PER_SECOND, of which confirmations have 80 %
    quota: int | None = None  # mails until SES says that the day's are spent; None: it never does
    quota_rest: float = 30  # seconds until the quota is raised and somebody resumes the mail
    later: int = 0  # posts after which every other repeat comes; the rest are double clicks
    rest: int | None = None  # seconds a message rests after a failure; None: as the template says, six minutes
    patience: float = 1_800  # seconds to drain in
    faults: Mapping[str, float] = field(default_factory=lambda: FAULTS)  # shares of calls, see stack.strict.faults


def whole(signers: int) -> Plan:
    """With everything in it. The quota is spent early, so that what rests because of it is back before the end."""
    return Plan(signers, min(signers, 2_000), quota=signers // 5, later=signers // 4)


def short(signers: int) -> Plan:
    """For `make test`: no daily quota and no late repeats, whose pauses last a minute and more by design.

    Slow enough that the outage is not over before somebody has looked.
    """
    return Plan(
        signers, signers, 10, 4.0, refuses_from=0.3, cuts_from=0.55, back_from=0.8,
        ses_rate=40, sender_rate=1_000, rest=2, patience=300,
    )  # fmt: skip
