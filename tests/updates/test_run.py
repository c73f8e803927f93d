"""An update reaches each person who confirmed and asked for it, once, whatever happens, and its result is exact."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.aws.table import Item
from chalicelib.core.errors import MailRefused, Throttled, Unavailable
from chalicelib.core.keys import DELIVERIES
from chalicelib.core.settings import settings
from chalicelib.mail.mailbox import mailbox_of
from chalicelib.mail.stop import choice_of, stop
from chalicelib.partners.form import read_signature
from chalicelib.partners.receive import take_each
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
    confirmed,
    key_of,
    signed,
    subject_of,
)
from tests.fake_site import FakeSite
from tests.partnering import a_partner, a_receiving_context, sent_of
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
def three(fake_site: FakeSite, petition: Petition) -> FakeSite:
    subscribed(fake_site, petition, (ALICE, BOB, CHARLIE))
    return fake_site


def dies_at(call: int) -> Callable[[str], None]:
    """Return a hook of FakeTables that fails this call and all after it, as when the process is killed."""
    calls = count(1)

    def called(_: str) -> None:
        if next(calls) >= call:
            raise Throttled("storage")

    return called


def recipients(fake_site: FakeSite) -> list[str]:
    return sorted(mail.to for mail in fake_site.mailer.mails)


def test_it_is_emailed_once_to_everyone_who_confirmed_and_asked(three: FakeSite, petition: Petition) -> None:
    confirmed(three.tables, petition, CROWD[0])
    signed(three.tables, petition, CROWD[1], updates=True)
    path = published(three)
    worked(three)
    assert recipients(three) == sorted(person.email for person in (ALICE, BOB, CHARLIE))
    assert results(three, path) == ALL_SENT


def test_the_email_has_text_greeting_and_one_click_unsubscribe(fake_site: FakeSite, petition: Petition) -> None:
    subscribed(fake_site, petition, [ALICE])
    published(fake_site)
    worked(fake_site)
    [mail] = fake_site.mailer.mails
    assert mail.subject == "The Home Secretary answered"
    assert "Hello Alice Achterberg," in mail.text
    assert "She said yes." in mail.text
    assert mail.sender_name == petition.charity
    assert "<strong>yes</strong>" in mail.html
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = fake_site.last_link("unsubscribe")
    assert fake_site.post_form(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    published(fake_site)
    worked(fake_site)
    assert len(fake_site.mailer.mails) == 1, "she has unsubscribed"


def test_consent_is_checked_when_it_is_sent(three: FakeSite, petition: Petition) -> None:
    ids = subscribed(three, petition, CROWD[:2])
    path = published(three)
    run_once(three)
    withdraw(key_of(petition, ids[0]), petition, NOW, three.tables)
    unsubscribe(key_of(petition, ids[1]), three.tables)
    worked(three)
    assert len(recipients(three)) == 3
    assert results(three, path) == {**ALL_SENT, "requested": 5, "skipped": 2}


def test_who_wants_no_email_gets_none_even_if_a_partner_sends_them(fake_site: FakeSite, petition: Petition) -> None:
    """A stranger typed her address. She stopped all email about the petition. Then a partner says that she agreed."""
    subject = subject_of(petition, signed(fake_site.tables, petition))
    stop(choice_of(mailbox_of(ALICE.email, settings().limit_keys), petition.slug), subject, fake_site.tables)
    oak = a_partner(fake_site.tables)
    sent = read_signature(sent_of(consent={"updates": True}), oak, NOW)
    take_each([sent], a_receiving_context(fake_site.tables, petition, oak), NOW)
    path = published(fake_site)
    worked(fake_site)
    assert recipients(fake_site) == []
    assert results(fake_site, path) == {**ALL_SENT, "requested": 1, "sent": 0, "skipped": 1}


def test_refused_and_bounced_emails_have_failed(three: FakeSite) -> None:
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


def test_an_email_that_a_crashed_sender_may_have_sent_is_not_sent_again(three: FakeSite) -> None:
    path = published(three)
    run_once(three)
    three.mailer.failures = [Unavailable()]
    worked(three)
    assert len(recipients(three)) == 2
    assert results(three, path) == {**ALL_SENT, "sent": 2, "failed": 1}


@pytest.mark.parametrize("call", [2, 5, 6, 7, 8, 30, 90])
def test_a_killed_job_neither_misses_nor_repeats_anybody(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The job's process dies after some writes, three times, and every message arrives twice."""
    monkeypatch.setattr(run, "PAGE_SIZE", 2)
    subscribed(fake_site, petition, CROWD)
    path = published(fake_site)
    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(fake_site.tables, "_called", dies_at(call))
            run_once(fake_site)
        fake_site.updates.messages += fake_site.updates.messages
        fake_site.clock.forward(LATER)
    fake_site.other_queue.messages += fake_site.other_queue.messages
    worked(fake_site)
    assert recipients(fake_site) == sorted(person.email for person in CROWD)
    assert results(fake_site, path) == {"state": "sent", "requested": 40, "sent": 40, "failed": 0, "skipped": 0}


def test_emails_requested_a_moment_ago_are_counted(three: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB may not return them yet, unless the read is consistent. The update would end with too small numbers."""
    query = three.tables.query

    def lagging(table: str, *arguments: Any, consistent: bool = False, **more: Any) -> Iterator[Item]:
        found = query(table, *arguments, consistent=consistent, **more)
        return found if consistent or table != DELIVERIES else iter(())

    monkeypatch.setattr(three.tables, "query", lagging)
    path = published(three)
    worked(three)
    assert results(three, path) == ALL_SENT


def test_a_cancelled_update_stops_and_its_result_is_exact(three: FakeSite) -> None:
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


def test_a_scheduled_update_waits_for_its_time(three: FakeSite) -> None:
    path = drafted(three)
    at = NOW + timedelta(hours=9)
    answer = asked(three, "POST", f"{path}/publish", {"at": "2026-11-24T21:00:00Z"})
    assert (answer.status_code, answer.json_body["state"]) == (202, "scheduled")
    for _ in range(2):
        run_once(three)
        three.clock.forward(timedelta(hours=4))
    run_once(three)
    assert three.updates.delays[-1] == 600
    assert three.get("/api/petitions/safe-children/updates").json_body["updates"] == []
    three.clock.moment = at
    worked(three)
    assert results(three, path) == ALL_SENT


def test_a_cancelled_update_does_not_block_the_next_until_its_time(three: FakeSite) -> None:
    path = drafted(three)
    asked(three, "POST", f"{path}/publish", {"at": "2027-01-24T21:00:00Z"})
    run_once(three)
    asked(three, "POST", f"{path}/cancel")
    three.clock.forward(timedelta(minutes=10))
    run_once(three)
    next_path = published(three)
    worked(three)
    assert results(three, next_path) == ALL_SENT
    assert results(three, path) == {"state": "cancelled", "requested": 0, "sent": 0, "failed": 0, "skipped": 0}


def test_a_schedule_whose_update_was_never_marked_does_not_block_the_next(three: FakeSite) -> None:
    """The process died after it had started the job."""
    path = drafted(three)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(three.tables, "_update", lambda *_: (_ for _ in ()).throw(Throttled("storage")))
        assert asked(three, "POST", f"{path}/publish", {"at": "2027-01-24T21:00:00Z"}).status_code == 503
    run_once(three)
    assert asked(three, "POST", f"{path}/publish").status_code == 202


def test_two_updates_are_sent_one_after_the_other(three: FakeSite) -> None:
    published(three)
    path = drafted(three)
    assert asked(three, "POST", f"{path}/publish").status_code == 409
    worked(three)
    assert asked(three, "POST", f"{path}/publish").status_code == 202
    worked(three)
    assert len(recipients(three)) == 6
    assert len(asked(three, "GET", UPDATES).json_body["updates"]) == 2


def test_the_words_around_the_text_are_in_the_signers_language(fake_site: FakeSite, petition: Petition) -> None:
    subscribed(fake_site, petition, [ALICE], language="cy")
    published(fake_site)
    worked(fake_site)
    [mail] = fake_site.mailer.mails
    assert "Helô Alice Achterberg," in mail.text
    assert "She said yes." in mail.text
    assert fake_site.last_link("unsubscribe").endswith("&lang=cy")
