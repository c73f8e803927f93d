"""A letter is requested when its signer confirms: once for each target, even if messages are delivered twice."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.letters.request import has_new_letter, request_missing
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, CHARLIE, NOW, a_published_petition, confirmed, identity_of, item_of
from tests.fake_site import FakeSite
from tests.letters.lettering import LETTER, PENDING, a_petition_with_a_letter, confirmed_with_a_letter, relay, send_all

CONFIRMED = PENDING | {"state": "confirmed"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (PENDING, CONFIRMED, True),
        (None, CONFIRMED, False),
        (PENDING, CONFIRMED | {"restored_at": "2026-11-24T12:00:00Z"}, False),
        (PENDING | {"restored_at": "1"}, CONFIRMED | {"restored_at": "1"}, True),
        (CONFIRMED, CONFIRMED, False),
        (None, PENDING, False),
        ({"state": "confirmed"}, CONFIRMED, True),
        ({"state": "confirmed"}, CONFIRMED | {"restored_at": "1"}, False),
        (CONFIRMED, {"state": "withdrawn"}, False),
        (PENDING, {"state": "confirmed"}, False),
    ],
)
def test_only_a_confirmation_of_the_letter_requests_it(
    before: dict[str, Any] | None, after: dict[str, Any], expected: bool
) -> None:
    assert has_new_letter(before, after) is expected


def test_letters_that_the_stream_lost_are_requested_once(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    for person in (ALICE, BOB):
        confirmed_with_a_letter(fake_site, petition, person)
    confirmed(fake_site.tables, petition, CHARLIE)
    relay(fake_site, PENDING, item_of(fake_site.tables, petition, identity_of(petition, BOB)))
    assert request_missing(petition.slug, NOW, fake_site.tables) == 1
    assert request_missing(petition.slug, NOW, fake_site.tables) == 0
    fake_site.clock.forward(timedelta(hours=2))
    fake_site.invoke("check_mail", {"task": "sweep"})
    send_all(fake_site)
    assert len(fake_site.mailer.mails) == 2
    assert request_missing(petition.slug, NOW, fake_site.tables) == 0


def request_alices_letter(fake_site: FakeSite) -> Any:
    """Request Alice's letter, and send no email yet. Return her signature's item."""
    petition = a_petition_with_a_letter(fake_site)
    item = item_of(fake_site.tables, petition, confirmed_with_a_letter(fake_site, petition))
    relay(fake_site, PENDING, item)
    return item


def test_a_letter_that_was_dropped_with_its_petition_is_missing_when_the_petition_opens_again(
    fake_site: FakeSite,
) -> None:
    request_alices_letter(fake_site)
    a_published_petition(fake_site.tables, letter=LETTER, state="removed", removed_reason="by mistake")
    send_all(fake_site)
    petition = a_petition_with_a_letter(fake_site)
    assert request_missing(petition.slug, fake_site.clock(), fake_site.tables) == 1


def test_a_letter_that_was_dropped_with_its_target_is_requested_again_only_by_a_new_confirmation(
    fake_site: FakeSite,
) -> None:
    signature = request_alices_letter(fake_site)
    a_petition_with_a_letter(fake_site, targets=[{"key": "a", "name": "A", "email": "a@target.example"}])
    send_all(fake_site)
    petition = a_petition_with_a_letter(fake_site)
    assert request_missing(petition.slug, fake_site.clock(), fake_site.tables) == 0
    relay(fake_site, PENDING, signature)
    send_all(fake_site)
    assert len(fake_site.mailer.mails) == 1


def test_a_change_that_confirms_no_letter_costs_no_call(fake_site: FakeSite, letter_petition: Petition) -> None:
    item = item_of(fake_site.tables, letter_petition, confirmed_with_a_letter(fake_site, letter_petition))
    fake_site.tables.calls.clear()
    relay(fake_site, item, item)
    assert fake_site.tables.calls == []
