"""Run one spike from the first post to the last confirmation: sign (with a table outage), drain, confirm."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.spike.crowd import Crowd, Post, PostAnswer, posts_to_confirm, posts_to_sign
from benchmarks.spike.plan import SpikePlan
from benchmarks.spike.proof import number_of
from benchmarks.spike.stage import SLUG, SpikeSite
from stack.console import dim, say
from stack.judge.faults import DAY_SPENT
from stack.manage import manage

TICK, SAY_EVERY = 0.5, 10.0  # seconds
DRAINED = "drained"
# How the signatures table behaves in the outage: by the event that begins it.
OUTAGE = {"table refuses": {"table-throttled": 1.0}, "table cuts connections": {"table-cut": 1.0}, "table is back": {}}


class Moment(NamedTuple):
    """What is done and what waits, `at` seconds after the spike began."""

    at: float
    answered: int  # posts that sign and have their last answer
    overflow: int  # messages in the overflow queue
    mail_waiting: int  # messages in both mail queues
    mailed: int  # emails that SES accepted


@dataclass
class SpikeLog:
    """What happened in a spike. `events`: when each event was, in seconds after `began` (Unix time)."""

    plan: SpikePlan
    posts: int  # that sign
    began: float = 0.0
    moments: list[Moment] = field(default_factory=list)
    events: dict[str, float] = field(default_factory=dict)
    sign_answers: list[PostAnswer] = field(default_factory=list)
    confirm_answers: list[PostAnswer] = field(default_factory=list)

    def add_event(self, event: str) -> None:
        """Record that the event happens now, unless it has happened before."""
        self.events.setdefault(event, round(time.time() - self.began, 1))


class SpikeRun:
    def __init__(self, site: SpikeSite, plan: SpikePlan) -> None:
        self._site, self._plan = site, plan
        self._posts = posts_to_sign(SLUG, plan.signers, plan.later)
        self._said_at = 0.0
        self.log = SpikeLog(plan, len(self._posts))

    def run(self) -> SpikeLog:
        self._site.local.set_faults(self._plan.faults)
        self.log.began = time.time()
        self.log.sign_answers = self._send(self._posts)
        self._set_table_state(1.0)
        self.log.add_event("all answered")
        self._drain()
        self.log.confirm_answers = self._send(self._posts_to_confirm())
        self.log.add_event("confirmed")
        return self.log

    def _send(self, posts: list[Post]) -> list[PostAnswer]:
        """Let a crowd send the posts. Meanwhile, take the table away and bring it back, and observe."""
        crowd = Crowd(self._site.local.url, posts, self._plan.at_once, self._plan.pace)
        while crowd.thread.is_alive():
            self._set_table_state(crowd.settled / len(posts))
            self._observe(crowd.settled if posts is self._posts else len(self._posts))
            time.sleep(TICK)
        return crowd.answers

    def _set_table_state(self, share: float) -> None:
        """In the middle of the spike, let the table first refuse requests, and then cut connections."""
        begins = (self._plan.refuses_from, self._plan.cuts_from, self._plan.back_from)
        for (event, rates), begin in zip(OUTAGE.items(), begins, strict=True):
            if share >= begin and event not in self.log.events:
                self._site.faults(seconds=0, rates=rates, table=self._site.local.settings["SIGNATURES_TABLE"])
                self.log.add_event(event)

    def _drain(self) -> None:
        """Wait until all queues are empty and no signature waits for an email (`mail_kind`), but not too long."""
        deadline = time.monotonic() + self._plan.patience
        while any(self._observe(len(self._posts)).values()) or any("mail_kind" in row for row in self._site.rows()):
            if time.monotonic() > deadline:
                say(f"Not drained in {self._plan.patience:.0f} s: {self._site.depths()}")
                return
            time.sleep(2 * TICK)
        self.log.add_event(DRAINED)

    def _posts_to_confirm(self) -> list[Post]:
        """Return the posts of people who confirm with the link in their first email."""
        links: dict[int, str] = {}
        for mail in self._site.emails():
            number = number_of(mail.to)
            if mail.token and number is not None:
                links.setdefault(number, mail.token)
        return posts_to_confirm(sorted(links.items())[: self._plan.confirming])

    def _observe(self, answered: int) -> dict[str, int]:
        """Record a moment, raise SES's quota if it is due, and return the number of messages in each queue."""
        # The judge counts the emails. To list them all twice a second would keep the emulator busy with nothing else.
        depths, met, at = self._site.depths(), self._site.faults(), time.time() - self.log.began
        mailed, mail = met["mail_sent"], depths["mail"] + depths["other mail"]
        self.log.moments.append(Moment(at, answered, depths["overflow"], mail, mailed))
        self._raise_the_quota(met["mail_refused"])
        if answered == len(self._posts) and not depths["overflow"]:
            self.log.add_event("overflow drained")
        if at - self._said_at >= SAY_EVERY:
            self._said_at = at
            say(dim(f"{at:.0f} s: {answered:,} of {len(self._posts):,} answered, {mailed:,} emails, waiting: {depths}"))
        return depths

    def _raise_the_quota(self, refused: Mapping[str, int]) -> None:
        """When the daily quota is used up, wait, raise it and resume email, as the runbook says."""
        if refused.get(DAY_SPENT) and "mail resumed" not in self.log.events:
            self.log.add_event("SES quota spent")
            if time.time() - self.log.began > self.log.events["SES quota spent"] + self._plan.quota_rest:
                self._site.faults(mail={"rate": self._plan.ses_rate})
                manage({**self._site.local.settings}, "mail", "resume")
                self.log.add_event("mail resumed")
