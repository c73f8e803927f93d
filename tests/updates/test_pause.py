"""An update pauses by itself when too many of its emails bounce or are reported as spam, and goes on by a decision."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.caching import forget_all
from chalicelib.petitions.model import Petition
from chalicelib.updates import model, run
from chalicelib.updates.model import Results
from chalicelib.updates.run import MIN_FOR_BOUNCES, MIN_FOR_COMPLAINTS, why_to_pause
from tests.actors import DAY, NOW, Person, bobs_token
from tests.fake_site import FakeSite
from tests.letters.lettering import send_all
from tests.updates.sending import LATER, ask, publish_update, results, run_once, run_until_done, subscribe

CROWD = [Person(f"Person {number}", f"person-{number}@mail.example") for number in range(20)]
BOUNCE = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}
COMPLAINT = {"eventType": "Complaint", "complaint": {"complaintSubType": None}}


@pytest.mark.parametrize(
    ("sent", "bounced", "complained", "decisions", "reason"),
    [
        (490, 10, 0, 0, "10 of 500 emails bounced. An update pauses at 2 %."),
        (491, 9, 0, 0, None),
        (489, 10, 0, 0, None),  # Fewer than 500 emails.
        (0, MIN_FOR_BOUNCES - 1, 0, 0, None),
        (2000, 0, 1, 0, "1 of 2,000 emails were reported as spam. An update pauses at 0.05 %."),
        (2001, 0, 1, 0, None),
        (MIN_FOR_COMPLAINTS - 1, 0, 9, 0, None),
        (1960, 40, 1, 1, None),
        (1900, 100, 0, 1, "100 of 2,000 emails bounced. An update pauses at 5 %."),
        (2000, 0, 2, 1, "2 of 2,000 emails were reported as spam. An update pauses at 0.1 %."),
        (100, 900, 100, 2, None),
    ],
)
def test_an_update_pauses_exactly_at_its_limits(
    sent: int, bounced: int, complained: int, decisions: int, reason: str | None
) -> None:
    requested = sent + bounced + 1000
    counted = Results(requested=requested, sent=sent, failed=bounced, bounced=bounced, complained=complained)
    decided_on = [Results(sent=900, failed=100, bounced=100, complained=10)] * decisions
    for result in decided_on[:1]:  # Only what came after the decision is judged.
        counted = Results(
            requested=requested + result.taken,
            sent=sent + result.sent,
            bounced=bounced + result.bounced,
            complained=complained + result.complained,
        )
    assert why_to_pause(counted, decided_on) == reason


@pytest.fixture
def paused_update(fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch) -> str:
    """Ten of twenty emails are sent, and two bounce. Return the update's path."""
    monkeypatch.setattr(run, "MIN_FOR_BOUNCES", 10)
    subscribe(fake_site, petition, CROWD)
    path = publish_update(fake_site)
    run_once(fake_site)
    waiting = fake_site.other_queue.messages[10:]
    del fake_site.other_queue.messages[10:]
    send_all(fake_site)
    fake_site.other_queue.messages[:] = waiting
    feedback(fake_site, [0, 1], BOUNCE)
    fake_site.clock.forward(LATER)
    run_once(fake_site)
    forget_all()
    assert results(fake_site, path) == {"state": "paused", "requested": 20, "sent": 8, "failed": 2, "skipped": 0}
    return path


def feedback(fake_site: FakeSite, numbers: Sequence[int], *events: dict[str, Any]) -> None:
    for number, event in ((number, event) for number in numbers for event in events):
        tags = {name: [value] for name, value in fake_site.mailer.mails[number].tags.items()}
        assert fake_site.deliver("receive_feedback", [{**event, "mail": {"tags": tags}}]) == []


def test_a_paused_update_says_why_and_sends_nothing(fake_site: FakeSite, paused_update: str) -> None:
    for _ in range(3):
        send_all(fake_site)
        fake_site.clock.forward(LATER)
        run_once(fake_site)
    assert len(fake_site.mailer.mails) == 10
    update = ask(fake_site, "GET", paused_update).json_body
    assert (update["stopped"], update["actions"]) == (False, ["resume", "cancel"])
    assert update["why"] == "2 of 10 emails bounced. An update pauses at 2 %."
    [entry, *_] = ask(fake_site, "GET", "/api/staff/audit").json_body["entries"]
    assert (entry["action"], entry["owner"]) == ("update.paused", "the site itself")
    assert {"name": "Reason", "value": update["why"]} in entry["facts"]
    assert ask(fake_site, "POST", f"{paused_update}/publish").status_code == 409
    published = fake_site.get("/api/petitions/safe-children/updates").json_body["updates"]
    assert len(published) == 1, "it stays on the petition's page"


def test_health_says_that_an_update_has_paused_and_where_to_decide(fake_site: FakeSite, paused_update: str) -> None:
    def warnings() -> list[dict[str, str]]:
        token = bobs_token(fake_site.tables, fake_site.clock())
        messages = fake_site.get("/api/staff/health", authorization=f"Bearer {token}").json_body["messages"]
        return [message for message in messages if message["path"]]

    [message] = warnings()
    assert (message["level"], f"/api/staff{message['path']}") == ("warning", paused_update)
    assert "has paused. 2 of 10 emails bounced. An update pauses at 2 %." in message["text"]
    ask(fake_site, "POST", f"{paused_update}/resume")
    assert warnings() == []


def test_a_decision_sends_the_rest_once(fake_site: FakeSite, paused_update: str) -> None:
    send_all(fake_site)  # The senders take the messages of all held emails out of the queue.
    assert fake_site.other_queue.messages == []
    for _ in range(2):
        assert ask(fake_site, "POST", f"{paused_update}/resume").json_body["state"] == "sending"
    forget_all()
    run_until_done(fake_site)
    assert sorted(mail.to for mail in fake_site.mailer.mails) == sorted(person.email for person in CROWD)
    expected = {"state": "sent", "requested": 20, "sent": 18, "failed": 2, "skipped": 0}
    assert results(fake_site, paused_update) == expected
    assert ask(fake_site, "GET", paused_update).json_body["why"] is None
    assert ask(fake_site, "POST", f"{paused_update}/resume").status_code == 409


def test_held_emails_are_queued_only_when_senders_know_the_decision(fake_site: FakeSite, paused_update: str) -> None:
    """A sender may still have the paused update in its cache. It would hold them once more, for hours."""
    send_all(fake_site)
    ask(fake_site, "POST", f"{paused_update}/resume")
    fake_site.clock.forward(LATER)
    run_once(fake_site)
    assert fake_site.other_queue.messages == []
    assert fake_site.jobs.delays[-1] == 20


def test_an_update_that_nobody_decides_on_is_cancelled_while_no_email_can_be_sent_twice(
    fake_site: FakeSite, paused_update: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "CONTINUABLE", fake_site.clock() + timedelta(hours=1) - NOW)
    assert ask(fake_site, "GET", paused_update).json_body["actions"] == ["resume", "cancel"]
    fake_site.clock.forward(timedelta(hours=1))
    assert ask(fake_site, "GET", paused_update).json_body["actions"] == ["cancel"]
    assert ask(fake_site, "POST", f"{paused_update}/resume").status_code == 409
    run_until_done(fake_site)
    assert results(fake_site, paused_update)["state"] == "cancelled"
    assert ask(fake_site, "GET", paused_update).json_body["why"] == "Nobody decided whether to continue it."


def test_a_decision_starts_a_new_job_if_the_first_has_failed(fake_site: FakeSite, paused_update: str) -> None:
    fake_site.jobs.messages.clear()
    fake_site.clock.forward(DAY)
    assert ask(fake_site, "POST", f"{paused_update}/resume").status_code == 202
    run_until_done(fake_site)
    assert len(fake_site.mailer.mails) == 20


@pytest.mark.parametrize("events", [(BOUNCE, BOUNCE, COMPLAINT), (COMPLAINT, BOUNCE, COMPLAINT, BOUNCE)])
def test_an_email_counts_once_as_bounced_or_reported_in_any_order_of_events(
    fake_site: FakeSite, paused_update: str, events: Sequence[dict[str, Any]]
) -> None:
    """A complaint proves that the email arrived."""
    feedback(fake_site, [5], *events)
    feedback(fake_site, [6], *events[:1])
    fake_site.clock.forward(LATER)
    run_once(fake_site)
    update = ask(fake_site, "GET", paused_update).json_body
    is_bounce_first = events[0] is BOUNCE
    assert (update["bounced"], update["complained"]) == ((3, 1) if is_bounce_first else (2, 2))
    assert update["sent"] + update["failed"] == 10


def test_emails_are_counted_while_the_rest_is_still_requested(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requesting a million emails takes hours. An update that bounces must not go on until then."""
    monkeypatch.setattr(run, "MIN_FOR_BOUNCES", 2)
    subscribe(fake_site, petition, CROWD)
    path = publish_update(fake_site)
    request_page = run.MailingWork._request_page

    def request_and_send(work: Any, mailing: Any, update: Any) -> Any:
        done = request_page(work, mailing, update)
        fake_site.clock.forward(run.REST)
        before = len(fake_site.mailer.mails)
        send_all(fake_site)
        feedback(fake_site, range(before, len(fake_site.mailer.mails)), BOUNCE)
        return done

    monkeypatch.setattr(run.MailingWork, "_request_page", request_and_send)
    run_once(fake_site)
    counted = results(fake_site, path)
    assert counted["state"] == "paused"
    assert counted["failed"] < len(CROWD)
