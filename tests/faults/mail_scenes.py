"""Scenes of the functions that send email, of those that watch them, and of updates."""

from datetime import timedelta
from functools import partial
from typing import Any

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import SendingStopped
from chalicelib.core.times import iso
from chalicelib.mail import outstanding
from chalicelib.mail.budget import read_allowance, take_email
from chalicelib.mail.deliveries import BOUNCED
from chalicelib.mail.model import MailRequest, mailbox_of
from chalicelib.mail.sending import MAX_URGENT_WAITING, PAUSE, is_paused, pause_after_refusal
from chalicelib.mail.signature_kinds import delivery_key
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from chalicelib.mail.turns import BURST, book_first_email
from chalicelib.petitions.edit import publish
from chalicelib.runner.worker import run_job
from chalicelib.updates.find import add_update, change_update, find_update
from chalicelib.updates.kinds import EMAILS, TESTS, delivery_key as update_delivery_key
from chalicelib.updates.model import UpdateState
from chalicelib.updates.run import MIN_FOR_BOUNCES
from tests.actors import (
    ALICE,
    BOB,
    DAY,
    LIMIT_KEYS,
    NOW,
    a_petition,
    change_item,
    confirmed,
    identity_of,
    item_of,
    request_of,
    signed,
)
from tests.fake_site import FakeSite, context, sqs_event, stream_event
from tests.faults.scenes import (
    KEY,
    PETITION,
    SIX_MINUTES,
    TWO_HOURS,
    Scene,
    State,
    assert_exact_counts,
    deliver,
    run,
    with_alice_confirmed,
    with_alice_pending,
)
from tests.faults.staff_scenes import assert_audit_entry
from tests.updates.sending import LATER, UPDATES_PATH, an_update, ask as call_as_bob


def bounce_events(_: FakeSite) -> list[Any]:
    tags = {"kind": ["confirm"], "key": [delivery_key(PETITION.slug, KEY.sk)]}
    return [{"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}]


def signing_event(fake_site: FakeSite) -> dict[str, Any]:
    return stream_event([("1", None, item_of(fake_site.tables, PETITION, KEY.sk))])


def assert_alice_is_undeliverable(fake_site: FakeSite) -> None:
    item = item_of(fake_site.tables, PETITION, KEY.sk)
    assert item["undeliverable"] == "bounced"
    assert "mail_kind" not in item


def mail_messages(fake_site: FakeSite) -> list[Any]:
    """Return the messages for the sender, by default the one for Alice's email: the same for each attempt."""
    state = fake_site.scene_state
    if not hasattr(state, "messages"):
        request = getattr(state, "mail_request", None) or request_of(fake_site.tables, PETITION, KEY.sk)
        state.messages = [request.model_dump()]
    return state.messages


def with_a_batch(fake_site: FakeSite) -> None:
    identities = [signed(fake_site.tables, PETITION, who) for who in (ALICE, BOB)]
    requests = [request_of(fake_site.tables, PETITION, identity) for identity in identities]
    fake_site.scene_state.messages = [request.model_dump() for request in requests]


def with_a_batch_and_a_used_up_quota(fake_site: FakeSite) -> None:
    with_a_batch(fake_site)
    fake_site.mailer.failures = [SendingStopped("mail")]


def assert_both_got_email(fake_site: FakeSite) -> None:
    assert {mail.to for mail in fake_site.mailer.mails} == {ALICE.email, BOB.email}
    for who in (ALICE, BOB):
        assert "mail_kind" not in item_of(fake_site.tables, PETITION, identity_of(PETITION, who))


def assert_alice_got_email(fake_site: FakeSite) -> None:
    assert "mail_kind" not in item_of(fake_site.tables, PETITION, KEY.sk)
    assert {mail.to for mail in fake_site.mailer.mails} == {ALICE.email}


def assert_alices_email_is_queued(fake_site: FakeSite) -> None:
    assert {message["key"] for message in fake_site.queue.messages} == {delivery_key(PETITION.slug, KEY.sk)}
    for message in (*fake_site.queue.messages, *fake_site.queue.messages):
        fake_site.clock.forward(timedelta(minutes=6))
        assert fake_site.deliver("send_mail", [message]) == []
    assert len(fake_site.mailer.mails) == 1


def with_alice_on_a_busy_network(fake_site: FakeSite) -> None:
    for _ in range(3 * BURST):
        book_first_email("busy", NOW + TWO_HOURS, fake_site.tables)
    with_alice_pending(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, mail_network="busy")


def with_a_used_up_email_budget(fake_site: FakeSite) -> None:
    """The email budget of Alice's address is used up for hours."""
    mailbox = mailbox_of(ALICE.email, LIMIT_KEYS)
    now = NOW + TWO_HOURS - timedelta(minutes=75)
    for number in range(4):
        now = read_allowance(mailbox, PETITION.slug, now, fake_site.tables).next_at
        request = MailRequest(kind="confirm", key=str(number), requested_at="")
        take_email(mailbox, PETITION.slug, request, now, fake_site.tables)
    with_alice_pending(fake_site)


def with_a_postponed_email(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, mail_due_at=iso(NOW + 2 * TWO_HOURS))
    outstanding.mark(outstanding.group_of(KEY), NOW, fake_site.tables)


def with_a_marker_without_email(fake_site: FakeSite) -> None:
    outstanding.mark(outstanding.group_of(KEY), NOW - timedelta(days=1), fake_site.tables)


def assert_no_group_is_marked(fake_site: FakeSite) -> None:
    assert outstanding.markers(fake_site.tables) == []


def assert_alices_email_waits(fake_site: FakeSite) -> None:
    assert item_of(fake_site.tables, PETITION, KEY.sk)["mail_due_at"] > iso(fake_site.clock())
    assert fake_site.queue.messages == []


def assert_email_waits_or_is_sent(fake_site: FakeSite) -> None:
    if fake_site.mailer.mails:
        assert_alice_got_email(fake_site)
    else:
        assert_alices_email_waits(fake_site)
    assert "mail_network" not in item_of(fake_site.tables, PETITION, KEY.sk)


def assert_event_sources_are_enabled(fake_site: FakeSite) -> None:
    assert not is_paused(fake_site.clock(), fake_site.tables)
    assert fake_site.source.is_open
    assert fake_site.other_source.is_open


def with_sending_paused(fake_site: FakeSite) -> None:
    pause_after_refusal(NOW + TWO_HOURS, fake_site.tables)


def assert_event_sources_are_disabled(fake_site: FakeSite) -> None:
    assert not fake_site.source.is_open
    assert not fake_site.other_source.is_open


def with_a_long_queue(fake_site: FakeSite) -> None:
    fake_site.queue.messages = [{}] * (MAX_URGENT_WAITING + 1)


def assert_confirmations_have_the_whole_rate(fake_site: FakeSite) -> None:
    assert fake_site.source.is_open
    assert not fake_site.other_source.is_open
    item = fake_site.tables.get(keys.mail_sending())
    assert item
    assert "granted_until" in item


def with_event_sources_disabled(fake_site: FakeSite) -> None:
    fake_site.source.is_open = fake_site.other_source.is_open = False


def with_a_receipt_after_an_edit(fake_site: FakeSite) -> None:
    with_alice_confirmed(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, mail_kind="receipt", mail_requested_at=iso(NOW))
    publish(a_petition(sign_wording="Another wording"), NOW, fake_site.tables)


def with_a_reminder(fake_site: FakeSite) -> None:
    with_alice_pending(fake_site)
    change_item(fake_site.tables, PETITION, KEY.sk, mail_kind="reminder", reminded_at=iso(NOW))
    fake_site.scene_state.mail_request = request_of(fake_site.tables, PETITION, KEY.sk)


def assert_alice_is_reminded_unless_unknown(fake_site: FakeSite) -> None:
    if "mail_unknown_at" not in item_of(fake_site.tables, PETITION, KEY.sk):
        assert_alice_got_email(fake_site)


DRAFT_URL = f"{UPDATES_PATH}/a1"
TEST_KEY = update_delivery_key(PETITION.slug, "a1", "0123456789abcdef")


def with_a_draft(fake_site: FakeSite) -> None:
    add_update(an_update(), fake_site.tables)
    forget_all()


def with_a_draft_to_test(fake_site: FakeSite) -> None:
    with_a_draft(fake_site)
    tests = {"0123456789abcdef": {"email": "bob@charity.example", "language": "en"}}
    change_update(an_update(), fake_site.tables, tests=tests)
    fake_site.scene_state.mail_request = TESTS.request(TEST_KEY, NOW, fake_site.tables)


def with_alice_subscribed(fake_site: FakeSite) -> None:
    fake_site.scene_state.alices_id = confirmed(fake_site.tables, PETITION, ALICE, updates=True)


def with_a_published_update(fake_site: FakeSite) -> None:
    with_alice_subscribed(fake_site)
    with_a_draft(fake_site)
    assert call_as_bob(fake_site, "POST", f"{DRAFT_URL}/publish").status_code == 202
    fake_site.clock.forward(LATER)


def with_an_email_to_alice(fake_site: FakeSite) -> None:
    with_alice_subscribed(fake_site)
    add_update(an_update(state=UpdateState.SENDING, published_at=NOW), fake_site.tables)
    key = update_delivery_key(PETITION.slug, "a1", fake_site.scene_state.alices_id)
    fake_site.scene_state.mail_request = EMAILS.request(key, NOW, fake_site.tables)
    forget_all()


def sends(
    before: State,
    then: State,
    retry_after: timedelta = SIX_MINUTES,
    *,
    mails: int = 1,
    sender: str = "send_other_mail",
) -> Scene:
    """Return the scene in which the messages are delivered to the sender."""
    return Scene(sender, before, partial(deliver, sender, mail_messages), then, retry_after, mails)


def checks(task: str, before: State, then: State) -> Scene:
    """Return the scene in which a scheduled task runs."""
    return Scene("check_mail", before, lambda fake_site: run("check_mail", lambda _: {"task": task}, fake_site), then)


sends_urgently = partial(sends, sender="send_mail")
sweeps, watches = partial(checks, "sweep"), partial(checks, "watch")


def bounce_email(fake_site: FakeSite, **bounce: str) -> bool:
    request = fake_site.scene_state.mail_request
    tags = {"kind": [request.kind], "key": [request.key]}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent", **bounce}, "mail": {"tags": tags}}
    return fake_site.deliver("receive_feedback", [event]) == []


def assert_undeliverable(fake_site: FakeSite) -> None:
    request = fake_site.scene_state.mail_request
    assert fake_site.tables.items[EMAILS.item_key(request.key)]["undeliverable"] == "bounced"


def run_update_job(fake_site: FakeSite) -> bool:
    """Deliver the newest message of the job, and return whether the update's only email is requested."""
    answer = run_job(sqs_event(fake_site.jobs.messages[-1:]), context())
    if answer["batchItemFailures"]:
        return False
    results = fake_site.tables.items[keys.update(PETITION.slug, "a1")]["results"]
    return bool(results["requested"] == 1)


def with_an_update_that_bounces(fake_site: FakeSite) -> None:
    """So many have bounced that the next count pauses it."""
    with_a_published_update(fake_site)
    for number in range(MIN_FOR_BOUNCES):
        key = update_delivery_key(PETITION.slug, "a1", f"{number:032x}")
        EMAILS.request(key, NOW, fake_site.tables)
        EMAILS.mark_undeliverable(key, BOUNCED, NOW, fake_site.tables)


def run_job_to_the_pause(fake_site: FakeSite) -> bool:
    answer = run_job(sqs_event(fake_site.jobs.messages[-1:]), context())
    fake_site.clock.forward(LATER)
    state = fake_site.tables.items[keys.update(PETITION.slug, "a1")]["state"]
    return not answer["batchItemFailures"] and state == UpdateState.PAUSED


def assert_update_is_paused(fake_site: FakeSite) -> None:
    assert_audit_entry("update.paused", fake_site)
    update = find_update(PETITION.slug, "a1", fake_site.tables)
    assert (update.results.bounced, update.why is not None) == (MIN_FOR_BOUNCES, True)


def with_an_old_request(fake_site: FakeSite) -> None:
    with_an_email_to_alice(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_NO_BACKLOG)


def assert_request_is_queued_again(fake_site: FakeSite) -> None:
    assert fake_site.scene_state.mail_request.model_dump() in fake_site.other_queue.messages


def assert_email_is_requested_once(fake_site: FakeSite) -> None:
    [key] = [key for key in fake_site.tables.items if key.pk.startswith("update#")]
    assert key == EMAILS.item_key(update_delivery_key(PETITION.slug, "a1", fake_site.scene_state.alices_id))
    assert {message["key"] for message in fake_site.other_queue.messages} == {key.sk}


SCENES = [
    Scene("relay_mail", with_alice_pending, partial(run, "relay_mail", signing_event), assert_alices_email_is_queued),
    sends_urgently(with_alice_pending, assert_alice_got_email),
    sends_urgently(with_a_batch, assert_both_got_email, mails=2),
    sends_urgently(with_a_batch_and_a_used_up_quota, assert_both_got_email, PAUSE, mails=2),
    sends_urgently(with_alice_on_a_busy_network, assert_email_waits_or_is_sent, DAY),
    sends(with_alice_on_a_busy_network, assert_email_waits_or_is_sent, DAY),
    sends_urgently(with_a_used_up_email_budget, assert_email_waits_or_is_sent, DAY),
    sends(with_a_used_up_email_budget, assert_email_waits_or_is_sent, DAY),
    Scene("relay_mail", with_a_postponed_email, partial(run, "relay_mail", signing_event), assert_alices_email_waits),
    sends(with_alice_pending, assert_alice_got_email),
    sends(with_a_receipt_after_an_edit, assert_alice_got_email),
    sends(with_a_reminder, assert_alice_is_reminded_unless_unknown),
    Scene("receive_feedback", with_alice_pending, partial(deliver, "receive_feedback", bounce_events),
          assert_alice_is_undeliverable),
    watches(with_event_sources_disabled, assert_event_sources_are_enabled),
    watches(with_a_long_queue, assert_confirmations_have_the_whole_rate),
    watches(with_sending_paused, assert_event_sources_are_disabled),
    sweeps(with_alice_pending, assert_alices_email_is_queued),
    sweeps(with_a_marker_without_email, assert_no_group_is_marked),
    Scene("run_job", with_a_published_update, run_update_job, assert_email_is_requested_once),
    Scene("run_job", with_an_update_that_bounces, run_job_to_the_pause, assert_update_is_paused),
    sends(with_an_email_to_alice, assert_exact_counts),
    sends(with_a_draft_to_test, assert_exact_counts),
    Scene("receive_feedback", with_an_email_to_alice, bounce_email, assert_undeliverable),
    Scene("receive_feedback", with_a_draft_to_test, bounce_email, assert_exact_counts),
    sweeps(with_an_old_request, assert_request_is_queued_again),
]  # fmt: skip
