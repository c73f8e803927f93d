"""Streams and queues as Lambda brings them."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.errors import MailRefused, SendingStopped, Throttled, Unavailable
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.mail.pause import PAUSE
from chalicelib.projections.breakdowns import pending_count
from tests.actors import ALICE, BOB, a_petition, confirmed, item_of, request_of, signed
from tests.fakes import FakeQueue
from tests.served import Served, schedule_event, stream_event


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
        served.invoke("project_signatures", event)
    assert pending_count("safe-children", served.tables) == 1


def test_an_expiry_by_ttl_is_followed_too(served: Served) -> None:
    item = a_signed_item(served)
    served.invoke("project_signatures", stream_event([("1", None, item)]))
    served.invoke("project_signatures", stream_event([("2", item, None)]))
    assert pending_count("safe-children", served.tables) == 0


def test_one_message_that_fails_comes_again_alone(served: Served) -> None:
    requests = [
        request_of(served.tables, a_petition(), signed(served.tables, a_petition(), who)) for who in (ALICE, BOB)
    ]
    served.mailer.failures = [Throttled("mail")]
    messages = [request.model_dump() for request in requests]
    assert served.deliver("send_mail", messages) == ["0"]
    assert [mail.to for mail in served.mailer.mails] == [BOB.email]
    assert served.deliver("send_mail", messages[:1]) == []
    assert [mail.to for mail in served.mailer.mails] == [BOB.email, ALICE.email]


def test_a_message_nobody_can_read_does_not_hold_up_the_rest(served: Served) -> None:
    request = request_of(served.tables, a_petition(), signed(served.tables, a_petition()))
    messages = ["not json", [], {}, {"slug": "x"}, request.model_dump()]
    assert served.deliver("send_mail", messages) == ["0", "1", "2", "3"]
    assert len(served.mailer.mails) == 1


def test_a_refused_mail_does_not_come_again(served: Served) -> None:
    request = request_of(served.tables, a_petition(), signed(served.tables, a_petition()))
    served.mailer.failures = [MailRefused("MessageRejected")]
    assert served.deliver("send_mail", [request.model_dump()]) == []


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


def test_a_wish_that_is_no_confirmation_goes_to_the_queue_that_yields(served: Served) -> None:
    identity = confirmed(served.tables, a_petition())
    before = item_of(served.tables, a_petition(), identity)
    signed(served.tables, a_petition())
    after = item_of(served.tables, a_petition(), identity)
    served.invoke("relay_mail", stream_event([("1", before, after)]))
    assert served.queue.messages == []
    assert served.deliver("send_other_mail", served.other_queue.messages) == []
    assert "already signed" in served.mailer.mails[0].subject


def test_a_spent_quota_brings_the_whole_batch_again_and_the_watch_shuts_both_taps(served: Served) -> None:
    requests = [
        request_of(served.tables, a_petition(), signed(served.tables, a_petition(), who)) for who in (ALICE, BOB)
    ]
    served.mailer.failures = [SendingStopped("mail")]
    messages = [request.model_dump() for request in requests]
    assert served.deliver("send_mail", messages) == ["0", "1"]
    served.invoke("watch_mail", schedule_event())
    assert (served.source.is_open, served.other_source.is_open) == (False, False)
    assert served.deliver("send_mail", messages) == ["0", "1"]
    assert served.mailer.mails == []
    assert max(served.slept) > 10, "it holds what it was handed while the tap is not shut yet"
    served.clock.forward(PAUSE)
    served.invoke("watch_mail", schedule_event())
    assert (served.source.is_open, served.other_source.is_open) == (True, True)
    assert served.deliver("send_mail", messages) == []
    assert [mail.to for mail in served.mailer.mails] == [ALICE.email, BOB.email]


def test_the_sweep_queues_what_every_queue_forgot(served: Served) -> None:
    identity = signed(served.tables, a_petition())
    served.clock.forward(timedelta(days=21))
    served.invoke("sweep_mail", schedule_event())
    assert [message["signature_id"] for message in served.queue.messages] == [identity]


def test_a_run_that_fails_is_told_to_lambda_without_a_word_of_what_failed(served: Served) -> None:
    served.tables.fail_next(Unavailable("storage"))
    with pytest.raises(RunFailed) as caught:
        served.invoke("sweep_mail", schedule_event())
    assert caught.value.__suppress_context__
