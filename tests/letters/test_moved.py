"""People who withdraw, move house and confirm again: their letter goes to the member of parliament of the new home."""

from typing import Any

import pytest

from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import DAY, MINUTE, NOW, identity_of, key_of
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter, send_all
from tests.letters.test_members import (  # noqa: F401  (mp_petition is a fixture)
    LOWER_POSTCODE,
    POSTCODE_WITHOUT_MEMBER,
    mp_petition,
    recipients,
    write_letter,
)
from tests.letters.test_staff_api import first_target
from tests.located import LOWER


def test_a_person_who_withdrew_and_moved_writes_to_the_new_member(
    fake_site: FakeSite,
    mp_petition: Petition,  # noqa: F811
) -> None:
    write_letter(fake_site, mp_petition)
    alice = identity_of(mp_petition)
    withdraw(key_of(mp_petition, alice), mp_petition, NOW, fake_site.tables)
    send_all(fake_site)
    write_letter(fake_site, mp_petition, postcode=LOWER_POSTCODE, now=NOW + DAY)
    send_all(fake_site)
    assert recipients(fake_site) == [LOWER.email]


@pytest.mark.parametrize("is_claimed", [False, True])
def test_a_person_who_moved_while_their_letter_waited_writes_to_the_new_member(
    fake_site: FakeSite,
    mp_petition: Petition,  # noqa: F811
    is_claimed: bool,
) -> None:
    write_letter(fake_site, mp_petition)
    [message] = fake_site.other_queue.messages
    if is_claimed:
        LETTERS.claim(MailRequest.model_validate(message), NOW, CLAIM, fake_site.tables)
    alice = identity_of(mp_petition)
    withdraw(key_of(mp_petition, alice), mp_petition, NOW, fake_site.tables)
    fake_site.clock.forward(MINUTE)
    write_letter(fake_site, mp_petition, postcode=LOWER_POSTCODE, now=NOW + MINUTE)
    send_all(fake_site)
    assert recipients(fake_site) == [LOWER.email]
    assert (first_target(fake_site)["requested"], first_target(fake_site)["sent"]) == (1, 1)


@pytest.mark.parametrize("place", [{"postcode": POSTCODE_WITHOUT_MEMBER}, {"country": "FR", "postcode": ""}])
def test_a_person_who_moved_where_no_member_is_known_writes_to_nobody(
    fake_site: FakeSite,
    mp_petition: Petition,  # noqa: F811
    place: dict[str, Any],
) -> None:
    write_letter(fake_site, mp_petition)
    withdraw(key_of(mp_petition, identity_of(mp_petition)), mp_petition, NOW, fake_site.tables)
    write_letter(fake_site, mp_petition, now=NOW + MINUTE, **place)
    send_all(fake_site)
    assert recipients(fake_site) == []


def test_a_letter_whose_sending_began_keeps_its_member(
    fake_site: FakeSite,
    mp_petition: Petition,  # noqa: F811
) -> None:
    """Perhaps it was sent to that member. If its sender crashed, nobody knows, and it is not sent again."""
    write_letter(fake_site, mp_petition)
    [message] = fake_site.other_queue.messages
    LETTERS.begin(MailRequest.model_validate(message), NOW, fake_site.tables)
    withdraw(key_of(mp_petition, identity_of(mp_petition)), mp_petition, NOW, fake_site.tables)
    write_letter(fake_site, mp_petition, postcode=LOWER_POSTCODE, now=NOW + DAY)
    send_all(fake_site)
    assert (recipients(fake_site), first_target(fake_site)["unknown"]) == ([], 1)


@pytest.mark.parametrize("is_dropped", [False, True])
def test_a_person_who_confirms_again_after_staff_replaced_the_members_writes_to_the_office(
    fake_site: FakeSite,
    mp_petition: Petition,  # noqa: F811
    is_dropped: bool,
) -> None:
    """The old letter to a member waits, or was dropped because the target is no member any more."""
    write_letter(fake_site, mp_petition)
    office = {"key": "my-mp", "name": "Office", "email": "office@target.example"}
    petition = a_petition_with_a_letter(fake_site, targets=[office])
    if is_dropped:
        send_all(fake_site)
    withdraw(key_of(petition, identity_of(petition)), petition, NOW, fake_site.tables)
    fake_site.clock.forward(MINUTE)
    write_letter(fake_site, petition, now=NOW + MINUTE)
    send_all(fake_site)
    assert recipients(fake_site) == ["office@target.example"]
    assert (first_target(fake_site)["requested"], first_target(fake_site)["sent"]) == (1, 1)
