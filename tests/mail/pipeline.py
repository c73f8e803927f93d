"""Relay, queue, sender and sweep, run by a fake clock without AWS: for tests of email that waits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import MailRequest
from chalicelib.mail.relay import relay
from chalicelib.mail.send import send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.sweep import sweep
from tests.actors import MINUTE, NOW, a_mail_context
from tests.fakes import FakeQueue
from tests.streaming import Streaming


@dataclass
class MailPipeline:
    """Runs relay, queue, sender and sweep, a minute of the fake clock at a time."""

    tables: Streaming
    now: datetime = NOW
    mails: list[tuple[datetime, str]] = field(default_factory=list)
    _relayed: int = 0
    _queued: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    def run(self, until: datetime, act: Callable[[datetime], object] = lambda _: None) -> None:
        while self.now < until:
            act(self.now)
            self._run_a_minute()
            self.now += MINUTE

    def _run_a_minute(self) -> None:
        queue = FakeQueue()
        outbox = Outbox(queue, queue, SIGNATURE_KINDS)
        changes = [(old, new) for _, old, new in self.tables.log[self._relayed :]]
        self._relayed = len(self.tables.log)
        relay(changes, self.now, outbox, self.tables)
        if self.now.minute % 15 == 0:
            sweep(outbox, self.now, self.tables, lambda: 0.0)
        for message, delay in zip(queue.messages, queue.delays, strict=True):
            due_at = self.now + timedelta(seconds=delay)
            self._queued.append((due_at, dict(message)))
        due = [message for at, message in self._queued if at <= self.now]
        self._queued = [(at, message) for at, message in self._queued if at > self.now]
        for message in due:
            context = a_mail_context(lambda mail: self.mails.append((self.now, mail.to)))
            send(MailRequest.model_validate(message), SIGNATURE_KINDS, context, self.now, self.tables)
