"""Report a spike: as text, for results.json, and as a chart."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from statistics import median_low, quantiles
from typing import Any

from benchmarks import machine
from benchmarks.spike.proof import Proof, number_of
from benchmarks.spike.run import Moment, SpikeLog
from benchmarks.spike.stage import Delivery
from stack.console import bold, dim

# Between these events of a spike, no email can be sent: the table does not answer, or SES's quota is used up.
CLOSED = (
    ("table refuses", "table is back", "table away", "#b00020"),
    ("SES quota spent", "mail resumed", "no mail: quota", "#c77700"),
)
WINDOW = 5.0  # seconds over which the rate of emails is measured
LINES = {
    "answered": ("answered", "#00695c"),
    "mailed": ("mails sent", "#1a5fb4"),
    "overflow": ("in the overflow queue", "#b00020"),
    "mail_waiting": ("in the mail queues", "#c77700"),
}


def figures(log: SpikeLog, proof: Proof, emails: Sequence[Delivery], met: dict[str, int]) -> dict[str, Any]:
    """Return the figures. `p50_ms`: from a person's first attempt to the 202. `email_delay_…`: as `email_delays` says,
    at SES's rate. If this machine sends more slowly, at its own rate.
    """
    mailed = mail_rate(log.moments)
    delays = [1_000 * delay for delay in email_delays(log, emails, min(log.plan.ses_rate, mailed))]
    waits = [answer.ms for answer in log.sign_answers if answer.good]
    statuses = Counter(answer.status for answer in log.sign_answers)
    return {
        **asdict(proof),
        "double": proof.double,
        "signers": log.plan.signers,
        "posts": log.posts,
        "duplicates": log.posts - log.plan.signers,
        "p50_ms": percentile(waits, 50),
        "p99_ms": percentile(waits, 99),
        "email_delay_p50_ms": percentile(delays, 50),
        "email_delay_p99_ms": percentile(delays, 99),
        "email_delay_max_ms": round(max(delays)),
        "answers": {str(status): statuses[status] for status in sorted(statuses)},
        "peak_overflow": max(moment.overflow for moment in log.moments),
        "peak_mail_queue": max(moment.mail_waiting for moment in log.moments),
        "faults_met": met,
        "mailed_per_second": mailed,
        "events_s": log.events,
        "plan": asdict(log.plan),
        "machine": machine.describe(),
    }


def email_delays(log: SpikeLog, emails: Sequence[Delivery], rate: float) -> list[float]:
    """Return by how many seconds each first email came later than SES would have taken it: in the order in which people
    got their 202, `rate` in a second, but none while CLOSED.
    """
    accepted = first_times((answer.who, answer.at) for answer in log.sign_answers if answer.good)
    sent = first_times((number_of(mail.to), mail.at) for mail in emails)
    closed = sorted((log.events[begin], log.events[end]) for begin, end, *_ in CLOSED if end in log.events)
    delays, due = [], 0.0
    for who, at in accepted.items():
        due = max(at, due + 1 / rate)
        for begin, end in closed:
            if begin <= due - log.began < end:
                due = log.began + end
        if who in sent:
            delays.append(max(0.0, sent[who] - due))
    return delays


def first_times(times: Iterable[tuple[int | None, float]]) -> dict[int | None, float]:
    """Return the first time of each person, the earliest first."""
    found: dict[int | None, float] = {}
    for who, at in sorted(times, key=itemgetter(1)):
        found.setdefault(who, at)
    return found


def mail_rate(moments: Sequence[Moment]) -> float:
    """Return the rate at which the median email was sent while emails waited, whatever late ones took; at least 1."""
    rates, first = [1.0], moments[0]
    for moment in moments:
        if moment.at - first.at >= WINDOW:
            if first.mail_waiting and moment.mail_waiting:
                mails = moment.mailed - first.mailed
                rates += [mails / (moment.at - first.at)] * mails
            first = moment
    return round(median_low(rates), 1)


def percentile(values: Sequence[float], which: int) -> int:
    """Return the percentile of at least two values, rounded to a whole number."""
    return round(quantiles(values, n=100, method="inclusive")[which - 1])


def report(figures: dict[str, Any]) -> Iterator[str]:
    yield bold(f"{figures['signers']:,} signers, {figures['duplicates']:,} of them twice")
    numbers = ("accepted", "stored", "duplicates", "confirmed", "counted", "mails", "unmarked", "p50_ms", "p99_ms")
    for name in (*numbers, *(f"email_delay_{which}_ms" for which in ("p50", "p99", "max"))):
        yield f"  {name:<18}{figures[name]:>10,}"
    yield dim(f"  answers: {figures['answers']}; faults met: {figures['faults_met']}")
    yield dim(f"  overflow at most {figures['peak_overflow']:,}, mail queues at most {figures['peak_mail_queue']:,}")
    yield dim("  " + ", ".join(f"{event} at {when:,.0f} s" for event, when in figures["events_s"].items()))
    yield bold(f"  lost {figures['lost']}, double {figures['double']}, recount agrees: {figures['recount_agrees']}")


def draw(log: SpikeLog, path: Path) -> None:
    """Draw the responses, the emails and what waits in the queues over time."""
    from benchmarks.model.charts import POINTS, new_axes, save

    axes = new_axes(f"{log.plan.signers:,} signers (measured, local site)", "seconds", "number", height=3.2)
    fewer = [*log.moments[:: max(1, len(log.moments) // POINTS)], log.moments[-1]]
    for name, (label, colour) in LINES.items():
        axes.plot([each.at for each in fewer], [getattr(each, name) for each in fewer], label=label, color=colour)
    for begins, ends, label, colour in CLOSED:
        if ends in log.events:
            axes.axvspan(log.events[begins], log.events[ends], alpha=0.15, label=label, color=colour, linewidth=0)
    save(axes, path)
