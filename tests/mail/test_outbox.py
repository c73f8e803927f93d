"""Two queues: urgent email never waits behind other email."""

from chalicelib.mail.kind import Outbox
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from tests.fakes import FakeQueue


def test_each_request_goes_to_the_queue_of_its_kinds_priority() -> None:
    queues = {Priority.URGENT: FakeQueue(), Priority.OTHER: FakeQueue()}
    outbox = Outbox(queues[Priority.URGENT], queues[Priority.OTHER], SIGNATURE_KINDS)
    outbox.send([(MailRequest(kind=kind, key="s_00", requested_at="x"), 0) for kind in SIGNATURE_KINDS])
    for priority, queue in queues.items():
        kinds = [kind.name for kind in SIGNATURE_KINDS.values() if kind.priority is priority]
        assert [message["kind"] for message in queue.messages] == kinds != []
    assert outbox.depth() == len(SIGNATURE_KINDS)
