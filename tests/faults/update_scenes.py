"""Scenes of updates. tests/updates/test_run.py kills the job and its senders in the middle."""

from functools import partial

from chalicelib.core import keys
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from chalicelib.runner.worker import run_job
from chalicelib.updates.find import add_update, change_update, find_update, forget_updates
from chalicelib.updates.kinds import EMAILS, TESTS, delivery_key
from chalicelib.updates.model import UpdateState
from tests.actors import ALICE, NOW, confirmed
from tests.fake_site import FakeSite, context, sqs_event
from tests.faults.scenes import PETITION, SIX_MINUTES, Scene, assert_exact_counts, get, run_mail_task
from tests.faults.staff_scenes import assert_audit_entry, call, with_bobs_token
from tests.updates.sending import LATER, UPDATES_PATH, an_update, ask as call_as_bob

DRAFT_URL = f"{UPDATES_PATH}/a1"
TEST_KEY = delivery_key(PETITION.slug, "a1", "0123456789abcdef")


def with_a_draft(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    add_update(an_update(), fake_site.tables)
    forget_updates()


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
    with_bobs_token(fake_site)
    add_update(an_update(state=UpdateState.SENDING, published_at=NOW), fake_site.tables)
    key = delivery_key(PETITION.slug, "a1", fake_site.scene_state.alices_id)
    fake_site.scene_state.mail_request = EMAILS.request(key, NOW, fake_site.tables)
    forget_updates()


def deliver_request(fake_site: FakeSite, sender: str = "send_other_mail") -> bool:
    return fake_site.deliver(sender, [fake_site.scene_state.mail_request.model_dump()]) == []


def bounce_email(fake_site: FakeSite, **bounce: str) -> bool:
    request = fake_site.scene_state.mail_request
    tags = {"kind": [request.kind], "key": [request.key]}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent", **bounce}, "mail": {"tags": tags}}
    return fake_site.deliver("receive_feedback", [event]) == []


def assert_undeliverable(fake_site: FakeSite) -> None:
    request = fake_site.scene_state.mail_request
    state = {"update": EMAILS, "update-test": TESTS}[request.kind]
    assert fake_site.tables.items[state.item_key(request.key)]["undeliverable"] == "bounced"


def run_mailing(fake_site: FakeSite) -> bool:
    """Deliver the newest message of the job, and return whether the update's only email is requested."""
    answer = run_job(sqs_event(fake_site.jobs.messages[-1:]), context())
    if answer["batchItemFailures"]:
        return False
    results = fake_site.tables.items[keys.update(PETITION.slug, "a1")]["results"]
    return bool(results["requested"] == 1)


def publish_draft(fake_site: FakeSite) -> bool:
    """Publish the draft. 409 on a retry means that the first request started the job."""
    try:
        return call("POST", f"{DRAFT_URL}/publish", 202, {}, fake_site)
    except AssertionError:
        return call("POST", f"{DRAFT_URL}/publish", 409, {}, fake_site)


def with_another_update_being_sent(fake_site: FakeSite) -> None:
    with_bobs_token(fake_site)
    add_update(an_update(update_id="a0"), fake_site.tables)
    assert call_as_bob(fake_site, "POST", f"{UPDATES_PATH}/a0/publish").status_code == 202
    with_a_draft(fake_site)


def assert_update_is_cancelled(fake_site: FakeSite) -> None:
    assert_audit_entry("update.cancelled", fake_site)
    assert find_update(PETITION.slug, "a1", fake_site.tables).state is UpdateState.CANCELLED


def with_an_old_request(fake_site: FakeSite) -> None:
    with_an_email_to_alice(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_NO_BACKLOG)


def assert_request_is_queued_again(fake_site: FakeSite) -> None:
    assert fake_site.scene_state.mail_request.model_dump() in fake_site.other_queue.messages


def assert_email_is_requested_once(fake_site: FakeSite) -> None:
    [key] = [key for key in fake_site.tables.items if key.pk.startswith("update#")]
    assert key == EMAILS.item_key(delivery_key(PETITION.slug, "a1", fake_site.scene_state.alices_id))
    assert {message["key"] for message in fake_site.other_queue.messages} == {key.sk}


VERBS = ("drafted", "edited", "tested", "published")
assert_audited = {verb: partial(assert_audit_entry, f"update.{verb}") for verb in VERBS}

UPDATE_SCENES = [
    Scene("read_updates_feed", with_alice_subscribed, partial(get, "/petitions/safe-children/updates.atom"),
          assert_exact_counts),
    Scene("publish_update", with_a_draft, publish_draft, assert_audited["published"]),
    Scene("publish_update", with_another_update_being_sent, partial(call, "POST", f"{DRAFT_URL}/publish", 409, {}),
          assert_exact_counts),
    Scene("cancel_update", with_a_draft, partial(call, "POST", f"{DRAFT_URL}/cancel", 200, None),
          assert_update_is_cancelled),
    Scene("run_job", with_a_published_update, run_mailing, assert_email_is_requested_once),
    Scene("send_other_mail", with_an_email_to_alice, deliver_request, assert_exact_counts, SIX_MINUTES),
    Scene("send_other_mail", with_a_draft_to_test, deliver_request, assert_exact_counts, SIX_MINUTES),
    Scene("receive_feedback", with_an_email_to_alice, bounce_email, assert_undeliverable),
    Scene("receive_feedback", with_a_draft_to_test, bounce_email, assert_undeliverable),
    Scene("check_mail", with_an_old_request, partial(run_mail_task, "sweep"), assert_request_is_queued_again),
]  # fmt: skip
