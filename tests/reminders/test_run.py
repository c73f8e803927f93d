"""Whoever has not confirmed is reminded once, if staff switch reminders on, and nobody else gets a reminder."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.mail.budget import choice_of, stop, take_email
from chalicelib.mail.model import MailRequest, mailbox_of
from chalicelib.petitions.model import Petition
from chalicelib.runner.worker import run_job
from chalicelib.signatures.mail_state import mark_undeliverable
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, NOW, bobs_token, change_item, confirmed, item_of, key_of, subject_of
from tests.fake_site import JSON, FakeSite, context, sqs_event
from tests.reminders.reminding import HOUR, mailed
from tests.updates.sending import ask

REMINDERS_PATH = "/api/staff/petitions/safe-children/reminders"
A_DAY = {"hours": 24}


def run_and_send(fake_site: FakeSite, *identities: str) -> None:
    """Run the job as far as it gets now, and send what it requested."""
    messages, fake_site.jobs.messages[:] = list(fake_site.jobs.messages), []
    for message in messages:
        assert not run_job(sqs_event([message]), context())["batchItemFailures"]
    send_reminders(fake_site)


def send_reminders(fake_site: FakeSite) -> None:
    for key, item in list(fake_site.tables.items.items()):
        if item.get("mail_kind") == "reminder":
            slug = key.pk.rpartition("#")[0].rpartition("#")[2]
            request = {"kind": "reminder", "key": f"{slug}_{key.sk}", "requested_at": item["mail_requested_at"]}
            fake_site.deliver("send_other_mail", [request])


def switch_on(fake_site: FakeSite) -> None:
    assert ask(fake_site, "POST", REMINDERS_PATH, A_DAY).status_code == 202


def move(fake_site: FakeSite, state: str) -> None:
    token = bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON, "If-Match": "*"}
    body = json.dumps({"state": state}).encode()
    path = "/api/staff/petitions/safe-children/state"
    assert fake_site.client.http.post(path, headers=headers, body=body).status_code == 200


def reminded(fake_site: FakeSite) -> list[str]:
    return [mail.to for mail in fake_site.mailer.mails]


def test_who_has_not_confirmed_is_reminded_once(fake_site: FakeSite, petition: Petition) -> None:
    mailed(fake_site.tables, petition)
    switch_on(fake_site)
    run_and_send(fake_site)
    for _ in range(12):
        fake_site.clock.forward(7 * HOUR)
        run_and_send(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.to == ALICE.email
    assert "Your signature does not count yet" in mail.subject
    assert "This is our only reminder." in mail.text
    [shown] = ask(fake_site, "GET", REMINDERS_PATH).json_body["reminders"]
    assert (shown["state"], shown["reminded"], shown["hours"]) == ("running", 1, 24)
    assert fake_site.post_form(fake_site.last_link("confirm"), {}).status_code == 200
    assert fake_site.get("/api/petitions/safe-children/count").json_body["count"] == 1


def test_a_reminder_that_ses_may_have_sent_is_never_sent_again(fake_site: FakeSite, petition: Petition) -> None:
    send = fake_site.mailer.send

    def send_and_lose_the_answer(mail: Mail) -> str:
        send(mail)
        raise Unavailable("mail")

    fake_site.mailer.send = send_and_lose_the_answer  # type: ignore[method-assign]
    mailed(fake_site.tables, petition)
    switch_on(fake_site)
    run_and_send(fake_site)
    for _ in range(3):
        fake_site.clock.forward(timedelta(minutes=5))
        send_reminders(fake_site)
    assert reminded(fake_site) == [ALICE.email]


def test_a_reminder_waits_for_the_hours_after_the_last_email(fake_site: FakeSite, petition: Petition) -> None:
    mailed(fake_site.tables, petition, at=-23 * HOUR)
    switch_on(fake_site)
    run_and_send(fake_site)
    assert reminded(fake_site) == []
    fake_site.clock.forward(7 * HOUR)
    run_and_send(fake_site)
    assert reminded(fake_site) == [ALICE.email]


def stop_email(fake_site: FakeSite, petition: Petition, key: Key) -> None:
    mailbox = mailbox_of(ALICE.email, settings().limit_keys)
    stop(choice_of(mailbox, petition.slug), subject_of(petition, key.sk), NOW, fake_site.tables)


WAYS_OUT: dict[str, Callable[[FakeSite, Petition, Key], object]] = {
    "stop": stop_email,
    "bounce": lambda site, _, key: mark_undeliverable(key, "bounced", site.tables),
    "withdraw": lambda site, petition, key: withdraw(key, petition, NOW, site.tables),
    "confirm": lambda site, petition, _: confirmed(site.tables, petition),
    "expire": lambda site, petition, key: change_item(site.tables, petition, key.sk, expires_at=int(NOW.timestamp())),
}


@pytest.mark.parametrize("way_out", WAYS_OUT)
@pytest.mark.parametrize("is_requested", [False, True])
def test_nobody_who_is_done_is_reminded(
    fake_site: FakeSite, petition: Petition, way_out: str, is_requested: bool
) -> None:
    """They leave before the reminder is requested, or between the request and the sending."""
    identity = mailed(fake_site.tables, petition)
    switch_on(fake_site)
    if not is_requested:
        WAYS_OUT[way_out](fake_site, petition, key_of(petition, identity))
    run_job(sqs_event(fake_site.jobs.messages[:1]), context())
    if is_requested:
        assert item_of(fake_site.tables, petition, identity)["mail_kind"] == "reminder"
        WAYS_OUT[way_out](fake_site, petition, key_of(petition, identity))
    send_reminders(fake_site)
    assert reminded(fake_site) == []


def test_a_reminder_is_inside_the_budget_of_the_address(fake_site: FakeSite, petition: Petition) -> None:
    mailed(fake_site.tables, petition)
    mailbox = mailbox_of(ALICE.email, settings().limit_keys)
    another = MailRequest(kind="confirm", key="another_1", requested_at="2026-11-24T11:59:00Z")
    take_email(mailbox, "another", another, NOW, fake_site.tables)
    switch_on(fake_site)
    run_and_send(fake_site)
    assert reminded(fake_site) == [], "the address got an email a moment ago"
    fake_site.clock.forward(timedelta(minutes=2))
    send_reminders(fake_site)
    assert reminded(fake_site) == [ALICE.email]


def test_no_reminder_leaves_once_the_petition_is_closed(fake_site: FakeSite, petition: Petition) -> None:
    mailed(fake_site.tables, petition)
    switch_on(fake_site)
    [message] = fake_site.jobs.messages
    run_job(sqs_event([message]), context())
    move(fake_site, "closed")
    forget_all()
    send_reminders(fake_site)
    assert reminded(fake_site) == []
    fake_site.clock.forward(7 * HOUR)
    run_job(sqs_event([message]), context())
    assert ask(fake_site, "GET", REMINDERS_PATH).json_body["reminders"][0]["state"] == "done"


def test_a_reminder_waits_while_the_petition_is_paused(fake_site: FakeSite, petition: Petition) -> None:
    mailed(fake_site.tables, petition)
    switch_on(fake_site)
    run_job(sqs_event(fake_site.jobs.messages[:1]), context())
    for state, expected in (("paused", []), ("open", [ALICE.email])):
        move(fake_site, state)
        forget_all()
        fake_site.clock.forward(timedelta(minutes=5))
        send_reminders(fake_site)
        assert reminded(fake_site) == expected


def test_reminders_can_be_switched_off_and_on_again(fake_site: FakeSite, petition: Petition) -> None:
    switch_on(fake_site)
    assert ask(fake_site, "POST", REMINDERS_PATH, A_DAY).status_code == 409, "they are on"
    [shown] = ask(fake_site, "GET", REMINDERS_PATH).json_body["reminders"]
    off = ask(fake_site, "DELETE", f"/api/staff/reminders/{shown['id']}")
    assert off.json_body["state"] == "cancelled"
    mailed(fake_site.tables, petition)
    run_and_send(fake_site)
    assert reminded(fake_site) == []
    switch_on(fake_site)


@pytest.mark.parametrize("hours", [0, 11, 241, "often"])
def test_hours_that_make_no_sense_are_refused(fake_site: FakeSite, petition: Petition, hours: object) -> None:
    answer = ask(fake_site, "POST", REMINDERS_PATH, {"hours": hours})
    assert answer.status_code == 422
    assert answer.json_body["errors"][0]["field"] == "hours"
