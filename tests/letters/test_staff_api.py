"""Staff see, pause and resume the letters of each target. Test emails of letters go to staff only.

Bounces and rejected letters pause a target or a member by themselves: which of them, also after staff have resumed it.
"""

from datetime import timedelta
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.aws.table import Item
from chalicelib.core.errors import MailRefused
from chalicelib.core.letter_keys import letter_delivery
from chalicelib.core.metrics import Metric
from chalicelib.core.rights import Right
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.deliveries import LETTERS
from chalicelib.letters.request import request_missing
from chalicelib.letters.target_state import pause, target_state
from chalicelib.petitions.model import Petition
from tests import asking
from tests.actors import ALICE, BOB, DAY, MINUTE, NOW, Person, bobs_token
from tests.asking import actions
from tests.core.test_metrics import metrics_in
from tests.fake_site import FakeSite
from tests.letters.lettering import (
    HOME_SECRETARY,
    LETTER,
    TARGET as OFFICE,
    a_petition_with_a_letter,
    request_letter,
    send_all,
    sweep_and_send_all,
)
from tests.letters.test_counts import REJECTION, TARGET, bounce, numbers
from tests.located import UPPER
from tests.log_lines import Lines

PATH = "/api/staff/petitions/safe-children/letters"


def ask(fake_site: FakeSite, method: str, path: str = PATH, body: object = None) -> HTTPResponse:
    token = bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE, Right.COUNTS)
    return asking.ask(fake_site, token, method, path, body)


def first_target(fake_site: FakeSite) -> dict[str, Any]:
    target: dict[str, Any] = ask(fake_site, "GET").json_body["targets"][0]
    return target


def test_staff_see_each_target_with_its_numbers_and_days(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    request_letter(fake_site, petition)
    send_all(fake_site)
    request_letter(fake_site, petition, BOB)
    target = first_target(fake_site)
    expected = {"key": TARGET, "name": "Home Secretary", "mode": "single", "paused": False, "waiting": 1}
    numbers = {"requested": 2, "sent": 1, "failed": 0, "unknown": 0, "dropped": 0}
    assert target.items() >= (expected | numbers).items()
    assert target["days"] == [{"day": "2026-11-24"} | numbers]


def test_letters_to_a_target_that_was_removed_still_count(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    request_letter(fake_site, petition)
    a_petition_with_a_letter(fake_site, targets=[{"key": "b", "name": "B", "email": "b@target.example"}])
    targets = {each["key"]: each for each in ask(fake_site, "GET").json_body["targets"]}
    assert [*targets] == ["b", TARGET]
    assert (targets[TARGET]["mode"], targets[TARGET]["requested"]) == ("removed", 1)


def test_staff_see_why_a_target_is_paused_and_after_they_resume_it_the_letters_that_waited_are_sent(
    fake_site: FakeSite,
) -> None:
    petition = a_petition_with_a_letter(fake_site)
    pause(petition.slug, TARGET, "bounced", NOW, fake_site.tables)
    request_letter(fake_site, petition)
    send_all(fake_site)
    target = first_target(fake_site)
    assert (target["paused"], target["paused_why"], target["paused_at"]) == (True, "bounced", "2026-11-24T12:00:00Z")
    assert ask(fake_site, "POST", f"{PATH}/{TARGET}/resume").json_body["paused"] is False
    assert "letters.resumed" in actions(fake_site)
    sweep_and_send_all(fake_site)
    assert len(fake_site.mailer.mails) == 1


def test_staff_can_pause_a_target_without_an_alarm_and_an_earlier_reason_stays(
    fake_site: FakeSite, lines: Lines
) -> None:
    a_petition_with_a_letter(fake_site)
    assert ask(fake_site, "POST", f"{PATH}/{TARGET}/pause").status_code == 200
    assert first_target(fake_site)["paused_why"] == "staff"
    assert not pause("safe-children", TARGET, "bounced", NOW, fake_site.tables)
    assert first_target(fake_site)["paused_why"] == "staff"
    assert Metric.TARGET_PAUSED not in metrics_in(lines())


BOBS_ADDRESS = "bob@charity.example"


def items_of_targets(fake_site: FakeSite) -> list[Item]:
    return [item for key, item in fake_site.tables.items.items() if "TARGET" in key.pk]


def request_test_email(fake_site: FakeSite, address: str) -> None:
    assert ask(fake_site, "POST", f"{PATH}/{TARGET}/test", {"email": address}).status_code == 202


def expire_tests(fake_site: FakeSite, after: timedelta) -> None:
    """Let this time pass, and delete the items of tests that have expired, as DynamoDB does."""
    fake_site.clock.forward(after)
    now = fake_site.clock().timestamp()
    for key, item in [*fake_site.tables.items.items()]:
        if key.pk.startswith("letter-test#") and item["expires_at"] < now:
            del fake_site.tables.items[key]


def test_two_test_emails_at_once_go_to_those_who_asked_and_no_address_stays_stored(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    request_test_email(fake_site, BOBS_ADDRESS)
    request_test_email(fake_site, "dora@charity.example")
    send_all(fake_site)
    assert [mail.to for mail in fake_site.mailer.mails] == [BOBS_ADDRESS, "dora@charity.example"]
    assert "charity.example" not in str(items_of_targets(fake_site))


def test_in_test_mode_letters_go_to_staff_only_and_later_not_to_the_target(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "test_to": BOBS_ADDRESS}])
    request_letter(fake_site, petition)
    send_all(fake_site)
    [mail] = fake_site.mailer.mails
    assert (mail.to, mail.subject, mail.reply_to) == (BOBS_ADDRESS, f"[TEST] {LETTER['subject']}", "")
    assert mail.sender_name.startswith(ALICE.name)
    assert numbers(fake_site) == LetterNumbers()
    a_petition_with_a_letter(fake_site)
    assert request_missing(petition.slug, NOW, fake_site.tables, NOW + MINUTE) == 0, (
        "only lost letters are requested, not letters of test mode"
    )
    assert request_missing(petition.slug, NOW, fake_site.tables, NOW) == 1


def test_a_letter_that_waits_when_test_mode_begins_waits_until_it_ends(fake_site: FakeSite) -> None:
    request_letter(fake_site, a_petition_with_a_letter(fake_site))
    messages = list(fake_site.other_queue.messages)
    a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "test_to": BOBS_ADDRESS}])
    send_all(fake_site)
    assert fake_site.mailer.mails == []
    assert numbers(fake_site).waiting == 1
    a_petition_with_a_letter(fake_site)
    fake_site.deliver("send_other_mail", messages)
    assert [mail.to for mail in fake_site.mailer.mails] == [HOME_SECRETARY]


def test_in_test_mode_no_run_for_lost_letters_sends_a_test_again(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site, targets=[{**OFFICE, "test_to": BOBS_ADDRESS}])
    request_letter(fake_site, petition)
    send_all(fake_site)
    expire_tests(fake_site, 2 * DAY)
    assert request_missing(petition.slug, NOW, fake_site.tables) == 0


@pytest.mark.parametrize("is_refused", [True, False])
def test_no_address_stays_stored_after_ses_has_refused_the_test_or_it_has_waited_for_months(
    fake_site: FakeSite, is_refused: bool
) -> None:
    a_petition_with_a_letter(fake_site)
    request_test_email(fake_site, BOBS_ADDRESS)
    fake_site.mailer.failures = [MailRefused()] if is_refused else []
    expire_tests(fake_site, timedelta() if is_refused else 90 * DAY)
    send_all(fake_site)
    assert "charity.example" not in str(items_of_targets(fake_site))


def resume_later(fake_site: FakeSite) -> None:
    fake_site.clock.forward(MINUTE)
    assert ask(fake_site, "POST", f"{PATH}/{TARGET}/resume").json_body["paused"] is False
    fake_site.clock.forward(MINUTE)


def is_paused(fake_site: FakeSite) -> bool:
    return target_state("safe-children", TARGET, fake_site.tables).is_paused


@pytest.mark.parametrize(
    ("kind", "details", "failed"), [("Bounce", None, 4), ("Complaint", None, 1), ("Bounce", REJECTION, 4)]
)
def test_late_bounces_of_letters_from_before_the_resume_pause_nothing(
    fake_site: FakeSite, kind: str, details: dict[str, str] | None, failed: int
) -> None:
    petition = a_petition_with_a_letter(fake_site)
    for number in range(4):
        request_letter(fake_site, petition, Person("Ann", f"ann{number}@mail.example"))
    send_all(fake_site)
    bounce(fake_site, number=0)
    resume_later(fake_site)
    for number in (1, 2, 3):
        bounce(fake_site, kind, details, number)
    assert not is_paused(fake_site)
    assert first_target(fake_site)["failed"] == failed


def test_a_late_bounce_that_comes_before_its_letter_is_marked_as_sent_pauses_nothing(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    keys = [letter_delivery("safe-children", TARGET, f"{number:032x}") for number in range(2)]
    for key in keys:
        assert LETTERS.begin(LETTERS.request(key, NOW, fake_site.tables), NOW, fake_site.tables)
    LETTERS.mark_undeliverable(keys[0], "bounced", NOW, fake_site.tables)
    resume_later(fake_site)
    LETTERS.mark_undeliverable(keys[1], "bounced", fake_site.clock(), fake_site.tables)
    assert not is_paused(fake_site)


def test_rejections_count_for_a_day_from_the_first(fake_site: FakeSite, letter_petition: Petition) -> None:
    for number, wait in enumerate([timedelta(), timedelta(), DAY, timedelta(), DAY - MINUTE]):
        assert not is_paused(fake_site)
        fake_site.clock.forward(wait)
        request_letter(fake_site, letter_petition, Person("Ann", f"ann{number}@mail.example"))
        send_all(fake_site)
        bounce(fake_site, details=REJECTION)
    assert first_target(fake_site)["paused_why"] == "rejected"


@pytest.mark.parametrize(
    ("constituencies", "is_paused", "paused_members"),
    [
        ([UPPER.constituency] * 3, False, [("Upper Zed", "rejected")]),
        # Members often share a server, which may block all email of the site.
        (["Upper Zed", "Lower Zed", "Middle Zed"], True, []),
    ],
)
def test_three_rejected_letters_pause_the_member_or_all_if_they_went_to_three_members(
    fake_site: FakeSite,
    mp_petition: Petition,
    constituencies: list[str],
    is_paused: bool,
    paused_members: list[tuple[str, str]],
) -> None:
    for number, constituency in enumerate(constituencies):
        key = letter_delivery("safe-children", "my-mp", f"{number:032x}")
        LETTERS.request(key, NOW, fake_site.tables, member=constituency)
        LETTERS.mark_undeliverable(key, "rejected", NOW, fake_site.tables)
    target = first_target(fake_site)
    assert (target["paused"], target["paused_why"] == "rejected") == (is_paused, is_paused)
    assert [(paused["constituency"], paused["paused_why"]) for paused in target["paused_members"]] == paused_members
