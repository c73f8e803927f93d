"""Where mail waits to be sent: confirmations in one queue, all other mail in another, which yields to them."""

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
        """Each with the seconds it shall wait. Raise Unavailable unless all were taken; some may then have been."""
        first = [
            Outgoing(request.model_dump(), delay) for request, delay in requests if request.kind is MailKind.CONFIRM
        ]
        later = [
            Outgoing(request.model_dump(), delay) for request, delay in requests if request.kind is not MailKind.CONFIRM
        ]
        self.confirmations.send(first)
        self.others.send(later)

    def depth(self) -> int:
        return self.confirmations.depth() + self.others.depth()
