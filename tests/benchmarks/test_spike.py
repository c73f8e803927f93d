"""The proof of a spike detects each error."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.spike.crowd import address
from benchmarks.spike.proof import Proof, number_of, too_many_emails, unrecorded_emails
from benchmarks.spike.stage import Delivery

GOOD = Proof(10, 10, 0, 10, 10, 0, 0, 0, 0, 10, 0, 0, {"hurried": 0}, True)
ROW = {"email": address(1), "mails": 1, "sk": "id"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"twice_stored": 1},
        {"strange": 1},
        {"twice_counted": 1},
        {"too_many_mails": {"hurried": 1}},
        {"unmailed": 1},
        {"lost_confirmations": 1},
        {"recount_agrees": False},
    ],
)
def test_a_proof_detects_each_error(wrong: dict[str, Any]) -> None:
    assert GOOD.is_good
    proof = replace(GOOD, **wrong)
    assert not proof.is_good
    assert proof.double == len({"twice_stored", "strange", "twice_counted", "too_many_mails"} & wrong.keys())


@pytest.mark.parametrize(
    ("times", "wrong"),
    [
        ([0], {}),
        ([0, 60], {}),
        ([0, 30], {"hurried": 1}),  # two emails within a minute
        ([0, 60, 120, 180, 240, 300], {"beyond_five": 1}),  # more than five emails
    ],
)
def test_a_proof_detects_one_email_too_many(times: list[float], wrong: dict[str, int]) -> None:
    mails = [Delivery(at, address(1), "t") for at in times]
    none_wrong = {"unexplained": 0, "beyond_five": 0, "hurried": 0}
    assert too_many_emails(mails, unmarked=0, failed_messages=0) == none_wrong | wrong


def test_an_email_that_no_signature_records_needs_a_message_that_failed() -> None:
    mails = [Delivery(at, address(1), "t") for at in (0, 90, 180)]
    assert unrecorded_emails([ROW], mails[:1]) == 0
    assert unrecorded_emails([ROW], mails) == 2
    assert unrecorded_emails([], mails) == 3
    assert too_many_emails(mails, unmarked=2, failed_messages=2)["unexplained"] == 0
    assert too_many_emails(mails, unmarked=2, failed_messages=1)["unexplained"] == 1


def test_another_spelling_of_an_address_is_the_same_person() -> None:
    assert number_of("Signer-12+again@Example.ORG") == number_of(address(12)) == 12
    assert number_of("somebody@example.org") is None
