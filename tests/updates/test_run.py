"""An update reaches each person who confirmed and asked for it, once, whatever happens, and its result is exact."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from chalicelib.core.errors import MailRefused, Throttled, Unavailable
from chalicelib.core.settings import settings
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.stop import choice_of, stop
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from chalicelib.updates import run
from chalicelib.updates.find import forget_updates
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    NOW,
    Person,
    change_item,
    confirmed,
    identity_of,
    key_of,
    signed,
    subject_of,
)
from tests.served import Served
from tests.updates.sending import (
    LATER,
    UPDATES,
    asked,
    drafted,
    published,
    results,
    run_once,
    send_once,
    subscribed,
    worked,
)

CROWD = [Person(f"Person {number}", f"person-{number}@mail.example") for number in range(40)]
ALL_SENT = {"state": "sent", "requested": 3, "sent": 3, "failed": 0, "skipped": 0}


@pytest.fixture
def three(served: Served, petition: Petition) -> Served:
    subscribed(served, petition, (ALICE, BOB, CHARLIE))
    return served


def dies_at(call: int) -> Callable[[str], None]:
    """Return a hook of FakeTables that fails this call and all after it, as when the process is killed."""
    calls = count(1)

    def called(_: str) -> None:
        if next(calls) >= call:
            raise Throttled("storage")

    return called


def recipients(served: Served) -> list[str]:
    return sorted(mail.to for mail in served.mailer.mails)


def test_it_is_emailed_once_to_everyone_who_confirmed_and_asked(three: Served, petition: Petition) -> None:
    confirmed(three.tables, petition, CROWD[0])
    signed(three.tables, petition, CROWD[1], updates=True)
    path = published(three)
    worked(three)
    assert recipients(three) == sorted(person.email for person in (ALICE, BOB, CHARLIE))
    assert results(three, path) == ALL_SENT


def test_the_email_has_text_greeting_and_one_click_unsubscribe(served: Served, petition: Petition) -> None:
    subscribed(served, petition, [ALICE])
    published(served)
    worked(served)
    [mail] = served.mailer.mails
    assert mail.subject == "The Home Secretary answered"
    assert "Hello Alice Achterberg," in mail.text
    assert "She said **yes**." in mail.text
    assert mail.sender_name == petition.charity
    assert "<strong>yes</strong>" in mail.html
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = served.last_link("unsubscribe")
    assert served.post_form(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    published(served)
    worked(served)
    assert len(served.mailer.mails) == 1, "she has unsubscribed"


def test_consent_is_checked_when_it_is_sent(three: Served, petition: Petition) -> None:
    ids = subscribed(three, petition, CROWD[:2])
    path = published(three)
    run_once(three)
    withdraw(key_of(petition, ids[0]), petition, NOW, three.tables)
    unsubscribe(key_of(petition, ids[1]), three.tables)
    worked(three)
    assert len(recipients(three)) == 3
    assert results(three, path) == {**ALL_SENT, "requested": 5, "skipped": 2}


def test_whoever_stopped_email_about_the_petition_gets_no_update(three: Served, petition: Petition) -> None:
    """A partner may have sent their consent to updates since."""
    choice = choice_of(mailbox_of(ALICE.email, settings().limit_keys), petition.slug)
    stop(choice, subject_of(petition, identity_of(petition)), three.tables)
    change_item(three.tables, petition, identity_of(petition), updates=True)
    published(three)
    worked(three)
    assert ALICE.email not in [mail.to for mail in three.mailer.mails]
    assert three.mailer.mails


def test_refused_and_bounced_emails_have_failed(three: Served) -> None:
    path = published(three)
    run_once(three)
    three.mailer.failures = [MailRefused()]
    send_once(three)
    tags = {name: [value] for name, value in three.mailer.mails[0].tags.items()}
    bounce = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    assert three.deliver("receive_feedback", [bounce]) == []
    worked(three)
    assert results(three, path) == {**ALL_SENT, "sent": 1, "failed": 2}
    published(three)
    three.mailer.mails.clear()
    worked(three)
    assert len(recipients(three)) == 2, "a bounce of an update stops the next one"


def test_an_email_that_a_crashed_sender_may_have_sent_is_not_sent_again(three: Served) -> None:
    path = published(three)
    run_once(three)
    three.mailer.failures = [Unavailable()]
    worked(three)
    assert len(recipients(three)) == 2
    assert results(three, path) == {**ALL_SENT, "sent": 2, "failed": 1}


@pytest.mark.parametrize("call", [2, 5, 6, 7, 8, 30, 90])
def test_a_killed_job_neither_misses_nor_repeats_anybody(
    served: Served, petition: Petition, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The job's process dies after some writes, three times, and every message arrives twice."""
    monkeypatch.setattr(run, "PAGE", 2)
    subscribed(served, petition, CROWD)
    path = published(served)
    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(served.tables, "_called", dies_at(call))
            run_once(served)
        served.updates.messages += served.updates.messages
        served.clock.forward(LATER)
    served.other_queue.messages += served.other_queue.messages
    worked(served)
    assert recipients(served) == sorted(person.email for person in CROWD)
    assert results(served, path) == {"state": "sent", "requested": 40, "sent": 40, "failed": 0, "skipped": 0}


def test_a_cancelled_update_stops_and_its_result_is_exact(three: Served) -> None:
    path = published(three)
    run_once(three)
    first, *others = three.other_queue.messages
    three.deliver("send_other_mail", [first])
    assert asked(three, "POST", f"{path}/cancel").json_body["state"] == "cancelled"
    forget_updates()
    three.clock.forward(LATER)
    three.other_queue.messages[:] = others
    worked(three)
    assert len(recipients(three)) == 1
    assert results(three, path) == {"state": "cancelled", "requested": 3, "sent": 1, "failed": 0, "skipped": 2}


def test_a_scheduled_update_waits_for_its_time(three: Served) -> None:
    path = drafted(three)
    at = NOW + timedelta(hours=9)
    answer = asked(three, "POST", f"{path}/publish", {"at": "2026-11-24T21:00:00Z"})
    assert (answer.status_code, answer.json_body["state"]) == (202, "scheduled")
    three.clock.forward(timedelta(hours=8))
    run_once(three)
    assert three.updates.delays[-1] == 900
    assert three.get("/api/petitions/safe-children/updates").json_body["updates"] == []
    three.clock.moment = at
    worked(three)
    assert results(three, path) == ALL_SENT


def test_two_updates_are_sent_one_after_the_other(three: Served) -> None:
    published(three)
    path = drafted(three)
    assert asked(three, "POST", f"{path}/publish").status_code == 409
    worked(three)
    assert asked(three, "POST", f"{path}/publish").status_code == 202
    worked(three)
    assert len(recipients(three)) == 6
    assert len(asked(three, "GET", UPDATES).json_body["updates"]) == 2


def test_the_words_around_the_text_are_in_the_signers_language(served: Served, petition: Petition) -> None:
    subscribed(served, petition, [ALICE], language="cy")
    published(served)
    worked(served)
    [mail] = served.mailer.mails
    assert "Helô Alice Achterberg," in mail.text
    assert "She said **yes**." in mail.text
    assert served.last_link("unsubscribe").endswith("&lang=cy")
