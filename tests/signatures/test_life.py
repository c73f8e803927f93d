"""Random lifecycles of a few signatures: the tally equals the confirmed signatures, and email limits hold.

The overflow queue delivers late, twice and in any order.
"""

import copy
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.aws.table import Change, Item
from chalicelib.core import keys
from chalicelib.core.errors import LinkExpired, NotYet, Unavailable
from chalicelib.core.times import exact
from chalicelib.core.tokens import Purpose, Subject, read
from chalicelib.mail.model import MailRequest
from chalicelib.mail.relay import needs_message
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.petitions.find import forget_petitions
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.changes import Increment, increments, project
from chalicelib.shedding.level import forget_level
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.form import Corrections
from chalicelib.signatures.model import NewSignature
from chalicelib.signatures.sign import sign_from_queue
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdowns, exact_count
from chalicelib.tallies.model import TallyDimension
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    NOW,
    TOKEN_KEYS,
    Person,
    a_mail_context,
    a_published_petition,
    overflow_message,
    signed,
)
from tests.fake_site import link_in, token_in
from tests.streaming import Streaming

RETENTION = timedelta(days=14)
PEOPLE = st.sampled_from([ALICE, BOB, CHARLIE])
COUNTRIES, SOURCES = st.sampled_from(["GB", "NL"]), st.sampled_from([None, "bbc"])


class ResponseLost(Streaming):
    """Can lose the response of the next write that marks an email as sent."""

    loses_response = False

    def _update(self, change: Change, returns: Mapping[str, str]) -> Any:
        item = super()._update(change, returns)
        if self.loses_response and "mails" in change.add:
            self.loses_response = False
            raise Unavailable("storage")
        return item


class Lifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        forget_petitions()
        forget_level()
        self.tables = ResponseLost()
        self.petition = a_published_petition(self.tables)
        self.now = NOW
        self.relayed = self.projected = 0
        self.waiting: list[NewSignature] = []
        self.queue: list[MailRequest] = []
        self.links: list[Subject] = []
        self.mail_times: dict[str, list[datetime]] = defaultdict(list)

    @rule(person=PEOPLE, country=COUNTRIES, source=SOURCES)
    def sign(self, person: Any, country: str, source: str | None) -> None:
        identity = signed(self.tables, self.petition, person, self.now, country=country, source=source)
        item = self.tables.items[keys.signature(self.petition.slug, identity)]
        assert item["state"] in ("pending", "confirmed"), "answered 202 but stored no signature"
        assert item.get("expires_at", 2**40) > self.now.timestamp(), "answered 202 but the signature has expired"

    @rule(person=PEOPLE, country=COUNTRIES, source=SOURCES, is_stored=st.booleans())
    def sign_while_the_table_fails(self, person: Person, country: str, source: str | None, is_stored: bool) -> None:
        """`is_stored`: the table stores the signature, but the response is lost."""
        if is_stored:
            signed(self.tables, self.petition, person, self.now, country=country, source=source)
        self.waiting.append(overflow_message(self.petition, self.now, person, country=country, source=source))

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 100))
    def store(self, which: int) -> None:
        """Store one message and keep it, because SQS may deliver it again until its retention ends."""
        message = self.waiting[which % len(self.waiting)]
        if self.now - message.signature.signed_at >= RETENTION:
            return
        before = copy.deepcopy(self.tables.items.get(message.key))
        sign_from_queue(message, self.now, self.tables)
        after = self.tables.items[message.key]
        if before and before.get("withdrawn_at", "") >= exact(message.signature.signed_at):
            assert after == before, "a later withdrawal wins"
        else:
            assert after["state"] in ("pending", "confirmed"), "answered 202 but stored no signature"
        if before and before["signed_at"] >= signed_at_of(message):
            assert after == before, "the same or a newer signature is stored already"

    @rule()
    def relay(self) -> None:
        self._queue_new_requests(self.relayed)
        self.relayed = len(self.tables.log)

    @rule(first=st.integers(0, 30))
    def relay_again(self, first: int) -> None:
        self._queue_new_requests(first)

    def _queue_new_requests(self, first: int) -> None:
        for _, old, new in self.tables.log[first:]:
            if new and needs_message(old, new):
                state = SIGNATURE_KINDS[new["mail_kind"]].state
                self.queue.append(state.request_of(new))

    @precondition(lambda self: self.queue)
    @rule(which=st.integers(0, 100))
    def deliver(self, which: int) -> None:
        """Deliver one message and leave it in the queue, because SQS may deliver a message again."""
        request = self.queue[which % len(self.queue)]
        try:
            send(request, SIGNATURE_KINDS, a_mail_context(self.keep_mail), self.now, self.tables)
        except NotYet:
            return

    @precondition(lambda self: self.queue)
    @rule(which=st.integers(0, 100))
    def deliver_and_lose_the_response(self, which: int) -> None:
        """The email is marked as sent, but the response of the write is lost."""
        self.tables.loses_response = True
        try:
            self.deliver(which)
        except Unavailable:
            return
        finally:
            self.tables.loses_response = False

    def keep_mail(self, mail: Any) -> None:
        self.mail_times[mail.tags["key"]].append(self.now)
        if mail.tags["kind"] == "confirm":
            token = token_in(link_in(mail, "confirm"))
            self.links.append(read(Purpose.CONFIRM, token, self.now, TOKEN_KEYS))

    @precondition(lambda self: self.links)
    @rule(which=st.integers(0, 100))
    def confirm(self, which: int) -> None:
        try:
            confirm(self.links[which % len(self.links)], Corrections(), self.petition, self.now, self.tables)
        except LinkExpired:
            return

    @precondition(lambda self: self.links)
    @rule(which=st.integers(0, 100))
    def withdraw(self, which: int) -> None:
        withdraw(self.links[which % len(self.links)].key, self.petition, self.now, self.tables)

    @rule(time=st.sampled_from([1, 30, 61, 91, 3600, 86_400, 16 * 86_400]).map(lambda s: timedelta(seconds=s)))
    def let_time_pass(self, time: timedelta) -> None:
        self.now += time

    @rule()
    def delete_expired_items(self) -> None:
        for key, item in list(self.tables.items.items()):
            if key.table == keys.SIGNATURES and item.get("expires_at", 2**40) <= self.now.timestamp():
                assert item["state"] != "confirmed", "a confirmed signature must never expire"
                self.tables.expire(key)

    @rule(overlap=st.integers(0, 5))
    def project(self, overlap: int) -> None:
        found: list[Increment] = []
        for position, old, new in self.tables.log[max(0, self.projected - overlap) :]:
            found += increments(position, old, new, NOW)
        project(found, self.tables)
        self.projected = len(self.tables.log)

    @invariant()
    def the_count_equals_the_confirmed_signatures(self) -> None:
        confirmed = [item for item in self.signatures() if item["state"] == "confirmed"]
        assert exact_count(self.petition, self.now, self.tables).confirmed == len(confirmed)

    @invariant()
    def every_breakdown_sums_to_the_count(self) -> None:
        confirmed = [item for item in self.signatures() if item["state"] == "confirmed"]
        found = breakdowns(self.petition, Days(), self.now, self.tables)
        for breakdown in found:
            assert sum(breakdown.values.values()) == breakdown.confirmed == len(confirmed)
        [by_country] = [breakdown.values for breakdown in found if breakdown.by is TallyDimension.COUNTRY]
        assert by_country == Counter(item["country"] for item in confirmed)

    @invariant()
    def projected_pending_equals_the_pending_signatures(self) -> None:
        if self.projected == len(self.tables.log):
            pending = [item for item in self.signatures() if item["state"] == "pending"]
            assert pending_count(self.petition.slug, self.tables) == len(pending)

    @invariant()
    def email_limits_hold(self) -> None:
        for times in self.mail_times.values():
            for before, after in pairwise(times):
                assert after - before >= timedelta(minutes=1)
            for period, most in ((timedelta(hours=1), 3), (timedelta(days=1), 8)):
                # `after` is `most` emails later than `before`.
                for before, after in zip(times, times[most:], strict=False):
                    assert after - before >= period

    def signatures(self) -> list[Item]:
        return [item for key, item in self.tables.items.items() if key.table == keys.SIGNATURES]


def signed_at_of(message: NewSignature) -> str:
    return message.signature.signed_at.strftime("%Y-%m-%dT%H:%M:%SZ")


TestLifecycle = Lifecycle.TestCase
# The quick profile does not shrink failures, because that takes a minute. The other profiles do.
_QUICK = hypothesis.settings.get_current_profile_name() == "quick"
_PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
TestLifecycle.settings = hypothesis.settings(
    max_examples=30, stateful_step_count=40, phases=_PHASES if _QUICK else tuple(hypothesis.Phase)
)
