"""The deliveries table: an email is requested once, claimed by one sender, and counted once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.mail.model import MailRequest
from chalicelib.mail.outstanding import start_key
from tests.actors import DAY, NOW
from tests.mail.a_third_kind import ONCE_STATE, STATE
from tests.stores.racing import at_once, succeeds

LEASE = timedelta(seconds=90)


def successes(act: Callable[[], object], calls: int) -> int:
    """Return how many of these concurrent calls succeed."""
    return at_once(succeeds, [act] * calls).count(True)


def item_of(request: MailRequest, tables: Tables) -> dict[str, object]:
    return tables.get(keys.delivery(request.kind, request.key), consistent=True) or {}


def test_one_of_many_requests_and_one_of_many_claims_succeed(tables: Tables) -> None:
    request = MailRequest(kind="thanks", key="slug_00", requested_at="2026-11-24T12:00:00Z")

    def can_claim(now: datetime) -> bool:
        return succeeds(lambda: STATE.claim(request, now, LEASE, tables))

    assert successes(lambda: STATE.request(request.key, NOW, tables), 12) == 1
    assert successes(lambda: STATE.claim(request, NOW, LEASE, tables), 12) == 1
    assert not can_claim(NOW + LEASE - timedelta(seconds=1))
    assert can_claim(NOW + LEASE)
    for _ in range(2):
        STATE.mark_sent(request, NOW, tables)
    assert item_of(request, tables)["mails"] == 1
    assert not can_claim(NOW + DAY)


def test_an_email_whose_sending_began_has_an_unknown_result_unless_it_is_released(tables: Tables) -> None:
    request = ONCE_STATE.request("slug_00", NOW, tables)
    ONCE_STATE.claim(request, NOW, LEASE, tables)
    assert ONCE_STATE.begin(request, NOW, tables)
    ONCE_STATE.release(request, NOW + LEASE, tables)
    assert "mail_began_at" not in ONCE_STATE.claim(request, NOW, LEASE, tables)
    ONCE_STATE.begin(request, NOW, tables)
    assert "mail_began_at" in ONCE_STATE.claim(request, NOW + LEASE, LEASE, tables)
    ONCE_STATE.mark_unknown(request, NOW, tables)
    assert item_of(request, tables)["mail_unknown_at"] == "2026-11-24T12:00:00Z"
    assert not succeeds(lambda: ONCE_STATE.claim(request, NOW + DAY, LEASE, tables))
    assert not ONCE_STATE.begin(request, NOW, tables)


def test_the_partitions_of_a_kind_return_its_open_requests(tables: Tables) -> None:
    requests = [STATE.request(f"slug_{number:02}", NOW, tables) for number in range(20)]
    STATE.mark_undeliverable(requests[0].key, "bounced", NOW, tables)
    STATE.drop(requests[1], NOW, tables)
    open_requests: list[MailRequest] = []
    for group, bucket in product(STATE.groups("", tables), keys.BUCKETS):
        items, _ = STATE.open_requests(start_key(group, bucket, ""), 100, tables)
        open_requests += [STATE.request_of(item) for item in items]
    assert sorted(open_requests, key=str) == requests[2:]


def test_feedback_about_an_unknown_key_creates_nothing(tables: Tables) -> None:
    request = MailRequest(kind="thanks", key="slug_00", requested_at="2026-11-24T12:00:00Z")
    STATE.mark_undeliverable(request.key, "bounced", NOW, tables)
    STATE.mark_sent(request, NOW, tables)
    assert item_of(request, tables) == {}
