"""Streams, queues and schedules, with events as Lambda sends them."""

import subprocess
import sys
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from chalicelib.core.errors import MailRefused, SendingStopped, Throttled, Unavailable
from chalicelib.core.settings import settings
from chalicelib.delivery import worker
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.mail.model import Priority
from chalicelib.mail.pace import SHARES
from chalicelib.mail.pause import PAUSE
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.projections.breakdowns import pending_count
from tests.actors import ALICE, BOB, a_petition, confirmed, item_of, request_of, signed
from tests.fakes import FakeQueue
from tests.served import Served, schedule_event, stream_event


def a_signed_item(served: Served) -> dict[str, Any]:
    return item_of(served.tables, a_petition(), signed(served.tables, a_petition()))


def test_a_signature_in_the_stream_becomes_a_message_in_the_queue(served: Served) -> None:
    item = a_signed_item(served)
    served.invoke("relay_mail", stream_event([("1", None, item)]))
    assert [message["key"] for message in served.queue.messages] == [delivery_key("safe-children", item["sk"])]


def test_a_batch_that_was_not_queued_is_retried_and_its_error_contains_no_address(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: FakeQueue, __: object) -> None:
        raise Unavailable("queue")

    monkeypatch.setattr(FakeQueue, "send", refuse)
    with pytest.raises(BatchFailed) as caught:
        served.invoke("relay_mail", stream_event([("1", None, a_signed_item(served))]))
    assert ALICE.email not in repr(caught.value)
    assert caught.value.__cause__ is None


MALFORMED = [
    {"mail_kind": "confirm", "mail_requested_at": None},
    {"mail_kind": {"a": 1}},
    {"mail_kind": "confirm", "mail_requested_at": "2026-11-24T12:00:00Z", "mailed_at": 5},
    {"state": "confirmed", "country": 5, "postcode": ["M1"], "signed_at": {"a": 1}, "mail_kind": 7},
    {"mail_kind": "confirm", "mail_requested_at": "2026-11-24T12:00:00Z", "sk": "ü" * 300},
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_record_stops_neither_email_nor_projections(served: Served, malformed: dict[str, Any]) -> None:
    item = a_signed_item(served)
    bad = {"pk": item["pk"], "sk": "x", **malformed}
    event = stream_event([("1", None, bad), ("2", None, item)])
    served.invoke("relay_mail", event)
    served.invoke("project_signatures", event)
    assert [message["key"] for message in served.queue.messages] == [delivery_key("safe-children", item["sk"])]
    assert pending_count("safe-children", served.tables) == 1


def test_garbage_in_the_feedback_queue_becomes_a_dead_letter(served: Served) -> None:
    assert served.deliver("receive_feedback", ["garbage", [], {}, {"eventType": "Bounce", "bounce": "x"}]) == [*"0123"]


def test_a_repeated_stream_batch_is_counted_once(served: Served) -> None:
    event = stream_event([("1", None, a_signed_item(served))])
    for _ in range(3):
        served.invoke("project_signatures", event)
    assert pending_count("safe-children", served.tables) == 1


def test_an_expiry_by_ttl_is_projected(served: Served) -> None:
    item = a_signed_item(served)
    served.invoke("project_signatures", stream_event([("1", None, item)]))
    served.invoke("project_signatures", stream_event([("2", item, None)]))
    assert pending_count("safe-children", served.tables) == 0


def test_only_the_failed_message_is_retried(served: Served) -> None:
    requests = [
        request_of(served.tables, a_petition(), signed(served.tables, a_petition(), who)) for who in (ALICE, BOB)
    ]
    served.mailer.failures = [Throttled("mail")]
    messages = [request.model_dump() for request in requests]
    assert served.deliver("send_mail", messages) == ["0"]
    assert [mail.to for mail in served.mailer.mails] == [BOB.email]
    assert served.deliver("send_mail", messages[:1]) == []
    assert [mail.to for mail in served.mailer.mails] == [BOB.email, ALICE.email]


def test_a_sender_takes_its_share_of_the_rate(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate is low, so that the time of the test itself does not matter."""
    per_second, senders = 0.01, 4
    monkeypatch.setenv("MAIL_PER_SECOND", str(per_second))
    monkeypatch.setenv("MAIL_SENDERS", str(senders))
    settings.cache_clear()
    monkeypatch.setattr(worker, "_pace", cache(worker._pace.__wrapped__))
    people = [signed(served.tables, a_petition(), who) for who in (ALICE, BOB)]
    requests = [request_of(served.tables, a_petition(), identity) for identity in people]
    assert served.deliver("send_mail", [request.model_dump() for request in requests]) == []
    [wait] = served.slept
    assert wait == pytest.approx(senders / (per_second * SHARES[Priority.URGENT]), rel=0.1)


def test_an_invalid_message_does_not_stop_the_others(served: Served) -> None:
    request = request_of(served.tables, a_petition(), signed(served.tables, a_petition()))
    messages = ["not json", [], {}, {"slug": "x"}, request.model_dump()]
    assert served.deliver("send_mail", messages) == ["0", "1", "2", "3"]
    assert len(served.mailer.mails) == 1


def test_a_refused_email_is_not_retried(served: Served) -> None:
    request = request_of(served.tables, a_petition(), signed(served.tables, a_petition()))
    served.mailer.failures = [MailRefused("MessageRejected")]
    assert served.deliver("send_mail", [request.model_dump()]) == []


def test_feedback_from_the_queue_is_recorded_once(served: Served) -> None:
    identity = signed(served.tables, a_petition())
    tags = {"kind": ["confirm"], "key": [delivery_key("safe-children", identity)]}
    event = {"eventType": "Complaint", "mail": {"tags": tags}}
    assert served.deliver("receive_feedback", [event, event]) == []
    assert item_of(served.tables, a_petition(), identity)["undeliverable"] == "complained"


def test_a_plain_text_sns_message_is_not_sent_to_the_dead_letters(served: Served) -> None:
    """SES tests a new destination with a sentence that is not JSON."""
    sentence = "Successfully validated SNS topic for Amazon SES event publishing."
    assert served.deliver("receive_feedback", [sentence]) == []


def test_a_request_other_than_a_confirmation_goes_to_the_other_queue(served: Served) -> None:
    identity = confirmed(served.tables, a_petition())
    before = item_of(served.tables, a_petition(), identity)
    signed(served.tables, a_petition())
    after = item_of(served.tables, a_petition(), identity)
    served.invoke("relay_mail", stream_event([("1", before, after)]))
    assert served.queue.messages == []
    assert served.deliver("send_other_mail", served.other_queue.messages) == []
    assert "already signed" in served.mailer.mails[0].subject


def test_a_used_up_quota_fails_the_batch_and_the_watch_disables_both_sources(served: Served) -> None:
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
    assert max(served.slept) > 10, "it waits while the event source is still enabled"
    served.clock.forward(PAUSE)
    served.invoke("watch_mail", schedule_event())
    assert (served.source.is_open, served.other_source.is_open) == (True, True)
    assert served.deliver("send_mail", messages) == []
    assert [mail.to for mail in served.mailer.mails] == [ALICE.email, BOB.email]


def test_the_sweep_queues_a_lost_request(served: Served) -> None:
    identity = signed(served.tables, a_petition())
    served.clock.forward(timedelta(days=21))
    served.invoke("sweep_mail", schedule_event())
    assert [message["key"] for message in served.queue.messages] == [delivery_key("safe-children", identity)]


def test_a_failed_run_hides_its_cause_from_lambda(served: Served) -> None:
    served.tables.fail_next(Unavailable("storage"))
    with pytest.raises(RunFailed) as caught:
        served.invoke("sweep_mail", schedule_event())
    assert caught.value.__suppress_context__


def test_the_functions_know_every_kind_without_app_py() -> None:
    """Lambda loads the module of a handler. app.py, which tests import, is another function's."""
    script = "import sys; from chalicelib.delivery.worker import KINDS; print(*sorted(KINDS), 'app' in sys.modules)"
    known = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert known == [*sorted(worker.KINDS), "False"]
