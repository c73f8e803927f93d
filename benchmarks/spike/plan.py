"""How large a spike is, and what goes wrong in it."""

from dataclasses import dataclass


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
    patience: float = 1_200  # seconds to drain in


def whole(signers: int) -> Plan:
    """With everything in it. The quota is spent early, so that what rests because of it is back before the end."""
    return Plan(signers, min(signers, 2_000), quota=signers // 5, later=signers // 4)


def short(signers: int) -> Plan:
    """For `make test`: no daily quota and no late repeats, whose pauses last a minute and more by design.

    Slow enough that the outage is not over before somebody has looked.
    """
    return Plan(
        signers, signers, 10, 4.0, refuses_from=0.3, cuts_from=0.55, back_from=0.8,
        ses_rate=40, sender_rate=1_000, rest=2, patience=90,
    )  # fmt: skip
