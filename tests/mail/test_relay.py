"""Every new mail request in the stream is queued at least once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.times import iso
from chalicelib.mail.kind import Outbox
from chalicelib.mail.relay import needs_message, relay
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from tests.actors import ALICE, NOW
from tests.fakes import FakeQueue, FakeTables

REQUESTED_ITEM = {
    "pk": "safe-children#2a",
    "sk": "0" * 32,
    "state": "pending",
    "name": ALICE.name,
    "email": ALICE.email,
    "mail_kind": "confirm",
    "mail_requested_at": "2026-11-24T12:00:00Z",
}
SENT_ITEM = {name: value for name, value in REQUESTED_ITEM.items() if not name.startswith("mail_")}
CLAIMED_ITEM = REQUESTED_ITEM | {"mail_claimed_until": 1}
ITEM_REQUESTED_AGAIN = REQUESTED_ITEM | {"mail_requested_at": "2026-11-24T12:05:00Z"}


@pytest.mark.parametrize(
    ("before", "after", "is_needed"),
    [
        (None, REQUESTED_ITEM, True),
        (SENT_ITEM, ITEM_REQUESTED_AGAIN, True),
        (REQUESTED_ITEM, ITEM_REQUESTED_AGAIN, True),
        (REQUESTED_ITEM, CLAIMED_ITEM, False),
        (CLAIMED_ITEM, REQUESTED_ITEM, False),
        (CLAIMED_ITEM, SENT_ITEM, False),
        (None, SENT_ITEM, False),
    ],
)
def test_only_new_requests_are_queued(before: dict[str, str] | None, after: dict[str, str], is_needed: bool) -> None:
    assert needs_message(before, after) is is_needed


def test_a_message_names_the_request_without_personal_data(queue: FakeQueue) -> None:
    outbox = Outbox(queue, FakeQueue(), SIGNATURE_KINDS)
    changes: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = [
        (None, REQUESTED_ITEM),
        (REQUESTED_ITEM, CLAIMED_ITEM),
        (REQUESTED_ITEM, None),
    ]
    assert relay(changes, NOW, outbox, FakeTables()) == 1
    assert queue.messages == [
        {"kind": "confirm", "key": f"safe-children_{'0' * 32}", "requested_at": "2026-11-24T12:00:00Z"}
    ]
    assert json.dumps(queue.messages[0])


def test_an_unknown_kind_is_logged_and_does_not_stop_other_requests(
    queue: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    images = [(None, REQUESTED_ITEM | {"mail_kind": "removed"}), (None, REQUESTED_ITEM)]
    outbox = Outbox(queue, FakeQueue(), SIGNATURE_KINDS)
    assert relay(images, NOW, outbox, FakeTables()) == 1
    assert [message["kind"] for message in queue.messages] == ["confirm"]
    logged = [(record.message, vars(record)["facts"]) for record in caplog.records]
    assert logged == [("unknown_kind", {"kind": "removed"})]


def test_a_request_within_a_minute_of_the_last_email_is_delayed(queue: FakeQueue) -> None:
    recent = {**REQUESTED_ITEM, "mailed_at": iso(NOW - timedelta(seconds=20))}
    long_ago = {**REQUESTED_ITEM, "mailed_at": iso(NOW - timedelta(days=20))}
    relay(
        [(None, recent), (None, long_ago), (None, REQUESTED_ITEM)],
        NOW,
        Outbox(queue, FakeQueue(), SIGNATURE_KINDS),
        FakeTables(),
    )
    assert queue.delays == [40, 0, 0]
