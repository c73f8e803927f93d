"""Letters to everybody's own member of parliament: addressed by postcode, and paused for one member alone."""

from typing import Any

import pytest

from chalicelib.core.errors import MailRefused
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.letters.deliveries import LETTERS
from chalicelib.mail.sweep import LOST_AFTER_IF_QUIET, REQUEUE_AFTER
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, Person, change_item, confirmed, identity_of, item_of, key_of
from tests.letters.lettering import PENDING, a_petition_with_a_letter, relayed, send_all
from tests.letters.test_counts import bounce
from tests.letters.test_staff_api import PATH, asked, first_target
from tests.located import LOWER, UPPER, give_members
from tests.petitions.test_members import MP
from tests.served import Served, schedule_event

UPPER_POSTCODE, LOWER_POSTCODE, NOBODYS_POSTCODE = "ZZ1 1AA", "ZZ9 9ZZ", "SW1A 1AA"
DORA = Person("Dora Dekker", "dora.dekker@mail.example")


@pytest.fixture
def to_members(served: Served, monkeypatch: pytest.MonkeyPatch) -> Petition:
    give_members(monkeypatch)
    return a_petition_with_a_letter(served, targets=[MP])


def writes(served: Served, petition: Petition, person: Person = ALICE, **place: Any) -> None:
    """Let the person confirm a letter, and relay it."""
    identity = confirmed(served.tables, petition, person, **({"postcode": UPPER_POSTCODE} | place))
    change_item(served.tables, petition, identity, letter={"version": petition.letter_version})
    relayed(served, PENDING, item_of(served.tables, petition, identity))


def recipients(served: Served) -> list[str]:
    return [mail.to for mail in served.mailer.mails]


def swept(served: Served) -> None:
    served.clock.forward(REQUEUE_AFTER + LOST_AFTER_IF_QUIET)
    served.invoke("sweep_mail", schedule_event())
    send_all(served)


def test_a_letter_goes_to_the_member_for_its_senders_postcode(served: Served, to_members: Petition) -> None:
    writes(served, to_members)
    writes(served, to_members, BOB, postcode=LOWER_POSTCODE)
    send_all(served)
    assert recipients(served) == [UPPER.email, LOWER.email]
    assert [mail.text.partition("\n")[0] for mail in served.mailer.mails] == [
        "Dear Una Upper MP,",
        "Dear Lou Lower MP,",
    ]


def test_two_people_in_one_constituency_send_two_letters_and_each_one_only_once(
    served: Served, to_members: Petition
) -> None:
    for person in (ALICE, BOB):
        writes(served, to_members, person)
        relayed(served, PENDING, item_of(served.tables, to_members, identity_of(to_members, person)))
    send_all(served)
    assert recipients(served) == [UPPER.email] * 2
    assert (first_target(served)["requested"], first_target(served)["sent"]) == (2, 2)


@pytest.mark.parametrize(
    "place", [{"postcode": NOBODYS_POSTCODE}, {"postcode": "AB1 1AA"}, {"postcode": ""}, {"country": "FR"}]
)
def test_without_a_member_no_letter_is_requested_and_other_targets_get_theirs(
    served: Served, monkeypatch: pytest.MonkeyPatch, place: dict[str, Any]
) -> None:
    give_members(monkeypatch)
    office = {"key": "office", "name": "Office", "email": "office@target.example"}
    writes(served, a_petition_with_a_letter(served, targets=[MP, office]), **place)
    send_all(served)
    assert recipients(served) == ["office@target.example"]
    assert first_target(served)["requested"] == 0


def test_a_refused_letter_to_one_member_pauses_letters_to_that_member_only(
    served: Served, to_members: Petition
) -> None:
    served.mailer.failures = [MailRefused()]
    writes(served, to_members)
    send_all(served)
    writes(served, to_members, BOB)
    writes(served, to_members, CHARLIE, postcode=LOWER_POSTCODE)
    send_all(served)
    assert recipients(served) == [LOWER.email]
    found = first_target(served)
    assert (found["paused"], found["failed"], found["waiting"], found["sent"]) == (False, 1, 1, 1)
    [paused] = found["paused_members"]
    assert (paused["constituency"], paused["paused_why"]) == ("Upper Zed", "refused")


def test_a_bounce_of_one_member_pauses_letters_to_that_member_only(served: Served, to_members: Petition) -> None:
    writes(served, to_members)
    send_all(served)
    bounce(served)
    writes(served, to_members, BOB)
    writes(served, to_members, CHARLIE, postcode=LOWER_POSTCODE)
    send_all(served)
    assert recipients(served) == [UPPER.email, LOWER.email]
    found = first_target(served)
    assert (found["paused"], found["failed"], found["waiting"], found["sent"]) == (False, 1, 1, 1)
    [paused] = found["paused_members"]
    assert (paused["constituency"], paused["name"], paused["paused_why"]) == ("Upper Zed", "Una Upper MP", "bounced")
    assert paused["paused_at"]


def test_staff_resume_one_member_and_the_letters_that_waited_follow(served: Served, to_members: Petition) -> None:
    for constituency in ("Upper%20Zed", "Lower%20Zed"):
        assert asked(served, "POST", f"{PATH}/my-mp/pause?member={constituency}").json_body["paused"] is True
    writes(served, to_members)
    writes(served, to_members, BOB, postcode=LOWER_POSTCODE)
    send_all(served)
    assert recipients(served) == []
    answer = asked(served, "POST", f"{PATH}/my-mp/resume?member=Upper%20Zed")
    assert answer.json_body == {"slug": "safe-children", "key": "my-mp", "paused": False, "member": "Upper Zed"}
    swept(served)
    assert recipients(served) == [UPPER.email]
    assert [each["constituency"] for each in first_target(served)["paused_members"]] == ["Lower Zed"]


def test_a_pause_of_the_target_pauses_all_members(served: Served, to_members: Petition) -> None:
    asked(served, "POST", f"{PATH}/my-mp/pause")
    writes(served, to_members)
    send_all(served)
    assert recipients(served) == []


def test_resuming_what_is_not_paused_stores_nothing(served: Served, to_members: Petition) -> None:
    before = {key for key in served.tables.items if key.pk.startswith("TARGET#")}
    assert asked(served, "POST", f"{PATH}/my-mp/resume?member=Nowhere").status_code == 200
    assert {key for key in served.tables.items if key.pk.startswith("TARGET#")} == before


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_a_target_that_is_one_office_has_no_members_to_pause(served: Served, change: str) -> None:
    a_petition_with_a_letter(served)
    assert asked(served, "POST", f"{PATH}/home-secretary/{change}?member=Upper%20Zed").status_code == 404


def test_a_letter_waits_while_the_deployed_table_lacks_its_member(
    served: Served, to_members: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(served, to_members)
    give_members(monkeypatch, LOWER)
    send_all(served)
    assert (recipients(served), first_target(served)["waiting"]) == ([], 1)
    give_members(monkeypatch)
    swept(served)
    assert recipients(served) == [UPPER.email]


def test_who_withdrew_and_moved_writes_to_the_new_member(served: Served, to_members: Petition) -> None:
    writes(served, to_members)
    alice = identity_of(to_members)
    withdraw(key_of(to_members, alice), to_members, NOW, served.tables)
    send_all(served)
    writes(served, to_members, postcode=LOWER_POSTCODE, now=NOW + DAY)
    send_all(served)
    assert recipients(served) == [LOWER.email]


def test_a_target_that_became_one_office_gets_no_letter_that_was_meant_for_members(
    served: Served, to_members: Petition
) -> None:
    writes(served, to_members)
    a_petition_with_a_letter(served, targets=[{"key": "my-mp", "name": "Office", "email": "office@target.example"}])
    send_all(served)
    assert recipients(served) == []
    assert first_target(served)["dropped"] == 1


def test_in_test_mode_staff_see_whom_the_letter_greets(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    give_members(monkeypatch)
    writes(served, a_petition_with_a_letter(served, targets=[{**MP, "test_to": "bob@charity.example"}]))
    send_all(served)
    [mail] = served.mailer.mails
    assert mail.to == "bob@charity.example"
    assert mail.text.startswith("Dear Una Upper MP,")


def test_the_letters_item_has_the_constituency_and_no_name_or_postcode(served: Served, to_members: Petition) -> None:
    writes(served, to_members, DORA)
    key = LETTERS.item_key(letter_delivery(to_members.slug, "my-mp", identity_of(to_members, DORA)))
    item = served.tables.items[key]
    assert item["member"] == "Upper Zed"
    assert set(item) == {"pk", "sk", "mail_kind", "mail_requested_at", "mails", "expires_at", "member"}
