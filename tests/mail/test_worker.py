"""Streams and queues as Lambda brings them."""

from typing import Any

import pytest

from chalicelib.edge.batch import BatchFailed
from chalicelib.errors import MailRefused, Throttled, Unavailable
from chalicelib.tallies.count import pending_count
from tests.actors import ALICE, BOB, a_petition, item_of, signed, wish_of
from tests.fakes import FakeQueue
from tests.served import Served, stream_event


def a_signed_item(served: Served) -> dict[str, Any]:
    return item_of(served.tables, a_petition(), signed(served.tables, a_petition()))


def test_a_signature_in_the_stream_is_a_message_in_the_queue(served: Served) -> None:
    item = a_signed_item(served)
    served.invoke("relay_mail", stream_event([("1", None, item)]))
    assert [message["signature_id"] for message in served.queue.messages] == [item["sk"]]


def test_a_batch_the_queue_did_not_take_comes_again_and_says_nobodys_name(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: FakeQueue, __: object) -> None:
        raise Unavailable("queue")

    monkeypatch.setattr(FakeQueue, "send", refuse)
    with pytest.raises(BatchFailed) as caught:
        served.invoke("relay_mail", stream_event([("1", None, a_signed_item(served))]))
    assert ALICE.email not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_the_stream_is_followed_once_however_often_it_comes(served: Served) -> None:
    event = stream_event([("1", None, a_signed_item(served))])
    for _ in range(3):
        served.invoke("follow_signatures", event)
    assert pending_count("safe-children", served.tables) == 1


def test_an_expiry_by_ttl_is_followed_too(served: Served) -> None:
    item = a_signed_item(served)
    served.invoke("follow_signatures", stream_event([("1", None, item)]))
    served.invoke("follow_signatures", stream_event([("2", item, None)]))
    assert pending_count("safe-children", served.tables) == 0


def test_one_message_that_fails_comes_again_alone(served: Served) -> None:
    wishes = [wish_of(served.tables, a_petition(), signed(served.tables, a_petition(), who)) for who in (ALICE, BOB)]
    served.mailer.failures = [Throttled("mail")]
    messages = [wish.model_dump() for wish in wishes]
    assert served.deliver("send_mail", messages) == ["0"]
    assert [mail.to for mail in served.mailer.mails] == [BOB.email]
    assert served.deliver("send_mail", messages[:1]) == []
    assert [mail.to for mail in served.mailer.mails] == [BOB.email, ALICE.email]


def test_a_message_nobody_can_read_does_not_hold_up_the_rest(served: Served) -> None:
    wish = wish_of(served.tables, a_petition(), signed(served.tables, a_petition()))
    messages = ["not json", [], {}, {"slug": "x"}, wish.model_dump()]
    assert served.deliver("send_mail", messages) == ["0", "1", "2", "3"]
    assert len(served.mailer.mails) == 1


def test_a_refused_mail_does_not_come_again(served: Served) -> None:
    wish = wish_of(served.tables, a_petition(), signed(served.tables, a_petition()))
    served.mailer.failures = [MailRefused("MessageRejected")]
    assert served.deliver("send_mail", [wish.model_dump()]) == []


def test_feedback_comes_through_its_queue(served: Served) -> None:
    identity = signed(served.tables, a_petition())
    tags = {"petition": ["safe-children"], "signature": [identity]}
    event = {"eventType": "Complaint", "mail": {"tags": tags}}
    assert served.deliver("receive_feedback", [event, event]) == []
    assert item_of(served.tables, a_petition(), identity)["undeliverable"] == "complained"


def test_what_sns_says_in_words_does_not_end_in_the_dead_letters(served: Served) -> None:
    """SES tries out a new destination with a sentence that is no JSON."""
    sentence = "Successfully validated SNS topic for Amazon SES event publishing."
    assert served.deliver("receive_feedback", [sentence]) == []
