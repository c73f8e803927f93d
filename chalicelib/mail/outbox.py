"""The mail queues: one for confirmations, one for all other email. Confirmations have priority."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.mail.model import MailRequest
from chalicelib.signatures.model import MailKind


@dataclass(frozen=True)
class Outbox:
    confirmations: Queue
    others: Queue

    def send(self, requests: Sequence[tuple[MailRequest, int]]) -> None:
        """Queue each request with its delay in seconds. Raise Unavailable if any failed; others may be queued then."""
        confirmations = [
            Outgoing(request.model_dump(), delay) for request, delay in requests if request.kind is MailKind.CONFIRM
        ]
        others = [
            Outgoing(request.model_dump(), delay) for request, delay in requests if request.kind is not MailKind.CONFIRM
        ]
        self.confirmations.send(confirmations)
        self.others.send(others)

    def depth(self) -> int:
        return self.confirmations.depth() + self.others.depth()
