"""Two queues: a confirmation never waits behind other email."""

from chalicelib.mail.model import MailRequest
from chalicelib.mail.outbox import Outbox
from chalicelib.signatures.model import MailKind
from tests.fakes import FakeQueue


def test_only_confirmations_use_the_first_queue() -> None:
    outbox = Outbox(FakeQueue(), FakeQueue())
    outbox.send([(MailRequest(slug="s", signature_id="0" * 32, kind=kind, requested_at="x"), 0) for kind in MailKind])
    assert [message["kind"] for message in _messages(outbox.confirmations)] == ["confirm"]
    assert {message["kind"] for message in _messages(outbox.others)} == {*MailKind} - {"confirm"}
    assert outbox.depth() == len(MailKind)


def _messages(queue: object) -> list[dict[str, str]]:
    assert isinstance(queue, FakeQueue)
    return [dict(message) for message in queue.messages]
