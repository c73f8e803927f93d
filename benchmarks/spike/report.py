"""Report a spike, as text and for results.json."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import quantiles
from typing import Any

from benchmarks import machine
from benchmarks.spike.crowd_process import Answer
from benchmarks.spike.delays import email_delays
from benchmarks.spike.proof import Proof, statuses
from benchmarks.spike.rates import rates
from benchmarks.spike.run import SpikeLog
from benchmarks.spike.stage import SpikeStack
from stack.console import bold, dim


def figures(log: SpikeLog, proof: Proof, spike_stack: SpikeStack) -> dict[str, Any]:
    """Return the figures. `p50_ms` and `p99_ms`: from a person's first attempt to the 202.

    `email_delay_…`: as `email_delays` returns them, at SES's rate. If this machine sends more slowly, at its own rate.
    """
    measured_rates = rates(log)
    rate = min(log.plan.ses_rate, measured_rates["mailed"])
    delays = [1_000 * delay for delay in email_delays(log, spike_stack.faults.ses.delivered, rate)]
    waits, confirm_waits = _waits(log.sign_answers), _waits(log.confirm_answers)
    return {
        **proof.as_figures(),
        "signers": log.plan.signers,
        "posts": log.posts,
        "duplicates": log.posts - log.plan.signers,
        "p50_ms": percentile(waits, 50),
        "p99_ms": percentile(waits, 99),
        "email_delay_p50_ms": percentile(delays, 50),
        "email_delay_p99_ms": percentile(delays, 99),
        "email_delay_max_ms": round(max(delays)),
        "answers": statuses(log.sign_answers),
        "views": views(log.sign_answers),
        "views_at_the_api": sum(spike_stack.record.origin_requests.values()),
        "confirm_p50_ms": percentile(confirm_waits, 50),
        "peak_overflow": max(moment.overflow for moment in log.moments),
        "peak_mail_queue": max(moment.mail_waiting for moment in log.moments),
        "faults_met": {
            "table": spike_stack.faults.refused_requests,
            **spike_stack.faults.ses.refused,
            **log.emulator_faults,
        },
        "rates": measured_rates,
        **log.as_figures(),
        "machine": machine.describe(),
    }


def _waits(answers: Sequence[Answer]) -> list[float]:
    """Return the milliseconds until each success."""
    return [answer["ms"] for answer in answers if answer["good"]]


def views(answers: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how often viewers got each status."""
    statuses_seen = Counter[str]()
    for answer in answers:
        statuses_seen.update(answer["seen"])
    return dict(sorted(statuses_seen.items()))


def percentile(values: Sequence[float], which: int) -> int:
    """Return the percentile of at least two values, rounded to a whole number."""
    percentiles = quantiles(values, n=100, method="inclusive")
    return round(percentiles[which - 1])


def report(figures: dict[str, Any]) -> Iterator[str]:
    yield bold(f"{figures['signers']:,} signers, {figures['duplicates']:,} of them twice")
    numbers = ("accepted", "stored", "duplicates", "confirmed", "counted", "mails", "p50_ms", "p99_ms")
    for name in (*numbers, *(f"email_delay_{which}_ms" for which in ("p50", "p99", "max"))):
        yield f"  {name:<18}{figures[name]:>10,}"
    yield dim(f"  viewers: {figures['views']}, of these at the API {figures['views_at_the_api']:,}")
    yield dim(f"  answers: {figures['answers']}; faults met: {figures['faults_met']}")
    yield dim(f"  overflow at most {figures['peak_overflow']:,}, mail queues at most {figures['peak_mail_queue']:,}")
    events = [f"{event} at {when:,.0f} s" for event, when in figures["events_s"].items()]
    yield dim(f"  {', '.join(events)}")
    yield from map(dim, _agreement(figures.get("model", [])))
    yield bold(f"  lost {figures['lost']}, double {figures['double']}, recount agrees: {figures['recount_agrees']}")


def _agreement(model: Sequence[dict[str, Any]]) -> Iterator[str]:
    for row in model:
        yield f"  {row['figure']:<20}{row['measured']:>10,} measured{row['model']:>10,} model{row['off']:>+8.0%}"
