"""An update reaches each person who confirmed and asked for it, once, whatever happens, and its result is exact.

Publishing an update again continues it if its job has failed, and otherwise changes nothing.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.aws.table import Item
from chalicelib.core.caching import forget_all
from chalicelib.core.errors import MailRefused, SetStopped, Throttled, Unavailable
from chalicelib.core.keys import DELIVERIES
from chalicelib.core.settings import settings
from chalicelib.jobs.request import jobs_of
from chalicelib.mail.budget import choice_of, stop
from chalicelib.mail.model import mailbox_of
from chalicelib.mail.sending import is_paused
from chalicelib.mail.sweep import LOST_AFTER_IF_NO_BACKLOG
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from chalicelib.updates import run
from chalicelib.updates.model import CONTINUABLE, Mailing
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, Person, key_of, signed, subject_of
from tests.fake_site import FakeSite
from tests.fakes import throttle
from tests.letters.lettering import send_all
from tests.partnering import a_partner, receive, sent_of
from tests.updates.sending import (
    LATER,
    ask,
    draft_update,
    publish_update,
    results,
    run_once,
    run_until_done,
    subscribe,
)

CROWD = [Person(f"Person {number}", f"person-{number}@mail.example") for number in range(40)]
ALL_SENT = {"state": "sent", "requested": 3, "sent": 3, "failed": 0, "skipped": 0}
SENT_TO_CROWD = ALL_SENT | {"requested": 40, "sent": 40}


@pytest.fixture
def subscribed_site(fake_site: FakeSite, petition: Petition) -> FakeSite:
    """A site with three subscribers."""
    subscribe(fake_site, petition, (ALICE, BOB, CHARLIE))
    return fake_site


def a_crash_at(call: int) -> Callable[[str], None]:
    """Return a hook of FakeTables that fails this call and all after it, as when the process is killed."""
    calls = count(1)

    def crash(_: str) -> None:
        if next(calls) >= call:
            raise Throttled("storage")

    return crash


def recipients(fake_site: FakeSite) -> list[str]:
    return sorted(mail.to for mail in fake_site.mailer.mails)


def test_the_email_has_text_greeting_and_one_click_unsubscribe(fake_site: FakeSite, petition: Petition) -> None:
    subscribe(fake_site, petition, [ALICE])
    publish_update(fake_site)
    run_until_done(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.subject == "The Home Secretary answered"
    assert "Hello Alice Achterberg," in mail.text
    assert "She said yes." in mail.text
    assert mail.sender_name == petition.charity
    assert "<strong>yes</strong>" in mail.html
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = fake_site.last_link("unsubscribe")
    assert fake_site.post_form(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    publish_update(fake_site)
    run_until_done(fake_site)
    assert len(fake_site.mailer.mails) == 1, "Alice has unsubscribed"


def test_consent_is_checked_when_the_email_is_sent(subscribed_site: FakeSite, petition: Petition) -> None:
    ids = subscribe(subscribed_site, petition, CROWD[:2])
    path = publish_update(subscribed_site)
    run_once(subscribed_site)
    withdraw(key_of(petition, ids[0]), petition, NOW, subscribed_site.tables)
    unsubscribe(key_of(petition, ids[1]), NOW, subscribed_site.tables)
    run_until_done(subscribed_site)
    assert len(recipients(subscribed_site)) == 3
    assert results(subscribed_site, path) == {**ALL_SENT, "requested": 5, "skipped": 2}


def test_consent_sent_by_a_partner_does_not_undo_stopping_email(fake_site: FakeSite, petition: Petition) -> None:
    """A stranger typed Alice's address. Alice stopped all email. Then a partner sends that she agreed to updates."""
    subject = subject_of(petition, signed(fake_site.tables, petition))
    mailbox = mailbox_of(ALICE.email, settings().limit_keys)
    stop(choice_of(mailbox, petition.slug), subject, NOW - 30 * DAY, fake_site.tables)
    receive(fake_site.tables, petition, a_partner(fake_site.tables), sent_of(consent={"updates": True}))
    path = publish_update(fake_site)
    run_until_done(fake_site)
    assert recipients(fake_site) == []
    assert results(fake_site, path) == {**ALL_SENT, "requested": 1, "sent": 0, "skipped": 1}


def test_refused_and_bounced_emails_count_as_failed(subscribed_site: FakeSite) -> None:
    path = publish_update(subscribed_site)
    run_once(subscribed_site)
    subscribed_site.mailer.failures = [MailRefused()]
    send_all(subscribed_site)
    tags = {name: [value] for name, value in subscribed_site.mailer.mails[0].tags.items()}
    bounce = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    assert subscribed_site.deliver("receive_feedback", [bounce]) == []
    run_until_done(subscribed_site)
    assert results(subscribed_site, path) == {**ALL_SENT, "sent": 1, "failed": 2}
    publish_update(subscribed_site)
    subscribed_site.mailer.mails.clear()
    run_until_done(subscribed_site)
    assert len(recipients(subscribed_site)) == 2, "a bounce of an update stops the next update"


def test_an_email_that_a_crashed_sender_may_have_sent_is_not_sent_again(subscribed_site: FakeSite) -> None:
    path = publish_update(subscribed_site)
    run_once(subscribed_site)
    subscribed_site.mailer.failures = [Unavailable()]
    run_until_done(subscribed_site)
    assert len(recipients(subscribed_site)) == 2
    assert results(subscribed_site, path) == {**ALL_SENT, "sent": 2, "failed": 1}


@pytest.mark.parametrize("call", [2, 5, 6, 7, 8, 30, 90])
def test_a_killed_job_emails_everybody_once(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The job's process dies after some writes, three times, and every message arrives twice."""
    monkeypatch.setattr(run, "PAGE_SIZE", 2)
    subscribe(fake_site, petition, CROWD)
    path = publish_update(fake_site)
    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(fake_site.tables, "_called", a_crash_at(call))
            run_once(fake_site)
        fake_site.jobs.messages += fake_site.jobs.messages
        fake_site.clock.forward(LATER)
    fake_site.other_queue.messages += fake_site.other_queue.messages
    run_until_done(fake_site)
    assert recipients(fake_site) == sorted(person.email for person in CROWD)
    assert results(fake_site, path) == SENT_TO_CROWD


def test_emails_requested_a_moment_ago_are_counted(subscribed_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB may not return these yet, unless the read is consistent. The update's numbers would be too small."""
    query = subscribed_site.tables.query

    def query_with_lag(table: str, *arguments: Any, consistent: bool = False, **more: Any) -> Iterator[Item]:
        found = query(table, *arguments, consistent=consistent, **more)
        if table == DELIVERIES and not consistent:
            return iter(())
        return found

    monkeypatch.setattr(subscribed_site.tables, "query", query_with_lag)
    path = publish_update(subscribed_site)
    run_until_done(subscribed_site)
    assert results(subscribed_site, path) == ALL_SENT


def test_a_cancelled_update_stops_and_its_result_is_exact(subscribed_site: FakeSite) -> None:
    path = publish_update(subscribed_site)
    run_once(subscribed_site)
    first, *others = subscribed_site.other_queue.messages
    subscribed_site.deliver("send_other_mail", [first])
    assert ask(subscribed_site, "POST", f"{path}/cancel").json_body["state"] == "cancelled"
    forget_all()
    subscribed_site.clock.forward(LATER)
    subscribed_site.other_queue.messages[:] = others
    run_until_done(subscribed_site)
    assert len(recipients(subscribed_site)) == 1
    assert results(subscribed_site, path) == {**ALL_SENT, "state": "cancelled", "sent": 1, "skipped": 2}


def test_a_scheduled_update_waits_for_its_time(subscribed_site: FakeSite) -> None:
    path = draft_update(subscribed_site)
    at = NOW + timedelta(hours=9)
    answer = ask(subscribed_site, "POST", f"{path}/publish", {"at": "2026-11-24T21:00:00Z"})
    assert (answer.status_code, answer.json_body["state"]) == (202, "scheduled")
    for _ in range(2):
        run_once(subscribed_site)
        subscribed_site.clock.forward(timedelta(hours=4))
    run_once(subscribed_site)
    assert subscribed_site.jobs.delays[-1] == 600
    assert subscribed_site.get("/api/petitions/safe-children/updates").json_body["updates"] == []
    subscribed_site.clock.moment = at
    run_until_done(subscribed_site)
    assert results(subscribed_site, path) == ALL_SENT


def test_a_cancelled_scheduled_update_does_not_block_the_next_update(subscribed_site: FakeSite) -> None:
    path = draft_update(subscribed_site)
    ask(subscribed_site, "POST", f"{path}/publish", {"at": "2027-01-24T21:00:00Z"})
    run_once(subscribed_site)
    ask(subscribed_site, "POST", f"{path}/cancel")
    subscribed_site.clock.forward(timedelta(minutes=10))
    run_once(subscribed_site)
    next_path = publish_update(subscribed_site)
    run_until_done(subscribed_site)
    assert results(subscribed_site, next_path) == ALL_SENT
    assert results(subscribed_site, path) == {**ALL_SENT, "state": "cancelled", "requested": 0, "sent": 0}


def test_a_scheduled_job_whose_update_was_not_marked_does_not_block_publishing(subscribed_site: FakeSite) -> None:
    """The process died after it had started the job."""
    path = draft_update(subscribed_site)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subscribed_site.tables, "_update", throttle)
        assert ask(subscribed_site, "POST", f"{path}/publish", {"at": "2027-01-24T21:00:00Z"}).status_code == 503
    run_once(subscribed_site)
    assert ask(subscribed_site, "POST", f"{path}/publish").status_code == 202


def test_only_updates_wait_while_their_configuration_set_is_switched_off(
    subscribed_site: FakeSite, petition: Petition
) -> None:
    """As an engineer does when mailboxes complain about an update."""
    path = publish_update(subscribed_site)
    run_once(subscribed_site)
    subscribed_site.mailer.failures = [SetStopped("mail")] * 3
    send_all(subscribed_site)
    assert not is_paused(subscribed_site.clock(), subscribed_site.tables), "confirmations are sent"
    assert (recipients(subscribed_site), subscribed_site.other_queue.messages) == ([], [])
    subscribed_site.clock.forward(2 * LOST_AFTER_IF_NO_BACKLOG)
    subscribed_site.invoke("check_mail", {"task": "sweep"})
    run_until_done(subscribed_site)
    assert results(subscribed_site, path) == ALL_SENT


PATIENCE = Mailing.patience


@pytest.fixture
def crowded_site(fake_site: FakeSite, petition: Petition) -> FakeSite:
    subscribe(fake_site, petition, CROWD)
    return fake_site


def stop_job(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill the job halfway. Its message ends in the dead letters."""
    monkeypatch.setattr(run, "PAGE_SIZE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(fake_site.tables, "_called", a_crash_at(100))
        run_once(fake_site)
    fake_site.jobs.messages.clear()


def publish_again(fake_site: FakeSite, path: str) -> int:
    """Publish the update, and return the status of the answer."""
    return ask(fake_site, "POST", f"{path}/publish").status_code


def actions(fake_site: FakeSite, path: str) -> object:
    """Return the update's actions, and "stopped" before them if a fault has stopped it."""
    update = ask(fake_site, "GET", path).json_body
    return [*(["stopped"] if update["stopped"] else []), *update["actions"]]


def test_publishing_again_continues_an_update_whose_job_failed_halfway(
    crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish_update(crowded_site)
    stop_job(crowded_site, monkeypatch)
    assert 0 < len(crowded_site.other_queue.messages) < len(CROWD)
    run_until_done(crowded_site)
    assert actions(crowded_site, path) == ["cancel"], "the job may still continue by itself"
    crowded_site.clock.forward(PATIENCE)
    assert actions(crowded_site, path) == ["stopped", "publish", "cancel"]
    assert publish_again(crowded_site, path) == 202
    assert actions(crowded_site, path) == ["cancel"]
    run_until_done(crowded_site)
    assert recipients(crowded_site) == sorted(person.email for person in CROWD)
    assert results(crowded_site, path) == SENT_TO_CROWD
    assert actions(crowded_site, path) == []


def test_publishing_again_continues_a_scheduled_update_whose_job_failed(
    crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draft_update(crowded_site)
    ask(crowded_site, "POST", f"{path}/publish", {"at": "2026-11-24T13:00:00Z"})
    crowded_site.jobs.messages.clear()
    crowded_site.clock.forward(PATIENCE + LATER)
    assert publish_again(crowded_site, path) == 202
    run_until_done(crowded_site)
    assert results(crowded_site, path) == SENT_TO_CROWD


def test_publishing_again_starts_no_second_job_while_the_first_runs(crowded_site: FakeSite, petition: Petition) -> None:
    path = publish_update(crowded_site)
    crowded_site.clock.forward(PATIENCE - timedelta(minutes=1))
    assert publish_again(crowded_site, path) == 202
    assert len(crowded_site.jobs.messages) == len([*jobs_of(Mailing, petition.slug, crowded_site.tables)]) == 1


def test_an_update_is_not_continued_while_another_is_sent(
    crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish_update(crowded_site)
    stop_job(crowded_site, monkeypatch)
    crowded_site.clock.forward(PATIENCE)
    publish_update(crowded_site)
    assert actions(crowded_site, path) == ["stopped", "cancel"]
    assert publish_again(crowded_site, path) == 409


def test_an_old_update_is_not_continued(crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB may delete the state of its first emails while the new job runs. Then people would get it twice."""
    path = publish_update(crowded_site)
    stop_job(crowded_site, monkeypatch)
    crowded_site.clock.moment = NOW + CONTINUABLE
    assert actions(crowded_site, path) == ["stopped", "cancel"]
    assert publish_again(crowded_site, path) == 409
