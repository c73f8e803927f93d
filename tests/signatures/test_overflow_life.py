"""The life of a signature, with a queue that delivers late and twice."""

import copy
from datetime import timedelta

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chalicelib.core.times import exact
from chalicelib.signatures.model import NewSignature
from chalicelib.signatures.sign import sign_from_queue
from tests.actors import Person, overflow_message, signed
from tests.signatures import test_life as life

RETENTION = timedelta(days=14)


class LifecycleWithOverflow(life.Lifecycle):
    """A lifecycle with a table that fails before or after the put, and with messages in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[NewSignature] = []

    @rule(person=life.PEOPLE, country=life.COUNTRIES, source=life.SOURCES, is_stored=st.booleans())
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


def signed_at_of(message: NewSignature) -> str:
    return message.signature.signed_at.strftime("%Y-%m-%dT%H:%M:%SZ")


TestLifecycleWithOverflow = LifecycleWithOverflow.TestCase
TestLifecycleWithOverflow.settings = hypothesis.settings(life.TestLifecycle.settings)
