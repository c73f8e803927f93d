"""The email that has waited longest gets an address's next turn, so nobody can take every turn from the owner."""

from datetime import datetime

from chalicelib.core.times import iso
from chalicelib.mail.budget import TURN_KEPT_FOR, take_email
from tests.actors import ALICE, MINUTE, NOW, Person, a_published_petition, identity_of, item_of, signed
from tests.fakes import FakeTables
from tests.mail.pipeline import MailPipeline
from tests.mail.test_budget import ALICES_MAILBOX, HOUR, SLUG, a_request, take_emails
from tests.streaming import Streaming


def test_an_attacker_who_signs_again_and_again_does_not_take_every_turn_of_the_owner() -> None:
    pipeline = MailPipeline(Streaming())
    attacked = [a_published_petition(pipeline.tables, slug=slug) for slug in ("aaa", "bbb")]
    owners_petition = a_published_petition(pipeline.tables, slug="zzz")

    def attack(now: datetime) -> None:
        if now < NOW + 72 * HOUR and now.minute % 5 == 0:
            for petition in attacked:
                signed(pipeline.tables, petition, Person("Mallory", ALICE.email), now)
        if now == NOW + 12 * HOUR:
            signed(pipeline.tables, owners_petition, now=now)

    pipeline.run(NOW + 12 * HOUR + MINUTE, attack)
    pipeline.run(NOW + 36 * HOUR, attack)
    assert item_of(pipeline.tables, owners_petition, identity_of(owners_petition))["mails"] == 1


def test_a_kept_turn_is_given_to_others_if_its_email_does_not_come(tables: FakeTables) -> None:
    """The email may not come because its signature was withdrawn or erased meanwhile."""
    turn = take_emails(tables, 4)
    early = a_request(8).model_copy(update={"requested_at": iso(NOW + MINUTE)})
    late = a_request(9).model_copy(update={"requested_at": iso(NOW + HOUR)})
    assert take_email(ALICES_MAILBOX, SLUG, late, turn - HOUR, tables).next_at == turn
    assert take_email(ALICES_MAILBOX, SLUG, early, turn - HOUR, tables).next_at == turn
    for now in (turn - MINUTE, turn):
        assert take_email(ALICES_MAILBOX, SLUG, late, now, tables).next_at == turn + TURN_KEPT_FOR
    assert take_email(ALICES_MAILBOX, SLUG, late, turn + TURN_KEPT_FOR, tables).next_at == turn + TURN_KEPT_FOR
    assert "waiting" not in tables.items[ALICES_MAILBOX.key]
