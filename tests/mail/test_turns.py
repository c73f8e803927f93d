"""The email that has waited longest gets an address's next turn, so nobody can take every turn from the owner."""

from datetime import datetime

from chalicelib.core.times import iso
from chalicelib.mail.budget import TURN_KEPT_FOR, take_email
from tests.actors import ALICE, MINUTE, NOW, Person, a_published_petition, identity_of, item_of, signed
from tests.fakes import FakeTables
from tests.mail.posting import Post
from tests.mail.test_budget import HOUR, SLUG, TO_ALICE, a_request, taken
from tests.streaming import Streaming


def test_an_attacker_who_signs_again_and_again_does_not_take_every_turn_of_the_owner() -> None:
    post = Post(Streaming())
    attacked = [a_published_petition(post.tables, slug=slug) for slug in ("aaa", "bbb")]
    owners = a_published_petition(post.tables, slug="zzz")

    def attack(now: datetime) -> None:
        if now < NOW + 72 * HOUR and now.minute % 5 == 0:
            for each in attacked:
                signed(post.tables, each, Person("Mallory", ALICE.email), now)
        if now == NOW + 12 * HOUR:
            signed(post.tables, owners, now=now)

    post.run(NOW + 12 * HOUR + MINUTE, attack)
    post.run(NOW + 36 * HOUR, attack)
    assert item_of(post.tables, owners, identity_of(owners))["mails"] == 1


def test_a_kept_turn_is_anybodys_when_the_email_that_waited_for_it_does_not_come(tables: FakeTables) -> None:
    """It may be withdrawn or erased meanwhile."""
    turn = taken(tables, 4)
    early, late = (
        a_request(number).model_copy(update={"requested_at": iso(at)})
        for number, at in ((8, NOW + MINUTE), (9, NOW + HOUR))
    )
    assert take_email(TO_ALICE, SLUG, late, turn - HOUR, tables).next_at == turn
    assert take_email(TO_ALICE, SLUG, early, turn - HOUR, tables).next_at == turn
    for now in (turn - MINUTE, turn):
        assert take_email(TO_ALICE, SLUG, late, now, tables).next_at == turn + TURN_KEPT_FOR
    assert take_email(TO_ALICE, SLUG, late, turn + TURN_KEPT_FOR, tables).next_at == turn + TURN_KEPT_FOR
    assert "waiting" not in tables.items[TO_ALICE.key]
