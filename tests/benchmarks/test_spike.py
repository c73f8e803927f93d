"""Parts of the spike: a proof that detects errors, a fake SES that refuses as SES does, and a model that adds up."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.spike.crowd import Crowd, Post, PostAnswer, address
from benchmarks.spike.plan import short_plan
from benchmarks.spike.proof import Proof, number_of, too_many_emails, unrecorded_emails
from benchmarks.spike.report import email_delays, mail_rate, percentile
from benchmarks.spike.run import Moment, SpikeLog
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


def answer_at(at: float, who: int) -> PostAnswer:
    return PostAnswer(who, at, 202, 1.0, good=True, last=True)


@pytest.mark.parametrize(
    ("answers", "emails", "delays"),
    [
        ({1: 100}, {1: 103}, [3]),
        ({1: 100}, {1: 99}, [0]),  # The email was faster than the answer.
        ({1: 100, 2: 100}, {1: 100, 2: 103}, [0, 2.5]),  # SES accepts two emails a second.
        ({1: 110}, {1: 123}, [3]),  # The table is not available from 10 to 20 seconds after the beginning.
        ({1: 135}, {1: 141}, [1]),  # The quota is used up from 30 to 40.
    ],
)
def test_an_email_is_late_from_the_moment_at_which_ses_would_have_taken_it(
    answers: dict[int, float], emails: dict[int, float], delays: list[float]
) -> None:
    events = {"table refuses": 10.0, "table is back": 20.0, "SES quota spent": 30.0, "mail resumed": 40.0}
    log = SpikeLog(short_plan(100), 120, began=100, events=events)
    log.sign_answers = [answer_at(at, who) for who, at in answers.items()]
    assert email_delays(log, [Delivery(at, address(who), "t") for who, at in emails.items()], rate=2) == delays


@pytest.mark.parametrize(
    ("mailed", "waiting", "rate"),
    [
        ([0, 50, 100, 105], 1, 10),  # The last emails came late.
        ([0, 5, 55, 205], 1, 30),
        ([0, 50, 100, 105], 0, 1),  # No emails waited.
    ],
)
def test_the_rate_of_emails_is_that_of_the_median_email(mailed: list[int], waiting: int, rate: float) -> None:
    assert mail_rate([Moment(5.0 * at, 0, 0, waiting, number) for at, number in enumerate(mailed)]) == rate


def test_of_a_hundred_waits_the_longest_but_one_is_the_99th_percentile() -> None:
    assert [percentile(range(101), which) for which in (50, 99)] == [50, 99]


def test_people_try_again_after_503_and_not_after_422(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = {"busy": [503, 0, 202], "wrong": [422]}

    async def send(post: Post, _: object) -> tuple[int, float]:
        return statuses[post.body].pop(0), 0.0

    monkeypatch.setattr("benchmarks.spike.crowd._send", send)
    monkeypatch.setattr("benchmarks.spike.crowd.SHORTEST_WAIT", 0.0)
    monkeypatch.setattr("benchmarks.spike.crowd.FIRST_WAIT", 0.0)
    crowd = Crowd("http://127.0.0.1", [Post(1, "/", "", "busy", 202), Post(2, "/", "", "wrong", 202)], 2, 1_000)
    crowd.thread.join()
    answers = [(each.who, each.status, each.good, each.last) for each in sorted(crowd.answers)]
    assert sorted(answers) == [
        (1, 0, False, False),
        (1, 202, True, True),
        (1, 503, False, False),
        (2, 422, False, True),
    ]
    assert crowd.settled == 2
