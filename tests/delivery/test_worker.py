"""The functions of streams, queues and schedules, with events as Lambda sends them."""

from functools import cache
from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.errors import SendingStopped, Throttled, Unavailable
from chalicelib.core.settings import settings
from chalicelib.core.times import iso
from chalicelib.delivery import worker
from chalicelib.edge.batch import BatchFailed, RunFailed
from chalicelib.mail.sending import PAUSE
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.projections.breakdowns import pending_count
from tests.actors import ALICE, BOB, DAY, NOW, a_petition, item_of, request_of, signed
from tests.fake_site import FakeSite, stream_event
from tests.fakes import FakeQueue


def a_signed_item(fake_site: FakeSite) -> dict[str, Any]:
    return item_of(fake_site.tables, a_petition(), signed(fake_site.tables, a_petition()))


def test_a_batch_that_was_not_queued_is_retried_and_its_error_contains_no_address(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: FakeQueue, __: object) -> None:
        raise Unavailable("queue")

    monkeypatch.setattr(FakeQueue, "send", refuse)
    with pytest.raises(BatchFailed) as caught:
        fake_site.invoke("relay_mail", stream_event([("1", None, a_signed_item(fake_site))]))
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
def test_a_malformed_record_stops_neither_email_nor_projections(fake_site: FakeSite, malformed: dict[str, Any]) -> None:
    item = a_signed_item(fake_site)
    bad = {"pk": item["pk"], "sk": "x", **malformed}
    event = stream_event([("1", None, bad), ("2", None, item)])
    fake_site.invoke("relay_mail", event)
    fake_site.invoke("project_signatures", event)
    assert [message["key"] for message in fake_site.queue.messages] == [delivery_key("safe-children", item["sk"])]
    assert pending_count("safe-children", fake_site.tables) == 1


def test_garbage_in_the_feedback_queue_becomes_a_dead_letter(fake_site: FakeSite) -> None:
    assert fake_site.deliver("receive_feedback", ["garbage", [], {}, {"eventType": "Bounce", "bounce": "x"}]) == [
        *"0123"
    ]


def test_only_the_failed_message_is_retried(fake_site: FakeSite) -> None:
    requests = [
        request_of(fake_site.tables, a_petition(), signed(fake_site.tables, a_petition(), person))
        for person in (ALICE, BOB)
    ]
    fake_site.mailer.failures = [Throttled("mail")]
    messages = [request.model_dump() for request in requests]
    assert fake_site.deliver("send_mail", messages) == ["0"]
    assert [mail.to for mail in fake_site.mailer.mails] == [BOB.email]
    assert fake_site.deliver("send_mail", messages[:1]) == []
    assert [mail.to for mail in fake_site.mailer.mails] == [BOB.email, ALICE.email]


@pytest.mark.parametrize(
    ("function", "is_granted", "share"),
    [
        ("send_mail", False, 0.8),
        ("send_mail", True, 1),
        ("send_other_mail", False, 0.2),
        ("send_other_mail", True, 0.2),
    ],
)
def test_a_sender_takes_its_share_of_the_rate(
    function: str, is_granted: bool, share: float, fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate is low, so that the time of the test itself does not matter."""
    per_second, senders = 0.01, 4
    monkeypatch.setenv("MAIL_PER_SECOND", str(per_second))
    monkeypatch.setenv("MAIL_SENDERS", str(senders))
    settings.cache_clear()
    monkeypatch.setattr(worker, "_limiter", cache(worker._limiter.__wrapped__))
    if is_granted:
        grant = {"granted_since": iso(NOW - DAY), "granted_until": iso(NOW + DAY)}
        fake_site.tables.put(keys.mail_sending(), grant)
    people = [signed(fake_site.tables, a_petition(), person) for person in (ALICE, BOB)]
    requests = [request_of(fake_site.tables, a_petition(), identity) for identity in people]
    assert fake_site.deliver(function, [request.model_dump() for request in requests]) == []
    [wait] = fake_site.slept
    assert wait == pytest.approx(senders / (per_second * share), rel=0.1)


def test_an_invalid_message_does_not_stop_the_others(fake_site: FakeSite) -> None:
    request = request_of(fake_site.tables, a_petition(), signed(fake_site.tables, a_petition()))
    messages = ["not json", [], {}, {"slug": "x"}, request.model_dump()]
    assert fake_site.deliver("send_mail", messages) == ["0", "1", "2", "3"]
    assert len(fake_site.mailer.mails) == 1


def test_a_plain_text_sns_message_is_not_sent_to_the_dead_letters(fake_site: FakeSite) -> None:
    """SES tests a new destination with a sentence that is not JSON."""
    sentence = "Successfully validated SNS topic for Amazon SES event publishing."
    assert fake_site.deliver("receive_feedback", [sentence]) == []


def test_a_used_up_quota_fails_the_batch_and_the_watch_disables_both_sources(fake_site: FakeSite) -> None:
    requests = [
        request_of(fake_site.tables, a_petition(), signed(fake_site.tables, a_petition(), person))
        for person in (ALICE, BOB)
    ]
    fake_site.mailer.failures = [SendingStopped("mail")]
    messages = [request.model_dump() for request in requests]
    assert fake_site.deliver("send_mail", messages) == ["0", "1"]
    fake_site.invoke("check_mail", {"task": "watch"})
    assert (fake_site.source.is_open, fake_site.other_source.is_open) == (False, False)
    assert fake_site.deliver("send_mail", messages) == ["0", "1"]
    assert fake_site.mailer.mails == []
    assert max(fake_site.slept) > 10, "the sender waits while the event source is still enabled"
    fake_site.clock.forward(PAUSE)
    fake_site.invoke("check_mail", {"task": "watch"})
    assert (fake_site.source.is_open, fake_site.other_source.is_open) == (True, True)
    assert fake_site.deliver("send_mail", messages) == []
    assert [mail.to for mail in fake_site.mailer.mails] == [ALICE.email, BOB.email]


def test_a_failed_run_hides_its_cause_from_lambda(fake_site: FakeSite) -> None:
    fake_site.tables.fail_next(Unavailable("storage"))
    with pytest.raises(RunFailed) as caught:
        fake_site.invoke("check_mail", {"task": "sweep"})
    assert caught.value.__suppress_context__
