"""Random sequences of requests, queue messages, stream records, schedules and faults against the whole application."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from chalicelib.core.errors import MailRefused, RateExceeded, SendingStopped, Throttled, Unavailable
from chalicelib.petitions.edit import publish, raise_shards
from chalicelib.petitions.model import PetitionState
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, set_level
from chalicelib.tallies.model import TallyDimension
from tests.actors import Person, identity_of
from tests.faults.injection import Faults
from tests.flows.ledger import without_zeros
from tests.flows.recovery import deliver_everything, recover
from tests.flows.supporters import SLUG, Supporters
from tests.flows.ways import FAULTS, INDEXES, OUTAGES, PEOPLE, SOME_INDEXES, SPELLINGS, WAYS, Way
from tests.flows.world import NO_FAULTS

QUEUE_WORKERS = st.sampled_from(["store_overflow", "send_mail", "send_mail", "send_other_mail", "run_address_job"])
BATCH_SIZES = {"run_address_job": 1}
STREAM_WORKERS = st.sampled_from(["relay_mail", "project_signatures"])
SHARDS, SIZES, OVERLAPS = st.integers(0, 1), st.sampled_from([1, 3, 30]), st.sampled_from([0, 0, 1, 5])
REFUSALS = st.sampled_from([RateExceeded, SendingStopped, MailRefused, Throttled, Unavailable])
TIMES = st.sampled_from([1, 5, 30, 61, 91, 600, 3600, 7200, 86_400, 13 * 86_400, 16 * 86_400, 61 * 86_400])
KINDS = st.sampled_from(["delivered", "delivered", "delivered", "full", "bounced", "complained"])
FEEDBACK: dict[str, dict[str, Any]] = {
    "bounced": {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
    "full": {"eventType": "Bounce", "bounce": {"bounceType": "Transient"}},
    "complained": {"eventType": "Complaint"},
    "delivered": {"eventType": "Delivery"},
}

PATH = f"/api/staff/petitions/{SLUG}"
MEANT = st.sampled_from([{"name": "*"}, {"name": "*a*"}, {"source": "bbc"}, {"domain": "mailinator.com"}, *SPELLINGS])
STEPS = st.lists(st.sampled_from(["confirm", "remove", "undo", "release", "withdraw", "sign"]), max_size=3)
# Most random steps end before anything is put back.
USUAL = st.sampled_from([["remove", "undo"], ["remove"], ["release", "remove", "undo"], []])
ALL_STEPS = st.builds(lambda before, usual, after: [*before, *usual, *after], STEPS, USUAL, STEPS)


@hypothesis.seed(3)  # With this sample, the test also found bugs that were planted and that a short run can miss.
class AnyLife(Supporters):
    """The actions of supporters, and everything that AWS and staff may do at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.checked_state: object = None
        self.removals: list[str] = []

    @rule(way=WAYS, steps=ALL_STEPS, meant=MEANT, waits=st.booleans(), faults=FAULTS)
    def clean_up(
        self, way: Way, steps: Sequence[str], meant: Person | dict[str, str], waits: bool, faults: Faults
    ) -> None:
        """After a confirmation, staff and its owner act in any order. If it `waits`, jobs are run by other rules."""
        self.follow(replace(way, outage="", change="", last_step="confirm"))
        condition = meant if isinstance(meant, dict) else {"ids": [identity_of(self.world.petition, meant)]}
        for step in steps:
            if step == "remove":
                self._remove(condition)
            elif step == "undo" and self.removals:
                self._start(f"removals/{self.removals[-1]}/undo", None)
            elif step == "release":
                self._start("held/release", {"condition": {}, "reason": "Real people"})
            elif step == "sign":
                self._sign_by_json(way.signer, way.country, way.source, NO_FAULTS)
            elif self.world.emails:
                self._take_last_step(self.world.emails[-1], step, NO_FAULTS)
            if not waits:
                self._work(faults)

    def _remove(self, condition: Any) -> None:
        started = self._start("removals", {"condition": condition, "reason": "One network"})
        if started:
            self.removals.append(started["id"])

    def _start(self, path: str, body: Any) -> Any:
        """Return what the answer says of the started job, or None if another runs."""
        answer = self.world.run("staff", lambda: self.world.post_as_bob(f"{PATH}/{path}", body))
        assert answer is not None
        assert answer.status_code in (202, 409), answer.body
        return answer.json_body if answer.status_code == 202 else None

    def _work(self, faults: Faults) -> None:
        """Run the job, first with faults, then as SQS delivers its message again."""
        for each in (faults, NO_FAULTS, NO_FAULTS):
            messages = self.world.channels["run_address_job"].messages
            if messages:
                self.world.deliver("run_address_job", messages[:1], each)

    @rule(function=STREAM_WORKERS, shard=SHARDS, size=SIZES, overlap=OVERLAPS, faults=FAULTS)
    def read_stream(self, function: str, shard: int, size: int, overlap: int, faults: Faults) -> None:
        self.world.read_stream(function, shard, size, overlap, faults)

    @rule(function=QUEUE_WORKERS, indexes=SOME_INDEXES, redeliver=st.booleans(), faults=FAULTS)
    def deliver(self, function: str, indexes: list[int], redeliver: bool, faults: Faults) -> None:
        """Deliver messages in any order; with `redeliver`, perhaps also handled messages."""
        channel = self.world.channels[function]
        pool = [*channel.messages, *channel.handled] if redeliver else channel.messages
        if pool and self.world.has_open_source(function):
            batch = [pool[index % len(pool)] for index in indexes]
            self.world.deliver(function, batch[: BATCH_SIZES.get(function, 10)], faults)

    @rule(seconds=st.sampled_from([0, 61, 61]), outage=OUTAGES)
    def deliver_without_faults(self, seconds: int, outage: str) -> None:
        self.time_passes(seconds)
        deliver_everything(self.world, outage)

    @precondition(lambda self: any(queue.messages or queue.dead_letters for queue in self.world.channels.values()))
    @rule(function=QUEUE_WORKERS, index=st.none() | INDEXES)
    def a_message_becomes_a_dead_letter_or_all_are_redriven(self, function: str, index: int | None) -> None:
        channel = self.world.channels[function]
        if index is None:
            channel.redrive()
        elif channel.messages:
            channel.move_to_dead_letters(index)

    @rule(refusal=REFUSALS, times=st.integers(1, 4))
    def ses_refuses(self, refusal: type[Exception], times: int) -> None:
        self.world.site.mailer.failures = [refusal() for _ in range(times)]

    @precondition(lambda self: self.world.emails)
    @rule(index=INDEXES, kind=KINDS, times=st.integers(1, 2), faults=FAULTS)
    def ses_sends_feedback(self, index: int, kind: str, times: int, faults: Faults) -> None:
        email = self._email(index)
        tags = {name: [value] for name, value in email.mail.tags.items()}
        events = [{**FEEDBACK[kind], "mail": {"tags": tags}}] * times
        failed_ids = self.world.run("feedback", lambda: self.world.site.deliver("receive_feedback", events), faults)
        if failed_ids != [] or kind not in ("bounced", "complained"):
            return
        item = self.world.item(email.identity)
        if item and "email" in item:
            assert item["undeliverable"] in ("bounced", "complained")
            assert "mail_kind" not in item
            assert not item["updates"]

    @rule(schedule=st.sampled_from(["sweep", "watch", "recount_tallies"]), faults=FAULTS)
    def a_schedule_runs(self, schedule: str, faults: Faults) -> None:
        self.world.run_schedule(schedule, faults)

    @rule(level=st.sampled_from([Level.NORMAL, Level.SNAPSHOT_ONLY, Level.ACCEPT_ONLY]))
    def set_shedding_level(self, level: Level) -> None:
        set_level(level, self.world.tables)

    @rule(change=st.sampled_from(["close", "close soon", "open", "open", "open", "pause", "remove", "edit", "shards"]))
    def the_petition_changes(self, change: str) -> None:
        self.change(change)

    def change(self, change: str) -> None:
        petition, now = self.world.petition, self.world.now
        changes: dict[str, dict[str, Any]] = {
            "close": {"state": PetitionState.CLOSED, "closes_at": now},
            "close soon": {"state": PetitionState.OPEN, "closes_at": now + timedelta(hours=1)},
            "open": {"state": PetitionState.OPEN, "closes_at": None},
            "pause": {"state": PetitionState.PAUSED, "paused_at": now},
            "remove": {"state": PetitionState.REMOVED},
            "edit": {"text": f"{petition.text}!"[:400], "sign_wording": f"I sign this, {now:%d %H %M}"},
        }
        if change in changes:
            self.world.petition = publish(petition.model_copy(update=changes[change]), now, self.world.tables)
            self.last_unsettled_at = now
        elif change == "shards":
            more = min(petition.shards + 2, 9)
            raise_shards(petition.slug, more, self.world.tables)
            self.world.petition = petition.model_copy(update={"shards": more})

    @rule(seconds=TIMES)
    def time_passes(self, seconds: int) -> None:
        self.world.site.clock.forward(timedelta(seconds=seconds))
        if seconds > 14 * 86_400:
            self.world.channels["send_mail"].expire()
            self.world.channels["send_other_mail"].expire()

    @rule()
    def expired_items_are_deleted(self) -> None:
        self.world.expire_items()

    @rule(faults=FAULTS)
    def read_the_count(self, faults: Faults) -> None:
        path = f"/api/petitions/{self.world.petition.slug}/count"
        answer = self.world.run("get", lambda: self.world.site.get(path), faults)
        self.note_faults(faults)
        if answer is not None and answer.status_code == 200:
            shown = answer.json_body
            assert self.world.ledger.is_possible_count(shown["count"], shown["as_of"])

    @rule(really=st.sampled_from([False, False, True]))
    def everything_recovers(self, really: bool) -> None:
        if not really:
            return
        recover(self.world, self.promised)
        self.last_unsettled_at = self.world.now

    def teardown(self) -> None:
        try:
            if sys.exception() is None:
                recover(self.world, self.promised)
        finally:
            self.world.end()

    @invariant()
    def every_breakdown_counts_the_confirmed_signatures(self) -> None:
        state = (len(self.world.tables.log), self.world.now, self.world.petition)
        if state == self.checked_state:
            return
        self.checked_state = state
        confirmed = sum(item["state"] == "confirmed" for item in self.world.signatures())
        assert confirmed == self.world.ledger.confirmed
        for by in TallyDimension:
            counts = self.world.counts(f"?by={by}")
            breakdown = {row["key"]: row["confirmed"] for row in counts["breakdown"]}
            assert breakdown == without_zeros(self.world.ledger.sums[by])
            assert counts["confirmed"] == sum(breakdown.values()) == confirmed
        assert not recount(self.world.petition, lambda: self.world.now, self.world.tables).drift

    @invariant()
    def each_person_has_one_signature(self) -> None:
        numbers = Counter(item["sk"] for item in self.world.signatures())
        assert all(number == 1 for number in numbers.values())
        assert len(numbers) <= len(PEOPLE)

    @invariant()
    def the_projected_pending_count_is_exact(self) -> None:
        if self.world.is_projected():
            pending = sum(item["state"] == "pending" for item in self.world.signatures())
            assert self.world.counts()["pending"] == pending

    @invariant()
    def a_pending_signature_does_not_expire_before_its_link(self) -> None:
        """Check only each person's last email. Earlier emails may show a later end than the petition has now."""
        last_emails = {email.identity: email for email in self.world.emails}
        for email in last_emails.values():
            item = self.world.item(email.identity)
            if item and item["state"] == "pending" and email.link_expiry > self.world.now:
                assert item["expires_at"] >= email.link_expiry.timestamp()


# `make test` plays a few lives, `make slow` more. There a failing sequence is not shrunk, because that takes minutes.
LIVES = {"quick": 8, "slow": 80}
SETTINGS = hypothesis.settings(stateful_step_count=50)
if lives := LIVES.get(hypothesis.settings.get_current_profile_name()):
    SETTINGS = hypothesis.settings(SETTINGS, max_examples=lives, phases=[hypothesis.Phase.generate])


@pytest.mark.hypothesis
def test_any_sequence_of_events_keeps_every_promise(environment: dict[str, str]) -> None:
    run_state_machine_as_test(AnyLife, settings=SETTINGS)
