"""Tests of letters go to staff, are marked, and are never counted or sent to the target."""

import json

from chalicelib.core.rights import Right
from chalicelib.letters.counts import LetterNumbers
from chalicelib.letters.request import request_missing
from tests.actors import ALICE, MINUTE, NOW, bobs_token
from tests.letters.lettering import (
    HOME_SECRETARY,
    LETTER,
    TARGET as OFFICE,
    a_petition_with_a_letter,
    send_all,
)
from tests.letters.test_counts import TARGET, numbers, request_letter
from tests.served import JSON, Served

BOB = "bob@charity.example"


def send_a_test_to(served: Served, address: str) -> None:
    headers = {
        "Authorization": f"Bearer {bobs_token(served.tables, served.clock(), Right.MANAGE)}",
        "Content-Type": JSON,
    }
    path = f"/api/staff/petitions/safe-children/letters/{TARGET}/test"
    answer = served.client.http.request("POST", path, headers=headers, body=json.dumps({"email": address}).encode())
    assert answer.status_code == 202


def test_staff_send_themselves_the_letter_as_it_is(served: Served) -> None:
    a_petition_with_a_letter(served)
    send_a_test_to(served, BOB)
    send_all(served)
    [mail] = served.mailer.mails
    assert (mail.to, mail.subject) == (BOB, f"[TEST] {LETTER['subject']}")
    assert mail.text.startswith("Dear Home Secretary,")
    assert numbers(served) == LetterNumbers()


def test_two_tests_at_once_go_each_to_the_one_who_asked_and_no_address_stays(served: Served) -> None:
    a_petition_with_a_letter(served)
    send_a_test_to(served, BOB)
    send_a_test_to(served, "dora@charity.example")
    send_all(served)
    assert [mail.to for mail in served.mailer.mails] == [BOB, "dora@charity.example"]
    assert "charity.example" not in str([item for key, item in served.tables.items.items() if "TARGET" in key.pk])


def test_in_test_mode_letters_go_to_staff_only_and_later_not_to_the_target(served: Served) -> None:
    petition = a_petition_with_a_letter(served, targets=[{**OFFICE, "test_to": BOB}])
    request_letter(served, petition)
    send_all(served)
    [mail] = served.mailer.mails
    assert (mail.to, mail.subject, mail.reply_to) == (BOB, f"[TEST] {LETTER['subject']}", "")
    assert mail.sender_name.startswith(ALICE.name)
    assert numbers(served) == LetterNumbers()
    a_petition_with_a_letter(served)
    assert request_missing(petition.slug, NOW, served.tables, NOW + MINUTE) == 0, (
        "lost letters are requested, not those"
    )
    assert request_missing(petition.slug, NOW, served.tables, NOW) == 1


def test_a_letter_that_waits_when_test_mode_begins_waits_until_it_ends(served: Served) -> None:
    request_letter(served, a_petition_with_a_letter(served))
    messages = list(served.other_queue.messages)
    a_petition_with_a_letter(served, targets=[{**OFFICE, "test_to": BOB}])
    send_all(served)
    assert served.mailer.mails == []
    assert numbers(served).waiting == 1
    a_petition_with_a_letter(served)
    served.deliver("send_other_mail", messages)
    assert [mail.to for mail in served.mailer.mails] == [HOME_SECRETARY]
