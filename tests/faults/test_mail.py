"""Batches of two emails, of every kind, with a fault at every call: no email is lost, at most one is sent twice.

test_every_handler does the same with one message for each worker. This file adds batches, redelivery, kinds of email
that are never sent twice, and a used-up quota.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest

from chalicelib.core.errors import SendingStopped
from chalicelib.delivery import worker
from chalicelib.mail.deliveries import Deliveries
from chalicelib.mail.sending import PAUSE
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.signatures.model import MAIL_REQUEST_FIELDS
from tests.actors import ALICE, BOB, NOW, request_of, signed
from tests.fake_site import FakeSite
from tests.faults.injection import TAKES_EFFECT, Fault, Injection
from tests.faults.scenes import PETITION, SIX_MINUTES, Scene
from tests.faults.test_every_handler import play
from tests.mail.a_third_kind import ONCE, ONCE_STATE, STATE, THANKS

pytestmark = pytest.mark.faults

MARK = "chalicelib/signatures/mail_state.py:mark_mailed"
CHANGE, SENT = "chalicelib/mail/state.py:_try_change", "chalicelib/mail/deliveries.py:mark_sent"
DELIVER = "chalicelib/mail/rate_limit.py:deliver_within_rate"
# By call: the faults after which nobody knows whether SES accepted the email. CHANGE records the attempt to send.
UNCLEAR = {
    CHANGE: TAKES_EFFECT,
    DELIVER: TAKES_EFFECT | {Fault.LOST_BEFORE, Fault.KILLED_BEFORE},
    MARK: {*Fault} - TAKES_EFFECT,
    SENT: {*Fault} - TAKES_EFFECT,
}


@dataclass(frozen=True)
class Batch:
    """A kind of email, and the function that sends it."""

    function: str
    requests: Callable[[FakeSite], list[Any]]
    is_once: bool = False


def request_confirmations(fake_site: FakeSite) -> list[Any]:
    identities = [signed(fake_site.tables, PETITION, who) for who in (ALICE, BOB)]
    return [request_of(fake_site.tables, PETITION, identity) for identity in identities]


def request_deliveries(state: Deliveries, fake_site: FakeSite) -> list[Any]:
    identities = [signed(fake_site.tables, PETITION, who) for who in (ALICE, BOB)]
    return [state.request(delivery_key(PETITION.slug, identity), NOW, fake_site.tables) for identity in identities]


BATCHES = {
    "confirm": Batch("send_mail", request_confirmations),
    "thanks": Batch("send_other_mail", partial(request_deliveries, STATE)),
    "once": Batch("send_other_mail", partial(request_deliveries, ONCE_STATE), is_once=True),
}
every_batch = pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (THANKS, ONCE):
        monkeypatch.setitem(worker.KINDS, kind.name, kind)


def scene_of(batch: Batch, *, on_spent_quota: bool = False) -> Scene:
    def before(fake_site: FakeSite) -> None:
        fake_site.scene_state.messages = [request.model_dump() for request in batch.requests(fake_site)]
        fake_site.mailer.failures = [SendingStopped("mail")] if on_spent_quota else []

    def act(fake_site: FakeSite) -> bool:
        return fake_site.deliver(batch.function, fake_site.scene_state.messages) == []

    retry_after = PAUSE if on_spent_quota else SIX_MINUTES
    return Scene(batch.function, before, act, assert_all_are_settled, retry_after)


def assert_all_are_settled(fake_site: FakeSite) -> None:
    for message in fake_site.scene_state.messages:
        assert not {*MAIL_REQUEST_FIELDS} & item_of(fake_site, message).keys()


def item_of(fake_site: FakeSite, message: Mapping[str, str]) -> dict[str, Any]:
    kind = worker.KINDS[message["kind"]]
    return fake_site.tables.items[kind.state.item_key(message["key"])]


def emails_by_person(fake_site: FakeSite) -> list[int]:
    recipients = [mail.to for mail in fake_site.mailer.mails]
    return [recipients.count(ALICE.email), recipients.count(BOB.email)]


@every_batch
def test_after_a_fault_no_email_is_lost_and_at_most_one_is_sent_twice(fake_site: FakeSite, batch: Batch) -> None:
    scene = scene_of(batch)
    sites = play(fake_site, scene, {}).sites
    for at, fault in product(range(len(sites)), Fault):
        made = play(fake_site, scene, {at: fault})
        mails = emails_by_person(fake_site)
        messages = fake_site.scene_state.messages
        unknown = ["mail_unknown_at" in item_of(fake_site, message) for message in messages]
        if batch.is_once:
            assert max(mails) == 1
            for number, is_unknown in zip(mails, unknown, strict=True):
                assert number == 1 or is_unknown
            assert sum(unknown) == _may_have_been_sent(made)
        else:
            assert sorted(mails) in ([1, 1], [1, 2])
            assert sum(mails) == 2 or _may_have_been_sent(made)
        fake_site.clock.forward(timedelta(hours=5))
        for _ in range(2):
            assert scene.act(fake_site)
        assert emails_by_person(fake_site) == mails, "redelivered messages send nothing"


def _may_have_been_sent(made: Injection) -> bool:
    """Return whether the fault left an email that is not marked and that SES may have accepted."""
    [(site, fault)] = made.met
    return fault in UNCLEAR.get(site, ())


@every_batch
def test_a_fault_while_pausing_on_a_spent_quota_loses_no_email(fake_site: FakeSite, batch: Batch) -> None:
    scene = scene_of(batch, on_spent_quota=True)
    sites = play(fake_site, scene, {}).sites
    assert sites[-2:] == [
        "chalicelib/mail/sending.py:pause_after_refusal",
        "chalicelib/edge/batch.py:_deliver_again_in",
    ]
    for at, fault in product(range(len(sites)), Fault):
        made = play(fake_site, scene, {at: fault})
        assert made.met
        assert emails_by_person(fake_site) == [1, 1] or batch.is_once
