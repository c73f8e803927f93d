"""Letters to everybody's own member of parliament: by postcode, also after a move, and paused for one member alone."""

from typing import Any

import pytest

from chalicelib.core.errors import MailRefused
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.model import MailRequest
from chalicelib.mail.send import CLAIM
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    MINUTE,
    NOW,
    Person,
    change_item,
    confirmed,
    identity_of,
    item_of,
    key_of,
)
from tests.fake_site import FakeSite
from tests.letters.lettering import PENDING, a_petition_with_a_letter, relay, send_all, sweep_and_send_all
from tests.letters.test_counts import bounce
from tests.letters.test_staff_api import PATH, ask, first_target
from tests.located import LOWER, UPPER, give_members

UPPER_POSTCODE, LOWER_POSTCODE, POSTCODE_WITHOUT_MEMBER = "ZZ1 1AA", "ZZ9 9ZZ", "SW1A 1AA"
DORA = Person("Dora Dekker", "dora.dekker@mail.example")


def write_letter(fake_site: FakeSite, petition: Petition, person: Person = ALICE, **place: Any) -> None:
    """Let the person confirm a letter, and relay it."""
    identity = confirmed(fake_site.tables, petition, person, **({"postcode": UPPER_POSTCODE} | place))
    change_item(fake_site.tables, petition, identity, letter={"version": petition.letter_version})
    relay(fake_site, PENDING, item_of(fake_site.tables, petition, identity))


def recipients(fake_site: FakeSite) -> list[str]:
    return [mail.to for mail in fake_site.mailer.mails]


@pytest.mark.parametrize("why", ["refused", "bounced"])
def test_a_letter_that_does_not_reach_one_member_pauses_letters_to_that_member_only(
    fake_site: FakeSite, mp_petition: Petition, why: str
) -> None:
    fake_site.mailer.failures = [MailRefused()] if why == "refused" else []
    write_letter(fake_site, mp_petition)
    send_all(fake_site)
    if why == "bounced":
        bounce(fake_site)
    write_letter(fake_site, mp_petition, BOB)
    write_letter(fake_site, mp_petition, CHARLIE, postcode=LOWER_POSTCODE)
    send_all(fake_site)
    assert recipients(fake_site)[-1] == LOWER.email
    target = first_target(fake_site)
    assert (target["paused"], target["failed"], target["waiting"], target["sent"]) == (False, 1, 1, 1)
    [paused] = target["paused_members"]
    assert (paused["constituency"], paused["name"], paused["paused_why"]) == ("Upper Zed", "Una Upper MP", why)
    assert paused["paused_at"]


def test_staff_resume_one_member_and_the_letters_that_waited_are_sent(
    fake_site: FakeSite, mp_petition: Petition
) -> None:
    for constituency in ("Upper%20Zed", "Lower%20Zed"):
        assert ask(fake_site, "POST", f"{PATH}/my-mp/pause?member={constituency}").json_body["paused"] is True
    write_letter(fake_site, mp_petition)
    write_letter(fake_site, mp_petition, BOB, postcode=LOWER_POSTCODE)
    send_all(fake_site)
    assert recipients(fake_site) == []
    answer = ask(fake_site, "POST", f"{PATH}/my-mp/resume?member=Upper%20Zed")
    assert answer.json_body == {"slug": "safe-children", "key": "my-mp", "paused": False, "member": "Upper Zed"}
    sweep_and_send_all(fake_site)
    assert recipients(fake_site) == [UPPER.email]
    assert [paused["constituency"] for paused in first_target(fake_site)["paused_members"]] == ["Lower Zed"]


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_a_target_that_is_one_office_has_no_members_to_pause(fake_site: FakeSite, change: str) -> None:
    a_petition_with_a_letter(fake_site)
    assert ask(fake_site, "POST", f"{PATH}/home-secretary/{change}?member=Upper%20Zed").status_code == 404


def test_a_letter_waits_while_the_deployed_table_lacks_its_member(
    fake_site: FakeSite, mp_petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_letter(fake_site, mp_petition)
    give_members(monkeypatch, LOWER)
    send_all(fake_site)
    assert (recipients(fake_site), first_target(fake_site)["waiting"]) == ([], 1)
    give_members(monkeypatch)
    sweep_and_send_all(fake_site)
    assert recipients(fake_site) == [UPPER.email]


def test_the_letters_item_has_the_constituency_and_no_name_or_postcode(
    fake_site: FakeSite, mp_petition: Petition
) -> None:
    write_letter(fake_site, mp_petition, DORA)
    key = LETTERS.item_key(letter_delivery(mp_petition.slug, "my-mp", identity_of(mp_petition, DORA)))
    item = fake_site.tables.items[key]
    assert item["member"] == "Upper Zed"
    assert set(item) == {"pk", "sk", "mail_kind", "mail_requested_at", "mails", "expires_at", "member"}


@pytest.mark.parametrize("letter", ["waited", "was claimed", "was dropped"])
def test_a_person_who_moved_before_their_letter_was_sent_writes_to_the_new_member(
    fake_site: FakeSite, mp_petition: Petition, letter: str
) -> None:
    write_letter(fake_site, mp_petition)
    [message] = fake_site.other_queue.messages
    if letter == "was claimed":
        LETTERS.claim(MailRequest.model_validate(message), NOW, CLAIM, fake_site.tables)
    withdraw(key_of(mp_petition, identity_of(mp_petition)), mp_petition, NOW, fake_site.tables)
    if letter == "was dropped":
        send_all(fake_site)
    fake_site.clock.forward(MINUTE)
    write_letter(fake_site, mp_petition, postcode=LOWER_POSTCODE, now=NOW + MINUTE)
    send_all(fake_site)
    assert recipients(fake_site) == [LOWER.email]
    assert (first_target(fake_site)["requested"], first_target(fake_site)["sent"]) == (1, 1)


def test_a_letter_keeps_its_member_until_its_person_confirms_again(fake_site: FakeSite, mp_petition: Petition) -> None:
    write_letter(fake_site, mp_petition)
    change_item(fake_site.tables, mp_petition, identity_of(mp_petition), postcode=LOWER_POSTCODE)
    send_all(fake_site)
    assert recipients(fake_site) == [UPPER.email]


def test_a_letter_whose_sending_began_keeps_its_member(fake_site: FakeSite, mp_petition: Petition) -> None:
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
    fake_site: FakeSite, mp_petition: Petition, is_dropped: bool
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


@pytest.mark.parametrize("place", [{"postcode": POSTCODE_WITHOUT_MEMBER}, {"country": "FR", "postcode": ""}])
def test_a_person_who_moved_where_no_member_is_known_writes_to_nobody(
    fake_site: FakeSite,
    mp_petition: Petition,
    place: dict[str, Any],
) -> None:
    write_letter(fake_site, mp_petition)
    withdraw(key_of(mp_petition, identity_of(mp_petition)), mp_petition, NOW, fake_site.tables)
    write_letter(fake_site, mp_petition, now=NOW + MINUTE, **place)
    send_all(fake_site)
    assert recipients(fake_site) == []
