"""Letters are counted by target and day, and every row of numbers adds up."""

from collections.abc import Mapping

import pytest

from chalicelib.core.errors import MailRefused
from chalicelib.letters.counts import SHARDS, LetterNumbers, letter_counts, total
from chalicelib.letters.target_state import target_state
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import BOB, NOW, key_of
from tests.fake_site import FakeSite
from tests.letters.lettering import request_letter, send_all

TARGET = "home-secretary"


def numbers(fake_site: FakeSite) -> LetterNumbers:
    counts = letter_counts("safe-children", fake_site.tables)
    return total(counts.get(TARGET, {}).values())


def test_a_letter_is_dropped_after_a_withdrawal_and_counts_once_if_its_person_signs_again(
    fake_site: FakeSite, letter_petition: Petition
) -> None:
    alice = request_letter(fake_site, letter_petition)
    withdraw(key_of(letter_petition, alice), letter_petition, NOW, fake_site.tables)
    send_all(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=1, dropped=1)
    request_letter(fake_site, letter_petition)
    assert numbers(fake_site) == LetterNumbers(requested=1)
    send_all(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=1, sent=1)


REJECTION = {"bounceType": "Transient", "bounceSubType": "ContentRejected"}


def bounce(
    fake_site: FakeSite, kind: str = "Bounce", details: Mapping[str, str] | None = None, number: int = -1
) -> None:
    """Report the bounce of the last email, or of another one."""
    tags = {name: [value] for name, value in fake_site.mailer.mails[number].tags.items()}
    event = {"eventType": kind, "bounce": details or {"bounceType": "Permanent"}, "mail": {"tags": tags}}
    assert fake_site.deliver("receive_feedback", [event, event]) == []


@pytest.mark.parametrize(
    ("kind", "why", "failed"), [("Bounce", "bounced", 1), ("Complaint", "complained", 0), ("Refusal", "refused", 1)]
)
def test_after_a_bounce_a_complaint_or_a_refusal_the_letters_of_others_wait(
    fake_site: FakeSite, letter_petition: Petition, kind: str, why: str, failed: int
) -> None:
    fake_site.mailer.failures = [MailRefused()] if kind == "Refusal" else []
    request_letter(fake_site, letter_petition)
    send_all(fake_site)
    if kind != "Refusal":
        bounce(fake_site, kind)
    request_letter(fake_site, letter_petition, BOB)
    send_all(fake_site)
    assert numbers(fake_site) == LetterNumbers(requested=2, sent=1 - failed, failed=failed)
    assert target_state(letter_petition.slug, TARGET, fake_site.tables).paused_why == why


def test_the_numbers_cost_one_query_for_each_shard(fake_site: FakeSite, letter_petition: Petition) -> None:
    fake_site.tables.calls.clear()
    letter_counts("safe-children", fake_site.tables)
    assert fake_site.tables.calls == ["query"] * SHARDS
