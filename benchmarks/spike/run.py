"""Run one spike from the first post to the last confirmation: sign (with a table outage), drain, confirm."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.spike import crowd
from benchmarks.spike.crowd_process import Answer, Crowd, start_crowd
from benchmarks.spike.faults import TableState
from benchmarks.spike.plan import Plan
from benchmarks.spike.progress import Progress
from benchmarks.spike.proof import number_of, rows
from benchmarks.spike.stage import SLUG, SpikeStack
from stack.console import say
from stack.manage import manage, settings

TICK = 0.25
DRAINED = "drained"


@dataclass(frozen=True)
class Moment:
    """Numbers of posts, messages and emails, `at` seconds after the first post."""

    at: float
    answered: int
    overflow: int
    mail: int
    mailed: int


@dataclass
class SpikeLog:
    """What happened in a spike, for proof, chart and model. Times of `events` are seconds after the first post."""

    plan: Plan
    posts: int
    began: float = 0.0
    moments: list[Moment] = field(default_factory=list)
    events: dict[str, float] = field(default_factory=dict)
    sign_answers: list[Answer] = field(default_factory=list)
    confirm_answers: list[Answer] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)  # faults of the emulator, by name

    @property
    def now(self) -> float:
        return time.time() - self.began

    def mark(self, event: str) -> None:
        self.events.setdefault(event, round(self.now, 1))

    def as_figures(self) -> dict[str, Any]:
        return {"events_s": self.events, "plan": asdict(self.plan)}


class SpikeRun:
    def __init__(self, spike_stack: SpikeStack, plan: Plan, progress: Progress) -> None:
        self._spike_stack, self._plan, self._progress = spike_stack, plan, progress
        posts = crowd.signing(SLUG, plan.signers, plan.later)
        self._posts = posts
        self.log = SpikeLog(plan, len(posts))

    def run(self) -> SpikeLog:
        self._spike_stack.set_faults(self._plan.faults)
        self._sign()
        self._drain()
        self._confirm()
        self.log.met = self._spike_stack.set_faults({})
        return self.log

    def _sign(self) -> None:
        with start_crowd(self._spike_stack.site, self._posts, self._plan) as process:
            for _ in self._show_progress(process, "signing"):
                if not process.answers:  # Locust takes some seconds to start.
                    self.log.began = time.time()
                self._set_table_state(process.settled / len(self._posts))
                self._observe(process.settled)
            self._set_table_state(1)
            self.log.sign_answers = process.answers
        self.log.mark("all answered")

    def _set_table_state(self, share: float) -> None:
        """In the middle of the spike, let the table first refuse requests, and then cut connections.

        `share`: the share of posts that are settled.
        """
        plan, state = self._plan, TableState.THERE
        if plan.refuses_from <= share < plan.back_from:
            state = TableState.CUTS if share >= plan.cuts_from else TableState.REFUSES
        if state is not self._spike_stack.faults.state:
            self._spike_stack.faults.state = state
            self.log.mark("table " + ("is back" if state is TableState.THERE else state))

    def _drain(self) -> None:
        """Wait until all queues are empty and no signature waits for an email.

        If that takes too long, go on: the proof shows what is missing.
        """
        deadline = time.monotonic() + self._plan.patience
        while not self._is_drained():
            if time.monotonic() > deadline:
                say(f"Not drained in {self._plan.patience:.0f} s: {self._spike_stack.depths()}")
                return
            time.sleep(4 * TICK)
        self.log.mark(DRAINED)

    def _is_drained(self) -> bool:
        waiting = self._observe(len(self._posts))
        self._progress.show("mailing", len(self._spike_stack.faults.ses.delivered), self._plan.signers)
        return not any(waiting.values()) and not any("mail_kind" in row for row in rows(self._spike_stack))

    def _confirm(self) -> None:
        """Confirm with the link in each person's first email."""
        links: dict[int, str] = {}
        for mail in self._spike_stack.faults.ses.delivered:
            if mail.token and (number := number_of(mail.to)) is not None:
                links.setdefault(number, mail.token)
        posts = crowd.confirming(sorted(links.items())[: self._plan.confirming])
        with start_crowd(self._spike_stack.site, posts, self._plan) as process:
            for _ in self._show_progress(process, "confirming"):
                pass
            self.log.confirm_answers = process.answers
        self.log.mark("confirmed")

    def _show_progress(self, crowd_process: Crowd, label: str) -> Iterator[None]:
        while True:
            is_over = crowd_process.is_over
            crowd_process.read_answers()
            self._progress.show(label, crowd_process.settled, len(crowd_process.posts))
            yield
            if is_over:
                return
            time.sleep(TICK)

    def _observe(self, answered: int) -> dict[str, int]:
        depths, ses = self._spike_stack.depths(), self._spike_stack.faults.ses
        mail = depths["mail"] + depths["other mail"]
        self.log.moments.append(Moment(self.log.now, answered, depths["overflow"], mail, len(ses.delivered)))
        self._raise_the_quota()
        if answered == len(self._posts) and not depths["overflow"]:
            self.log.mark("overflow drained")
        return depths

    def _raise_the_quota(self) -> None:
        """Do what the runbook says: if the daily quota is used up, raise it and resume email."""
        ses = self._spike_stack.faults.ses
        if not ses.is_spent:
            return
        self.log.mark("SES quota spent")
        if self.log.now > self.log.events["SES quota spent"] + self._plan.quota_rest:
            ses.raise_quota()
            manage(settings(self._spike_stack.stack), "mail", "resume")
            self.log.mark("mail resumed")
