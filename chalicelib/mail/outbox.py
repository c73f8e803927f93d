"""Where mail waits to be sent: confirmations in one queue, all other mail in another, which yields to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.mail.model import MailWish
from chalicelib.signatures.model import Wanted


@dataclass(frozen=True)
class Outbox:
    confirmations: Queue
    others: Queue

    def send(self, wishes: Sequence[tuple[MailWish, int]]) -> None:
        """Each with the seconds it shall wait. Raise Unavailable unless all were taken; some may then have been."""
        first = [Outgoing(wish.model_dump(), delay) for wish, delay in wishes if wish.wanted is Wanted.CONFIRM]
        later = [Outgoing(wish.model_dump(), delay) for wish, delay in wishes if wish.wanted is not Wanted.CONFIRM]
        self.confirmations.send(first)
        self.others.send(later)

    def depth(self) -> int:
        return self.confirmations.depth() + self.others.depth()
