"""How long each person's first email waited for us, and not for SES."""

from collections.abc import Iterable, Sequence
from operator import itemgetter

from benchmarks.spike.proof import number_of
from benchmarks.spike.run import SpikeLog
from benchmarks.spike.ses import Delivery

# Between these events of a spike, no email can be sent: the table does not answer, or SES's quota is used up.
CLOSED = (("table refuses", "table is back"), ("SES quota spent", "mail resumed"))


def email_delays(log: SpikeLog, emails: Sequence[Delivery], rate: float) -> list[float]:
    """Return by how many seconds each first email came later than SES would have taken it.

    SES would have taken the emails in the order in which people got their 202, `rate` in a second, but none while
    CLOSED.
    """
    accepted = _first((answer["who"], answer["at"]) for answer in log.sign_answers if answer["good"])
    sent = _first((number_of(mail.to), mail.at) for mail in emails)
    closed = sorted((log.events[begin], log.events[end]) for begin, end in CLOSED if end in log.events)
    delays, due = [], 0.0
    for who, at in sorted(accepted.items(), key=itemgetter(1)):
        due = max(at, due + 1 / rate)
        for begin, end in closed:
            if begin <= due - log.began < end:
                due = log.began + end
        if who in sent:
            delays.append(max(0.0, sent[who] - due))
    return delays


def _first(times: Iterable[tuple[int | None, float]]) -> dict[int | None, float]:
    """Return the first time of each person."""
    found: dict[int | None, float] = {}
    for who, at in times:
        found.setdefault(who, at)
    return found
