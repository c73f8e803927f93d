"""First emails to the signers of one network: a burst is sent at once, then one at a time. Others wait for a turn."""

import json
from datetime import datetime, timedelta

import pytest

from chalicelib.aws.email import Mail
from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.core.keys import network_limit
from chalicelib.core.times import iso
from chalicelib.mail.send import SendResult, send
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.mail.turns import BURST, INTERVAL, FirstEmailLimit, book_first_email
from chalicelib.petitions.model import Petition
from tests.actors import (
    DAY,
    MINUTE,
    NOW,
    THROUGH_THE_CDN,
    Person,
    a_mail_context,
    a_published_petition,
    a_signing_context,
    change_item,
    confirmed,
    identity_of,
    item_of,
    json_of,
    request_of,
    sign_by_form,
    signed,
)
from tests.fake_site import JSON, FakeSite
from tests.fakes import FakeTables
from tests.mail.pipeline import MailPipeline
from tests.streaming import Streaming

SIGN_PATH = "/api/petitions/safe-children/signatures"


def book_turns(tables: FakeTables, count: int, network: str = "one", now: datetime = NOW) -> list[timedelta]:
    """Return how long each email waits for its turn."""
    return [book_first_email(network, now, tables) - now for _ in range(count)]


def test_above_the_burst_each_email_gets_its_own_due_time(tables: FakeTables) -> None:
    assert book_turns(tables, BURST + 3) == [*[timedelta()] * BURST, INTERVAL, 2 * INTERVAL, 3 * INTERVAL]


def test_the_first_turn_costs_one_write_and_its_item_expires(tables: FakeTables) -> None:
    book_turns(tables, 1)
    assert tables.calls == ["update"]
    assert tables.items[network_limit("one")]["expires_at"] > NOW.timestamp()


def test_emails_of_a_flood_wait_and_its_signatures_and_responses_are_as_usual(
    fake_site: FakeSite, petition: Petition
) -> None:
    answers = set()
    for number in range(BURST + 5):
        letter = "abcdefgh"[number % 8]
        body = json_of(Person(f"Person {letter}", f"p{number}@mail.example"))
        answer = fake_site.post(SIGN_PATH, json.dumps(body).encode(), JSON, **THROUGH_THE_CDN)
        answers.add((answer.status_code, answer.body))
    items = [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]
    assert len(answers) == 1
    assert len(items) == BURST + 5
    messages = [request_of(fake_site.tables, petition, item["sk"]).model_dump() for item in items]
    assert fake_site.deliver("send_mail", messages) == []
    assert len(fake_site.mailer.mails) == BURST
    waiting = [item for item in fake_site.tables.items.values() if "mail_due_at" in item]
    assert len(waiting) == 5
    assert not [item for item in fake_site.tables.items.values() if "mail_network" in item], (
        "the network is removed once a turn is booked or the email is sent"
    )


def test_an_email_whose_turn_is_booked_does_not_book_again(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    change_item(tables, petition, identity, mail_network="one")
    book_turns(tables, BURST + 1)
    request, mails = request_of(tables, petition, identity), list[Mail]()
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.WAITS
    due = NOW + 2 * INTERVAL
    assert item_of(tables, petition, identity)["mail_due_at"] == f"{due:%Y-%m-%dT%H:%M:%SZ}"
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), due, tables) is SendResult.SENT
    assert len(mails) == 1


def test_an_email_that_ses_throttles_keeps_its_turn(tables: FakeTables, petition: Petition) -> None:
    """Otherwise each attempt would take a turn from other emails of its network."""
    identity = signed(tables, petition)
    change_item(tables, petition, identity, mail_network="one")
    request, mails = request_of(tables, petition, identity), list[Mail]()

    def throttle(_: Mail) -> None:
        raise Throttled("mail")

    with pytest.raises(Throttled):
        send(request, SIGNATURE_KINDS, a_mail_context(throttle), NOW, tables)
    book_turns(tables, BURST - 1)
    assert send(request, SIGNATURE_KINDS, a_mail_context(mails.append), NOW, tables) is SendResult.SENT
    assert book_turns(tables, 1) == [INTERVAL], "the email took one turn of the burst"


@pytest.fixture
def pipeline() -> MailPipeline:
    """Two networks whose next email waits two and three days."""
    tables = Streaming()
    for network, days in (("flooded", 2), ("worse", 3)):
        book_first_email(network, NOW, tables, FirstEmailLimit(interval=days * DAY + BURST * INTERVAL))
    return MailPipeline(tables)


@pytest.mark.parametrize(("networks", "after"), [(["quiet"], 12 * MINUTE), (["worse", "quiet"], 24 * MINUTE)])
def test_the_owner_of_the_address_gets_the_email_at_once(
    pipeline: MailPipeline, networks: list[str], after: timedelta
) -> None:
    petition = a_published_petition(pipeline.tables)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    for number, network in enumerate(networks, 1):
        pipeline.run(NOW + number * 11 * MINUTE)
        sign_by_form(petition, pipeline.now, a_signing_context(pipeline.tables), network=network)
    pipeline.run(NOW + after)
    assert item_of(pipeline.tables, petition, identity_of(petition))["mails"] == 1


def test_signing_again_from_a_busy_network_sends_an_email_whose_turn_has_come(pipeline: MailPipeline) -> None:
    """When its turn came, the email was held, because the petition was hidden. The sweep has queued it since."""
    petition = a_published_petition(pipeline.tables)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    pipeline.run(NOW + 11 * MINUTE)
    turn, requeued = iso(pipeline.now - 2 * MINUTE), iso(pipeline.now - MINUTE)
    change_item(pipeline.tables, petition, identity_of(petition), mail_due_at=turn, mail_queued_at=requeued)
    sign_by_form(petition, pipeline.now, a_signing_context(pipeline.tables), network="worse")
    pipeline.run(pipeline.now + 2 * MINUTE)
    assert item_of(pipeline.tables, petition, identity_of(petition))["mails"] == 1


def test_the_first_email_to_somebody_whom_a_partner_sent_has_the_limit_of_the_network_too(
    pipeline: MailPipeline,
) -> None:
    """The signature counted at once, without an email. A stranger may know whom the partner sent."""
    petition = a_published_petition(pipeline.tables)
    confirmed(pipeline.tables, petition)
    sign_by_form(petition, NOW, a_signing_context(pipeline.tables), network="flooded")
    pipeline.run(NOW + 11 * MINUTE)
    item = item_of(pipeline.tables, petition, identity_of(petition))
    assert (item["mails"], item["mail_due_at"] > iso(NOW + DAY)) == (0, True)
