"""Bounces and rejected letters: which of them pause a target or a member, also after staff have resumed it."""

import pytest

from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.target_state import target_state
from chalicelib.petitions.model import Petition
from tests.actors import BOB, CHARLIE, DAY, MINUTE, NOW, Person
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter, send_all
from tests.letters.test_counts import REJECTION, TARGET, bounce, request_letter
from tests.letters.test_staff_api import PATH, ask, first_target
from tests.located import UPPER


def resume_later(fake_site: FakeSite, target: str = TARGET, member: str = "") -> None:
    fake_site.clock.forward(MINUTE)
    assert ask(fake_site, "POST", f"{PATH}/{target}/resume{member}").json_body["paused"] is False
    fake_site.clock.forward(MINUTE)


def is_paused(fake_site: FakeSite) -> bool:
    return target_state("safe-children", TARGET, fake_site.tables).is_paused


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_a_late_bounce_of_a_letter_from_before_the_resume_pauses_nothing(fake_site: FakeSite, kind: str) -> None:
    petition = a_petition_with_a_letter(fake_site)
    for person in (BOB, CHARLIE):
        request_letter(fake_site, petition, person)
    send_all(fake_site)
    bounce(fake_site, number=0)
    resume_later(fake_site)
    bounce(fake_site, kind, number=1)
    assert not is_paused(fake_site)
    assert first_target(fake_site)["failed"] == (2 if kind == "Bounce" else 1)


def test_late_rejections_of_letters_from_before_the_resume_pause_nothing(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    for number in range(4):
        request_letter(fake_site, petition, Person("Ann", f"ann{number}@mail.example"))
    send_all(fake_site)
    bounce(fake_site, number=0)
    resume_later(fake_site)
    for number in (1, 2, 3):
        bounce(fake_site, details=REJECTION, number=number)
    assert not is_paused(fake_site)


def test_a_late_bounce_that_comes_before_its_letter_is_marked_as_sent_pauses_nothing(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    keys = [letter_delivery("safe-children", TARGET, f"{number:032x}") for number in range(2)]
    for key in keys:
        assert LETTERS.begin(LETTERS.request(key, NOW, fake_site.tables), NOW, fake_site.tables)
    LETTERS.mark_undeliverable(keys[0], "bounced", NOW, fake_site.tables)
    resume_later(fake_site)
    LETTERS.mark_undeliverable(keys[1], "bounced", fake_site.clock(), fake_site.tables)
    assert not is_paused(fake_site)


def reject_letters(fake_site: FakeSite, petition: Petition, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        request_letter(fake_site, petition, Person("Ann", f"ann{number}@mail.example"))
        send_all(fake_site)
        bounce(fake_site, details=REJECTION)


def test_rejections_count_for_a_day_from_the_first(fake_site: FakeSite, letter_petition: Petition) -> None:
    reject_letters(fake_site, letter_petition, 2)
    fake_site.clock.forward(DAY)
    reject_letters(fake_site, letter_petition, 2, first=2)
    assert not target_state(letter_petition.slug, TARGET, fake_site.tables).is_paused
    fake_site.clock.forward(DAY - MINUTE)
    reject_letters(fake_site, letter_petition, 1, first=4)
    assert target_state(letter_petition.slug, TARGET, fake_site.tables).paused_why == "rejected"


def reject_letter_to_member(fake_site: FakeSite, number: int, constituency: str) -> None:
    key = letter_delivery("safe-children", "my-mp", f"{number:032x}")
    LETTERS.request(key, NOW, fake_site.tables, member=constituency)
    LETTERS.mark_undeliverable(key, "rejected", NOW, fake_site.tables)


def test_after_three_rejected_letters_to_one_member_only_letters_to_that_member_wait(
    fake_site: FakeSite, mp_petition: Petition
) -> None:
    for number in range(3):
        reject_letter_to_member(fake_site, number, UPPER.constituency)
    target = first_target(fake_site)
    assert not target["paused"]
    [paused] = target["paused_members"]
    assert (paused["constituency"], paused["paused_why"]) == ("Upper Zed", "rejected")


def test_after_rejected_letters_to_three_members_all_letters_wait(fake_site: FakeSite, mp_petition: Petition) -> None:
    """Members often share a server, which may block all email of the site."""
    for number, constituency in enumerate(["Upper Zed", "Lower Zed", "Middle Zed"]):
        reject_letter_to_member(fake_site, number, constituency)
    target = first_target(fake_site)
    assert (target["paused_why"], target["paused_members"]) == ("rejected", [])
