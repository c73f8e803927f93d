"""Every new mail request in the stream is queued at least once."""

import json
from datetime import timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.mail.outbox import Outbox
from chalicelib.mail.relay import is_new_request, relay
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from tests.actors import ALICE, NOW
from tests.fakes import FakeQueue, FakeTables

SIGNED = {
    "pk": "safe-children#2a",
    "sk": "0" * 32,
    "state": "pending",
    "name": ALICE.name,
    "email": ALICE.email,
    "mail_kind": "confirm",
    "mail_requested_at": "2026-11-24T12:00:00Z",
}
MAILED = {name: value for name, value in SIGNED.items() if not name.startswith("mail_")}
CLAIMED = SIGNED | {"mail_claimed_until": 1}
AGAIN = SIGNED | {"mail_requested_at": "2026-11-24T12:05:00Z"}


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        (None, SIGNED, True),
        (MAILED, AGAIN, True),
        (SIGNED, AGAIN, True),
        (SIGNED, CLAIMED, False),
        (CLAIMED, SIGNED, False),
        (CLAIMED, MAILED, False),
        (None, MAILED, False),
    ],
)
def test_only_new_requests_are_queued(before: dict[str, str] | None, after: dict[str, str], is_new: bool) -> None:
    assert is_new_request(before, after) is is_new


def test_a_message_names_the_request_and_no_person(queue: FakeQueue) -> None:
    assert (
        relay(
            [(None, SIGNED), (SIGNED, CLAIMED), (SIGNED, None)],
            NOW,
            Outbox(queue, FakeQueue(), SIGNATURE_KINDS),
            FakeTables(),
        )
        == 1
    )
    assert queue.messages == [
        {"kind": "confirm", "key": f"safe-children_{'0' * 32}", "requested_at": "2026-11-24T12:00:00Z"}
    ]
    assert json.dumps(queue.messages[0])


def test_a_request_of_an_unknown_kind_is_logged_and_stops_no_other(
    queue: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    images = [(None, SIGNED | {"mail_kind": "removed"}), (None, SIGNED)]
    assert relay(images, NOW, Outbox(queue, FakeQueue(), SIGNATURE_KINDS), FakeTables()) == 1
    assert [message["kind"] for message in queue.messages] == ["confirm"]
    assert [(each.message, vars(each)["facts"]) for each in caplog.records] == [("unknown_kind", {"kind": "removed"})]


def test_a_failing_queue_raises(queue: FakeQueue) -> None:
    class Full(FakeQueue):
        def send(self, messages: object) -> None:
            raise Unavailable("queue")

    with pytest.raises(Unavailable):
        relay([(None, SIGNED)], NOW, Outbox(Full(), Full(), SIGNATURE_KINDS), FakeTables())


def test_a_request_within_a_minute_of_the_last_email_is_delayed(queue: FakeQueue) -> None:
    mailed = {**SIGNED, "mailed_at": iso(NOW - timedelta(seconds=20))}
    long_ago = {**SIGNED, "mailed_at": iso(NOW - timedelta(days=20))}
    relay(
        [(None, mailed), (None, long_ago), (None, SIGNED)],
        NOW,
        Outbox(queue, FakeQueue(), SIGNATURE_KINDS),
        FakeTables(),
    )
    assert queue.delays == [40, 0, 0]


def test_a_nudge_queues_the_same_request_again(queue: FakeQueue) -> None:
    nudged = {**SIGNED, "mail_nudged_at": "2026-11-24T12:30:00Z"}
    relay([(None, SIGNED), (SIGNED, nudged)], NOW, Outbox(queue, FakeQueue(), SIGNATURE_KINDS), FakeTables())
    assert queue.messages[0] == queue.messages[1]
