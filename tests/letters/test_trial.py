"""Test emails of letters go to staff, are marked, and are never counted or sent to the target."""

import json
from datetime import timedelta

from chalicelib.aws.table import Item
from chalicelib.core.errors import MailRefused
from chalicelib.core.rights import Right
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.request import request_missing
from tests.actors import ALICE, DAY, MINUTE, NOW, bobs_token
from tests.fake_site import JSON, FakeSite
from tests.letters.lettering import HOME_SECRETARY, LETTER, TARGET as OFFICE, a_petition_with_a_letter, send_all
from tests.letters.test_counts import TARGET, numbers, request_letter

BOBS_ADDRESS = "bob@charity.example"


def items_of_targets(fake_site: FakeSite) -> list[Item]:
    return [item for key, item in fake_site.tables.items.items() if "TARGET" in key.pk]


def request_test_email(fake_site: FakeSite, address: str) -> None:
    headers = {
        "Authorization": f"Bearer {bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE)}",
        "Content-Type": JSON,
    }
    path = f"/api/staff/petitions/safe-children/letters/{TARGET}/test"
    body = json.dumps({"email": address}).encode()
    answer = fake_site.client.http.request("POST", path, headers=headers, body=body)
    assert answer.status_code == 202


def expire_tests(fake_site: FakeSite, after: timedelta) -> None:
    """Let this time pass, and delete the items of tests that have expired, as DynamoDB does."""
    fake_site.clock.forward(after)
    now = fake_site.clock().timestamp()
    for key, item in [*fake_site.tables.items.items()]:
        if key.pk.startswith("letter-test#") and item["expires_at"] < now:
            del fake_site.tables.items[key]


def test_staff_can_send_themselves_a_test_of_the_letter(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    request_test_email(fake_site, BOBS_ADDRESS)
    send_all(fake_site)
    [mail] = fake_site.mailer.mails
    assert (mail.to, mail.subject) == (BOBS_ADDRESS, f"[TEST] {LETTER['subject']}")
    assert mail.text.startswith("Dear Home Secretary,")
    assert numbers(fake_site) == LetterNumbers()


def test_two_test_emails_at_once_go_to_those_who_asked_and_no_address_stays_stored(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    request_test_email(fake_site, BOBS_ADDRESS)
    request_test_email(fake_site, "dora@charity.example")
    send_all(fake_site)
    assert [mail.to for mail in fake_site.mailer.mails] == [BOBS_ADDRESS, "dora@charity.example"]
    assert "charity.example" not in str(items_of_targets(fake_site))


def test_no_address_stays_stored_after_ses_has_refused_the_test(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    request_test_email(fake_site, BOBS_ADDRESS)
    fake_site.mailer.failures = [MailRefused()]
    send_all(fake_site)
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


def test_a_test_from_staff_that_waits_for_months_leaves_no_address(fake_site: FakeSite) -> None:
    a_petition_with_a_letter(fake_site)
    request_test_email(fake_site, BOBS_ADDRESS)
    expire_tests(fake_site, 90 * DAY)
    send_all(fake_site)
    assert "charity.example" not in str(items_of_targets(fake_site))
