"""Run one spike from the first post to the last confirmation: sign (with a table outage), drain, confirm."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.spike import crowd
from benchmarks.spike.crowd_process import Answer, Crowd, start_crowd
from benchmarks.spike.faults import TableState
from benchmarks.spike.plan import SpikePlan
from benchmarks.spike.progress import ProgressBars
from benchmarks.spike.proof import number_of, rows
from benchmarks.spike.stage import SLUG, SpikeStack
from stack.console import say
from stack.manage import manage, settings

TICK = 0.25  # seconds
DRAINED = "drained"


@dataclass(frozen=True)
class Moment:
    """What is done and what waits, `at` seconds after the spike began."""

    at: float
    answered: int  # posts that sign and have their last answer
    overflow: int  # messages in the overflow queue
    mail_waiting: int  # messages in both mail queues
    mailed: int  # emails that SES accepted


@dataclass
class SpikeLog:
    """What happened in a spike, for proof, chart and model. `events`: when each event was, in seconds after `began`."""

    plan: SpikePlan
    posts: int  # that sign
    began: float = 0.0  # Unix time, just before the first answer arrived
    moments: list[Moment] = field(default_factory=list)
    events: dict[str, float] = field(default_factory=dict)
    sign_answers: list[Answer] = field(default_factory=list)
    confirm_answers: list[Answer] = field(default_factory=list)
    emulator_faults: dict[str, int] = field(default_factory=dict)  # how often the emulator injected each fault

    @property
    def now(self) -> float:
        return time.time() - self.began

    def add_event(self, event: str) -> None:
        """Record that the event happens now, unless it has happened before."""
        self.events.setdefault(event, round(self.now, 1))

    def as_figures(self) -> dict[str, Any]:
        return {"events_s": self.events, "plan": asdict(self.plan)}


class SpikeRun:
    def __init__(self, spike_stack: SpikeStack, plan: SpikePlan, progress: ProgressBars) -> None:
        self._spike_stack, self._plan, self._progress = spike_stack, plan, progress
        self._posts = crowd.posts_to_sign(SLUG, plan.signers, plan.later)
        self.log = SpikeLog(plan, len(self._posts))

    def run(self) -> SpikeLog:
        self._spike_stack.set_faults(self._plan.faults)
        self._sign()
        self._drain()
        self._confirm()
        self.log.emulator_faults = self._spike_stack.set_faults({})
        return self.log

    def _sign(self) -> None:
        with start_crowd(self._spike_stack.site, self._posts, self._plan) as crowd_process:
            for _ in self._show_progress(crowd_process, "signing"):
                if not crowd_process.answers:  # Locust takes some seconds to start. The spike begins after that.
                    self.log.began = time.time()
                self._set_table_state(crowd_process.settled / len(self._posts))
                self._observe(crowd_process.settled)
            self._set_table_state(share=1)
            self.log.sign_answers = crowd_process.answers
        self.log.add_event("all answered")

    def _set_table_state(self, share: float) -> None:
        """In the middle of the spike, let the table first refuse requests, and then cut connections.

        `share`: the share of posts that are settled (will not be sent again).
        """
        plan, state = self._plan, TableState.AVAILABLE
        if plan.refuses_from <= share < plan.back_from:
            state = TableState.CUTS if share >= plan.cuts_from else TableState.REFUSES
        if state is not self._spike_stack.faults.state:
            self._spike_stack.faults.state = state
            # The other states' texts are verbs, such as "refuses".
            news = "is back" if state is TableState.AVAILABLE else state
            self.log.add_event(f"table {news}")

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
        self.log.add_event(DRAINED)

    def _is_drained(self) -> bool:
        depths = self._observe(answered=len(self._posts))  # Each post has its last answer by now.
        self._progress.show("mailing", len(self._spike_stack.faults.ses.delivered), self._plan.signers)
        if any(depths.values()):
            return False
        # A signature has the attribute `mail_kind` while it waits for an email.
        return all("mail_kind" not in row for row in rows(self._spike_stack))

    def _confirm(self) -> None:
        """Let people confirm with the link in their first email."""
        links: dict[int, str] = {}
        for mail in self._spike_stack.faults.ses.delivered:
            number = number_of(mail.to)
            if mail.token and number is not None:
                links.setdefault(number, mail.token)
        used_links = sorted(links.items())[: self._plan.confirming]
        posts = crowd.posts_to_confirm(used_links)
        with start_crowd(self._spike_stack.site, posts, self._plan) as crowd_process:
            for _ in self._show_progress(crowd_process, "confirming"):
                pass
            self.log.confirm_answers = crowd_process.answers
        self.log.add_event("confirmed")

    def _show_progress(self, crowd_process: Crowd, label: str) -> Iterator[None]:
        """Read the crowd's answers and show their number, four times a second, until no post will be sent again.

        Yield each time, so that the caller can act too.
        """
        while True:
            is_over = crowd_process.is_over
            crowd_process.read_answers()
            self._progress.show(label, crowd_process.settled, len(crowd_process.posts))
            yield
            if is_over:
                return
            time.sleep(TICK)

    def _observe(self, answered: int) -> dict[str, int]:
        """Record a moment, raise SES's quota if it is due, and return the number of messages in each queue.

        `answered`: the number of posts that have their last answer.
        """
        depths, ses = self._spike_stack.depths(), self._spike_stack.faults.ses
        mail = depths["mail"] + depths["other mail"]
        self.log.moments.append(Moment(self.log.now, answered, depths["overflow"], mail, len(ses.delivered)))
        self._raise_the_quota()
        if answered == len(self._posts) and not depths["overflow"]:
            self.log.add_event("overflow drained")
        return depths

    def _raise_the_quota(self) -> None:
        """If the daily quota is used up, raise it after `quota_rest` seconds and resume email, as the runbook says."""
        ses = self._spike_stack.faults.ses
        if not ses.is_spent:
            return
        self.log.add_event("SES quota spent")
        if self.log.now > self.log.events["SES quota spent"] + self._plan.quota_rest:
            ses.raise_quota()
            manage(settings(self._spike_stack.stack), "mail", "resume")
            self.log.add_event("mail resumed")
