"""Where mail waits to be sent: confirmations in one queue, all other mail in another, which yields to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.aws.queue import Queue
from chalicelib.mail.model import MailWish
from chalicelib.signatures.model import Wanted


@dataclass(frozen=True)
class Outbox:
    confirmations: Queue
    others: Queue

    def send(self, wishes: Sequence[MailWish]) -> None:
        """Raise Unavailable unless every wish was taken; some may then have been. Nothing is asked for nothing."""
        first = [wish.model_dump() for wish in wishes if wish.wanted is Wanted.CONFIRM]
        later = [wish.model_dump() for wish in wishes if wish.wanted is not Wanted.CONFIRM]
        self.confirmations.send(first)
        self.others.send(later)

    def depth(self) -> int:
        return self.confirmations.depth() + self.others.depth()
