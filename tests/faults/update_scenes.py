"""Scenes of updates. tests/updates/test_run.py kills the job and its senders in the middle."""

from functools import partial

from chalicelib.core import keys
from chalicelib.mail.model import MailRequest
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET
from chalicelib.updates import store
from chalicelib.updates.find import find_update, forget_updates
from chalicelib.updates.kinds import EMAILS, TESTS, delivery_key
from chalicelib.updates.model import UpdateState
from chalicelib.updates.worker import run_update
from tests.actors import ALICE, NOW, confirmed
from tests.fake_site import FakeSite, sqs_event
from tests.faults.scenes import PETITION, SIX_MINUTES, Scene, _schedule, counted_right, get, run
from tests.faults.staff_scenes import bob_may_all, call, is_in_the_trail, read
from tests.updates.sending import LAMBDA_CONTEXT, LATER, TEXT, UPDATES_PATH, an_update, ask as call_as_bob

DRAFT = f"{UPDATES_PATH}/a1"
A_TEST = delivery_key(PETITION.slug, "a1", "0123456789abcdef")


def a_draft(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    store.add(an_update(), fake_site.tables)
    forget_updates()


def a_draft_to_test(fake_site: FakeSite) -> None:
    a_draft(fake_site)
    store.change(
        an_update(), fake_site.tables, tests={"0123456789abcdef": {"email": "bob@charity.example", "language": "en"}}
    )
    fake_site.mail_request = TESTS.request(A_TEST, NOW, fake_site.tables)  # type: ignore[attr-defined]


def alice_subscribed(fake_site: FakeSite) -> None:
    fake_site.alice = confirmed(fake_site.tables, PETITION, ALICE, updates=True)  # type: ignore[attr-defined]


def a_published_update(fake_site: FakeSite) -> None:
    alice_subscribed(fake_site)
    a_draft(fake_site)
    assert call_as_bob(fake_site, "POST", f"{DRAFT}/publish").status_code == 202
    fake_site.clock.forward(LATER)


def an_email_to_alice(fake_site: FakeSite) -> None:
    alice_subscribed(fake_site)
    bob_may_all(fake_site)
    store.add(an_update(state=UpdateState.SENDING, published_at=NOW), fake_site.tables)
    key = delivery_key(PETITION.slug, "a1", fake_site.alice)  # type: ignore[attr-defined]
    fake_site.mail_request = EMAILS.request(key, NOW, fake_site.tables)  # type: ignore[attr-defined]
    forget_updates()


def deliver(fake_site: FakeSite) -> bool:
    request: MailRequest = fake_site.mail_request  # type: ignore[attr-defined]
    return fake_site.deliver("send_other_mail", [request.model_dump()]) == []


def bounce(fake_site: FakeSite) -> bool:
    request: MailRequest = fake_site.mail_request  # type: ignore[attr-defined]
    tags = {"kind": [request.kind], "key": [request.key]}
    event = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    return fake_site.deliver("receive_feedback", [event]) == []


def is_undeliverable(fake_site: FakeSite) -> None:
    state = {"update": EMAILS, "update-test": TESTS}[fake_site.mail_request.kind]  # type: ignore[attr-defined]
    item = fake_site.tables.items[state.item_key(fake_site.mail_request.key)]  # type: ignore[attr-defined]
    assert item["undeliverable"] == "bounced"


def run_job(fake_site: FakeSite) -> bool:
    """Deliver the newest message of the job, and return whether the update is published and its email requested."""
    if run_update(sqs_event(fake_site.updates.messages[-1:]), LAMBDA_CONTEXT)["batchItemFailures"]:
        return False
    return bool(fake_site.tables.items[keys.update(PETITION.slug, "a1")]["results"]["requested"] == 1)


def publish_draft(fake_site: FakeSite) -> bool:
    """Publish the draft. 409 on a retry means that the first request started the job."""
    try:
        return call("POST", f"{DRAFT}/publish", 202, {}, fake_site)
    except AssertionError:
        return call("POST", f"{DRAFT}/publish", 409, {}, fake_site)


def another_update_is_sent(fake_site: FakeSite) -> None:
    bob_may_all(fake_site)
    store.add(an_update(update_id="a0"), fake_site.tables)
    assert call_as_bob(fake_site, "POST", f"{UPDATES_PATH}/a0/publish").status_code == 202
    a_draft(fake_site)


def is_cancelled(fake_site: FakeSite) -> None:
    is_in_the_trail("update.cancelled", fake_site)
    assert find_update(PETITION.slug, "a1", fake_site.tables).state is UpdateState.CANCELLED


def an_old_request(fake_site: FakeSite) -> None:
    an_email_to_alice(fake_site)
    fake_site.clock.forward(2 * LOST_AFTER_IF_QUIET)


def is_queued_again(fake_site: FakeSite) -> None:
    assert fake_site.mail_request.model_dump() in fake_site.other_queue.messages  # type: ignore[attr-defined]


def is_requested_once(fake_site: FakeSite) -> None:
    [key] = [key for key in fake_site.tables.items if key.pk.startswith("update#")]
    assert key == EMAILS.item_key(delivery_key(PETITION.slug, "a1", fake_site.alice))  # type: ignore[attr-defined]
    assert {message["key"] for message in fake_site.other_queue.messages} == {key.sk}


_logged = {verb: partial(is_in_the_trail, f"update.{verb}") for verb in ("drafted", "edited", "tested", "published")}

UPDATE_SCENES = [
    Scene("list_updates", a_published_update, partial(get, "/api/petitions/safe-children/updates"), counted_right),
    Scene("read_updates_feed", alice_subscribed, partial(get, "/petitions/safe-children/updates.atom"), counted_right),
    Scene("list_all_updates", a_draft, partial(read, UPDATES_PATH), counted_right),
    Scene("read_update", a_draft, partial(read, DRAFT), counted_right),
    Scene("draft_update", bob_may_all, partial(call, "POST", UPDATES_PATH, 201, TEXT), _logged["drafted"]),
    Scene("edit_update", a_draft, partial(call, "PUT", DRAFT, 200, TEXT), _logged["edited"]),
    Scene("email_update_test", a_draft,
          partial(call, "POST", f"{DRAFT}/test", 202, {"email": "bob@charity.example"}), _logged["tested"]),
    Scene("publish_update", a_draft, publish_draft, _logged["published"]),
    Scene("publish_update", another_update_is_sent, partial(call, "POST", f"{DRAFT}/publish", 409, {}), counted_right),
    Scene("cancel_update", a_draft, partial(call, "POST", f"{DRAFT}/cancel", 200, None), is_cancelled),
    Scene("run_update", a_published_update, run_job, is_requested_once),
    Scene("send_other_mail", an_email_to_alice, deliver, counted_right, SIX_MINUTES),
    Scene("send_other_mail", a_draft_to_test, deliver, counted_right, SIX_MINUTES),
    Scene("receive_feedback", an_email_to_alice, bounce, is_undeliverable),
    Scene("receive_feedback", a_draft_to_test, bounce, is_undeliverable),
    Scene("sweep_mail", an_old_request, partial(run, "sweep_mail", _schedule), is_queued_again),
]  # fmt: skip
