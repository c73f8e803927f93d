"""Two queues: a confirmation never stands behind anything else."""

from chalicelib.mail.model import MailWish
from chalicelib.mail.outbox import Outbox
from chalicelib.signatures.model import Wanted
from tests.fakes import FakeQueue


def test_only_confirmations_go_first() -> None:
    outbox = Outbox(FakeQueue(), FakeQueue())
    outbox.send([(MailWish(slug="s", signature_id="0" * 32, wanted=wanted, wanted_at="x"), 0) for wanted in Wanted])
    assert [message["wanted"] for message in _messages(outbox.confirmations)] == ["confirm"]
    assert {message["wanted"] for message in _messages(outbox.others)} == {*Wanted} - {"confirm"}
    assert outbox.depth() == len(Wanted)


def _messages(queue: object) -> list[dict[str, str]]:
    assert isinstance(queue, FakeQueue)
    return [dict(message) for message in queue.messages]
