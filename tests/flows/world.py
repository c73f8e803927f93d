"""The whole application and a fake AWS in one process. Nothing runs unless a test runs it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
from chalice.test import HTTPResponse

from chalicelib.aws.email import Mail
from chalicelib.core.keys import SIGNATURES
from chalicelib.core.rights import Right
from chalicelib.core.tokens import CONFIRM_LIFETIME, Purpose, payload_of
from chalicelib.delivery.worker import TASKS
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.petitions.edit import publish
from chalicelib.runner.worker import run_address_job
from chalicelib.signatures.model import CLOCK_SKEW
from chalicelib.staff.tokens import issue
from tests.actors import NOW, TOKEN_KEYS, a_petition
from tests.asking import ask
from tests.fake_site import (
    FakeSite,
    a_fake_site,
    context,
    forget_process_state,
    link_in,
    schedule_event,
    sqs_event,
    stream_event,
    token_in,
    wire,
)
from tests.fakes import FakeQueue
from tests.faults.injection import Faults, Injection, Killed, Target, restore
from tests.flows.ledger import NEVER, Event, Ledger, checked_totals, link_expiry, signature_id_in
from tests.located import give_table
from tests.streaming import Record, Streaming

# The most handled messages that are kept, because they may be delivered again.
MOST_HANDLED = 30


class Channel(FakeQueue):
    """A queue whose messages a test delivers in any order. It keeps handled messages and dead letters."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: list[Mapping[str, Any]] = []
        self.dead_letters: list[Mapping[str, Any]] = []

    def mark_handled(self, message: Mapping[str, Any]) -> None:
        if message in self.messages:
            self.messages.remove(message)
            self.handled = [*self.handled, message][-MOST_HANDLED:]

    def move_to_dead_letters(self, index: int) -> None:
        self.dead_letters.append(self.messages.pop(index % len(self.messages)))

    def redrive(self) -> None:
        self.messages += self.dead_letters
        self.dead_letters.clear()

    def expire(self) -> None:
        """Delete all messages, as SQS does after 14 days."""
        for messages in (self.messages, self.handled, self.dead_letters):
            messages.clear()


@dataclass(frozen=True)
class ReceivedEmail:
    """A received email. `link_expiry`: until then, its link to confirm must work."""

    mail: Mail
    link_expiry: datetime

    @property
    def identity(self) -> str:
        return signature_id_in(self.mail.tags["key"])

    def link(self, purpose: str) -> str:
        return link_in(self.mail, purpose)

    def is_older_than(self, withdrawal: str | None) -> bool:
        """Return whether its link to confirm was issued more than a minute before the withdrawal."""
        if withdrawal is None:
            return False
        _, expires = payload_of(Purpose.CONFIRM, token_in(self.link("confirm")), TOKEN_KEYS)
        issued_at = expires - CONFIRM_LIFETIME
        withdrawn_at = datetime.fromisoformat(withdrawal).replace(microsecond=0)
        return withdrawn_at > issued_at + CLOCK_SKEW


Result = TypeVar("Result")
NO_FAULTS: Faults = {}
STREAM_SHARDS = 2
# Those that read a queue.
FUNCTIONS = ("send_mail", "store_overflow", "send_other_mail", "run_address_job")


class World:
    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        logging.disable()
        self.tables = Streaming()
        self.channels = {name: Channel() for name in FUNCTIONS}
        *queues, jobs = self.channels.values()
        self.site: FakeSite = a_fake_site(self.tables, queues)
        self.site.address_jobs = jobs
        self.tables.clock = self.site.clock
        wire(self.site, self.patch)
        give_table(self.patch)
        self.patch.setattr("chalicelib.core.caching.monotonic", lambda: self.now.timestamp())
        forget_process_state()
        self.ledger = Ledger()
        self.emails: list[ReceivedEmail] = []
        self.recorded_changes = 0
        functions = ("relay_mail", "project_signatures")
        self.positions = {(function, shard): 0 for function in functions for shard in range(STREAM_SHARDS)}
        self.petition = publish(a_petition(), NOW, self.tables)
        self.bobs_token = issue("bob", [Right.COUNTS, Right.MANAGE], NOW, NOW + timedelta(days=9999), self.tables)

    def end(self) -> None:
        self.patch.undo()
        logging.disable(logging.NOTSET)

    @property
    def now(self) -> datetime:
        return self.site.clock.moment

    def run(self, name: str, act: Callable[[], Result], faults: Faults = NO_FAULTS) -> Result | None:
        """Run `act` and record it in the ledger. Return None if the process was killed or the whole run failed."""
        sent_before = len(self.site.mailer.mails)
        had_faults = bool(faults or self.site.mailer.failures)
        try:
            with suppress(Killed, BatchFailed, RunFailed):
                return self._with_faults(faults, act)
            return None
        finally:
            mails = self.site.mailer.mails[sent_before:]
            records = self.tables.log[self.recorded_changes :]
            self.recorded_changes = len(self.tables.log)
            self.emails += [ReceivedEmail(mail, link_expiry(self.now)) for mail in mails]
            self.ledger.record(Event(name, self.now, self.petition, had_faults), records, mails)

    def _with_faults(self, faults: Faults, act: Callable[[], Result]) -> Result:
        if not faults:
            return act()
        injection = Injection(faults)
        targets: list[Target] = [self.tables, self.site.mailer, *self.channels.values()]
        injection.into(*targets)
        try:
            return act()
        finally:
            restore(*targets)

    def run_schedule(self, schedule: str, faults: Faults = NO_FAULTS) -> None:
        """Run a scheduled function. `schedule`: its name, or that of a task of check_mail."""
        function, event = ("check_mail", {"task": schedule}) if schedule in TASKS else (schedule, schedule_event())
        self.run(schedule, lambda: self.site.invoke(function, event), faults)

    def records(self, shard: int) -> list[Record]:
        """Return a shard's records. The order is kept for each partition only, as in a real stream."""
        return [record for record in self.tables.log if _shard(record) == shard]

    def read_stream(self, function: str, shard: int, size: int, overlap: int = 0, faults: Faults = NO_FAULTS) -> None:
        """Process the shard's next records, and `overlap` earlier ones again. After a failure, the position stays."""
        position = self.positions[function, shard]
        first = max(0, position - overlap)
        batch = self.records(shard)[first : position + size]
        if not batch:
            return

        def process() -> bool:
            self.site.invoke(function, stream_event(batch, self.tables.times_by_sequence))
            return True

        if self.run(function, process, faults):
            self.positions[function, shard] = min(position + size, len(self.records(shard)))

    def is_projected(self) -> bool:
        """Return whether every record of the stream is projected."""
        read = [self.positions["project_signatures", shard] for shard in range(STREAM_SHARDS)]
        written = [len(self.records(shard)) for shard in range(STREAM_SHARDS)]
        return read == written

    def deliver(self, function: str, batch: Sequence[Mapping[str, Any]], faults: Faults = NO_FAULTS) -> None:
        if function == "run_address_job":  # With the time of Lambda. Chalice's client gives a function a minute.
            act = partial(deliver_job, batch)
        else:
            act = partial(self.site.deliver, function, batch)
        failed_ids = self.run(function, act, faults)
        if failed_ids is None:
            return
        for number, message in enumerate(batch):
            if str(number) not in failed_ids:
                self.channels[function].mark_handled(message)

    def has_open_source(self, function: str) -> bool:
        sources = {"send_mail": self.site.source, "send_other_mail": self.site.other_source}
        return function not in sources or sources[function].is_open

    def item(self, identity: str) -> dict[str, Any] | None:
        return next((item for item in self.signatures() if item["sk"] == identity), None)

    def signatures(self) -> list[dict[str, Any]]:
        return [item for key, item in self.tables.items.items() if key.table == SIGNATURES]

    def expire_items(self) -> None:
        for key, item in list(self.tables.items.items()):
            if key.table == SIGNATURES and item.get("expires_at", NEVER) <= self.now.timestamp():
                self.run("expire", lambda key=key: self.tables.expire(key))  # type: ignore[misc]

    def counts(self, query: str = "") -> Any:
        return self._read_as_bob(f"counts{query}")

    def funnel(self, by: str) -> dict[str, int]:
        return checked_totals(self._read_as_bob(f"funnel?by={by}"))

    def post_as_bob(self, path: str, body: Any) -> HTTPResponse:
        return ask(self.site, self.bobs_token, "POST", path, body)

    def _read_as_bob(self, path: str) -> Any:
        """Read what Bob, a member of staff, may read about the petition."""
        answer = ask(self.site, self.bobs_token, "GET", f"/api/staff/petitions/{self.petition.slug}/{path}")
        assert answer.status_code == 200, answer.body
        return answer.json_body


def deliver_job(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    answer = run_address_job(sqs_event(messages), context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def _shard(record: Record) -> int:
    _, before, after = record
    image = before or after or {}
    bucket = str(image["pk"]).rpartition("#")[2]
    return int(bucket, 16) % STREAM_SHARDS
