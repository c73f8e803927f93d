"""Send mail requests to the mail queues. Each priority has a queue."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.aws.queue import Outgoing, Queue
from chalicelib.mail.kind import Kinds, is_known
from chalicelib.mail.model import MailRequest, Priority


@dataclass(frozen=True)
class Outbox:
    """Both mail queues. The kind of an email decides to which queue its request goes."""

    urgent: Queue
    other: Queue
    kinds: Kinds

    def send(self, requests: Iterable[tuple[MailRequest, int]]) -> None:
        """Queue each request with its delay in seconds. Leave out requests of an unknown kind.

        Raise Unavailable if a request was not queued. Other requests may have been queued.
        """
        messages: dict[Priority, list[Outgoing]] = {priority: [] for priority in Priority}
        for request, delay in requests:
            if is_known(request.kind, self.kinds):
                priority = self.kinds[request.kind].priority
                messages[priority].append(Outgoing(request.model_dump(), delay))
        self.urgent.send(messages[Priority.URGENT])
        self.other.send(messages[Priority.OTHER])

    def send_now(self, requests: Iterable[MailRequest]) -> None:
        """Queue each request without a delay. Otherwise as `send`."""
        self.send((request, 0) for request in requests)

    def depth(self) -> int:
        """Return about how many messages are in both queues. Delayed messages count too."""
        return self.urgent.depth() + self.other.depth()
