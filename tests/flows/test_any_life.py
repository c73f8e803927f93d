"""Random sequences of requests, queue messages, stream records, schedules and faults against the whole application."""

import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from chalicelib.core.errors import MailRefused, RateExceeded, SendingStopped, Throttled, Unavailable
from chalicelib.petitions.model import PetitionState
from chalicelib.petitions.publish import publish, raise_shards
from chalicelib.projections.recount import recount
from chalicelib.shedding.level import Level, set_level
from chalicelib.tallies.model import By
from tests.flows.recovery import go_well, recover
from tests.flows.supporters import Supporters
from tests.flows.ways import BUT, TROUBLE, WHICH
from tests.flows.world import Trouble

FUNCTIONS = st.sampled_from(["store_overflow", "send_mail", "send_mail", "send_other_mail"])
STREAM_FUNCTIONS = st.sampled_from(["relay_mail", "project_signatures"])
SHARD, SIZE, OVERLAP = st.integers(0, 1), st.sampled_from([1, 3, 30]), st.sampled_from([0, 0, 1, 5])
REFUSALS = st.sampled_from([RateExceeded, SendingStopped, MailRefused, Throttled, Unavailable])
TIMES = st.sampled_from([1, 5, 30, 61, 91, 600, 3600, 7200, 86_400, 13 * 86_400, 16 * 86_400, 61 * 86_400])
KINDS = st.sampled_from(["delivered", "delivered", "delivered", "full", "bounced", "complained"])
FEEDBACK: dict[str, dict[str, Any]] = {
    "bounced": {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
    "full": {"eventType": "Bounce", "bounce": {"bounceType": "Transient"}},
    "complained": {"eventType": "Complaint"},
    "delivered": {"eventType": "Delivery"},
}


class AnyLife(Supporters):
    """Supporters, and everything that AWS and staff may do at the same time."""

    def __init__(self) -> None:
        super().__init__()
        self.checked: object = None

    @rule(function=STREAM_FUNCTIONS, shard=SHARD, size=SIZE, overlap=OVERLAP, trouble=TROUBLE)
    def stream(self, function: str, shard: int, size: int, overlap: int, trouble: Trouble) -> None:
        self.world.stream(function, shard, size, overlap, trouble)

    @rule(function=FUNCTIONS, picks=st.lists(WHICH, min_size=1, max_size=3), late=st.booleans(), trouble=TROUBLE)
    def deliver(self, function: str, picks: list[int], late: bool, trouble: Trouble) -> None:
        """Deliver messages in any order; `late` also redelivers handled ones."""
        channel = self.world.channels[function]
        pool = [*channel.messages, *(channel.handled if late else [])]
        if pool and self.world.is_flowing(function):
            self.world.deliver(function, [pool[which % len(pool)] for which in picks], trouble)

    @rule(seconds=st.sampled_from([0, 61, 61]), but=BUT)
    def deliver_without_faults(self, seconds: int, but: str) -> None:
        self.time_passes(seconds)
        go_well(self.world, but)

    @precondition(lambda self: any(channel.messages or channel.dead for channel in self.world.channels.values()))
    @rule(function=FUNCTIONS, which=st.none() | WHICH)
    def a_message_becomes_a_dead_letter_or_all_are_redriven(self, function: str, which: int | None) -> None:
        channel = self.world.channels[function]
        if which is None:
            channel.redrive()
        elif channel.messages:
            channel.bury(which)

    @rule(refusal=REFUSALS, times=st.integers(1, 4))
    def ses_refuses(self, refusal: type[Exception], times: int) -> None:
        self.world.site.mailer.failures = [refusal() for _ in range(times)]

    @precondition(lambda self: self.world.letters)
    @rule(which=WHICH, kind=KINDS, times=st.integers(1, 2), trouble=TROUBLE)
    def feedback(self, which: int, kind: str, times: int, trouble: Trouble) -> None:
        letter = self._letter(which)
        event = {**FEEDBACK[kind], "mail": {"tags": {name: [value] for name, value in letter.mail.tags.items()}}}
        again = self.world.during(
            "feedback", lambda: self.world.site.deliver("receive_feedback", [event] * times), trouble
        )
        item = self.world.item(letter.identity)
        if again == [] and kind in ("bounced", "complained") and item and "email" in item:
            assert item["undeliverable"] in ("bounced", "complained")
            assert "mail_kind" not in item
            assert not item["updates"]

    @rule(schedule=st.sampled_from(["sweep_mail", "watch_mail", "recount_tallies"]), trouble=TROUBLE)
    def a_schedule_runs(self, schedule: str, trouble: Trouble) -> None:
        self.world.run(schedule, trouble)

    @rule(level=st.sampled_from([Level.NORMAL, Level.SNAPSHOT_ONLY, Level.ACCEPT_ONLY]))
    def shed(self, level: Level) -> None:
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
            self.shaken_at = now
        elif change == "shards":
            more = min(petition.shards + 2, 9)
            raise_shards(petition.slug, more, self.world.tables)
            self.world.petition = petition.model_copy(update={"shards": more})

    @rule(seconds=TIMES)
    def time_passes(self, seconds: int) -> None:
        self.world.site.clock.forward(timedelta(seconds=seconds))
        if seconds > 14 * 86_400:
            self.world.channels["send_mail"].forget()
            self.world.channels["send_other_mail"].forget()

    @rule()
    def expired_items_are_deleted(self) -> None:
        self.world.expire()

    @rule(trouble=TROUBLE)
    def read_the_count(self, trouble: Trouble) -> None:
        path = f"/api/petitions/{self.world.petition.slug}/count"
        answer = self.world.during("get", lambda: self.world.site.get(path), trouble)
        self.shake(trouble)
        if answer is not None and answer.status_code == 200:
            assert self.world.ledger.count_may_be(answer.json_body["count"], answer.json_body["as_of"])

    @rule(really=st.sampled_from([False, False, True]))
    def everything_recovers(self, really: bool) -> None:
        if not really:
            return
        recover(self.world, self.promised)
        self.shaken_at = self.world.now

    def teardown(self) -> None:
        try:
            if sys.exception() is None:
                recover(self.world, self.promised)
        finally:
            self.world.end()

    @invariant()
    def every_breakdown_counts_the_confirmed_signatures(self) -> None:
        state = (len(self.world.tables.log), self.world.now, self.world.petition)
        if state == self.checked:
            return
        self.checked = state
        confirmed = sum(item["state"] == "confirmed" for item in self.world.signatures())
        assert confirmed == self.world.ledger.confirmed
        for by in By:
            counts = self.world.counts(f"?by={by}")
            kept = {row["key"]: row["confirmed"] for row in counts["breakdown"]}
            assert kept == {key: number for key, number in self.world.ledger.sums[by].items() if number}
            assert counts["confirmed"] == sum(kept.values()) == confirmed
        assert not recount(self.world.petition, lambda: self.world.now, self.world.tables).drift

    @invariant()
    def each_person_has_one_signature(self) -> None:
        numbers = Counter(item["sk"] for item in self.world.signatures())
        assert all(number == 1 for number in numbers.values())
        assert len(numbers) <= 3

    @invariant()
    def the_projected_pending_count_is_exact(self) -> None:
        if self.world.is_projected():
            pending = sum(item["state"] == "pending" for item in self.world.signatures())
            assert self.world.counts()["pending"] == pending

    @invariant()
    def a_pending_signature_does_not_expire_before_its_link(self) -> None:
        """Check the last email only: an earlier one may name a later end, from before the petition was set to close."""
        for letter in {letter.identity: letter for letter in self.world.letters}.values():
            item = self.world.item(letter.identity)
            if item and item["state"] == "pending" and letter.until > self.world.now:
                assert item["expires_at"] >= letter.until.timestamp()


def test_any_sequence_of_events_keeps_every_promise(environment: dict[str, str]) -> None:
    run_state_machine_as_test(AnyLife, settings=SETTINGS)


# A failing sequence is not shrunk, because shrinking takes minutes. HYPOTHESIS_PROFILE=deep shrinks.
SETTINGS = hypothesis.settings(stateful_step_count=50)
if hypothesis.settings.get_current_profile_name() == "quick":
    _PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    SETTINGS = hypothesis.settings(SETTINGS, max_examples=80, phases=_PHASES)
