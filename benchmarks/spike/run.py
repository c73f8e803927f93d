"""Run one spike from the first post to the last confirmation: sign (with a table outage), drain, confirm."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.spike import crowd
from benchmarks.spike.crowding import Answer, Crowd, crowd as started_crowd
from benchmarks.spike.faults import TableState
from benchmarks.spike.plan import Plan
from benchmarks.spike.progress import Progress
from benchmarks.spike.proof import number_of, rows
from benchmarks.spike.stage import SLUG, Stage
from stack.console import Failure
from stack.manage import manage, settings

TICK = 0.25


@dataclass(frozen=True)
class Moment:
    """Numbers of posts, messages and emails, `at` seconds after the first post."""

    at: float
    answered: int
    overflow: int
    mail: int
    mailed: int


@dataclass
class Story:
    """The record of a spike, for proof, chart and model. Times of `events` are seconds after the first post."""

    plan: Plan
    posts: int
    began: float = 0.0
    moments: list[Moment] = field(default_factory=list)
    events: dict[str, float] = field(default_factory=dict)
    signed: list[Answer] = field(default_factory=list)
    pressed: list[Answer] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)  # faults of the emulator, by name

    @property
    def now(self) -> float:
        return time.time() - self.began

    def mark(self, event: str) -> None:
        self.events.setdefault(event, round(self.now, 1))

    def as_figures(self) -> dict[str, Any]:
        return {"events_s": self.events, "plan": asdict(self.plan)}


class Run:
    def __init__(self, stage: Stage, plan: Plan, progress: Progress) -> None:
        self._stage, self._plan, self._progress = stage, plan, progress
        posts = crowd.signing(SLUG, plan.signers, plan.later)
        self._posts = posts
        self.story = Story(plan, len(posts))

    def play(self) -> Story:
        self._stage.set_faults(self._plan.faults)
        self._sign()
        self._drain()
        self._confirm()
        self.story.met = self._stage.set_faults({})
        return self.story

    def _sign(self) -> None:
        with started_crowd(self._stage.site, self._posts, self._plan) as signing:
            for _ in self._showing_progress(signing, "signing"):
                if not signing.answers:  # Locust takes some seconds to start.
                    self.story.began = time.time()
                self._break(signing.settled / len(self._posts))
                self._observe(signing.settled)
            self._break(1)
            self.story.signed = signing.answers
        self.story.mark("all answered")

    def _break(self, share: float) -> None:
        """Break the table in the middle of the spike: first it refuses, then it cuts connections."""
        plan, state = self._plan, TableState.THERE
        if plan.refuses_from <= share < plan.back_from:
            state = TableState.CUTS if share >= plan.cuts_from else TableState.REFUSES
        if state is not self._stage.faults.state:
            self._stage.faults.state = state
            self.story.mark("table " + ("is back" if state is TableState.THERE else state))

    def _drain(self) -> None:
        """Wait until all queues are empty and no signature waits for an email."""
        deadline = time.monotonic() + self._plan.patience
        while not self._is_drained():
            if time.monotonic() > deadline:
                raise Failure(f"not drained in {self._plan.patience:.0f} s: {self._stage.depths()}")
            time.sleep(4 * TICK)
        self.story.mark("drained")

    def _is_drained(self) -> bool:
        waiting = self._observe(len(self._posts))
        self._progress.show("mailing", len(self._stage.faults.ses.delivered), self._plan.signers)
        return not any(waiting.values()) and not any("mail_kind" in row for row in rows(self._stage))

    def _confirm(self) -> None:
        """Confirm with the link in each person's first email."""
        links: dict[int, str] = {}
        for mail in self._stage.faults.ses.delivered:
            if mail.token and (number := number_of(mail.to)) is not None:
                links.setdefault(number, mail.token)
        posts = crowd.confirming(sorted(links.items())[: self._plan.confirming])
        with started_crowd(self._stage.site, posts, self._plan) as pressing:
            for _ in self._showing_progress(pressing, "confirming"):
                pass
            self.story.pressed = pressing.answers
        self.story.mark("confirmed")

    def _showing_progress(self, people: Crowd, what: str) -> Iterator[None]:
        while True:
            is_over = people.is_over
            people.look()
            self._progress.show(what, people.settled, len(people.posts))
            yield
            if is_over:
                return
            time.sleep(TICK)

    def _observe(self, answered: int) -> dict[str, int]:
        depths, ses = self._stage.depths(), self._stage.faults.ses
        mail = depths["mail"] + depths["other mail"]
        self.story.moments.append(Moment(self.story.now, answered, depths["overflow"], mail, len(ses.delivered)))
        self._raise_the_quota()
        if answered == len(self._posts) and not depths["overflow"]:
            self.story.mark("overflow drained")
        return depths

    def _raise_the_quota(self) -> None:
        """Act as the runbook says: when the daily quota is used up, raise it and resume email."""
        ses = self._stage.faults.ses
        if not ses.is_spent:
            return
        self.story.mark("SES quota spent")
        if self.story.now > self.story.events["SES quota spent"] + self._plan.quota_rest:
            ses.raise_quota()
            manage(settings(self._stage.stack), "mail", "resume")
            self.story.mark("mail resumed")
