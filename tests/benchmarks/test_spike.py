"""Parts of the spike: a proof that detects errors, a fake SES that refuses as SES does, and a model that adds up."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from benchmarks.model.local import compare
from benchmarks.spike.crowd import address, posts_to_confirm, posts_to_sign
from benchmarks.spike.crowd_process import Answer
from benchmarks.spike.delays import email_delays
from benchmarks.spike.faults import is_mark
from benchmarks.spike.plan import short_plan, whole_plan
from benchmarks.spike.proof import Proof, number_of, too_many_emails
from benchmarks.spike.rates import rates
from benchmarks.spike.report import percentile
from benchmarks.spike.run import Moment, SpikeLog
from benchmarks.spike.ses import DAY_SPENT, TOO_FAST, Delivery, Refusal, Ses
from chalicelib.aws.expressions import Attr, Change, change_request
from chalicelib.core import keys

GOOD = Proof(10, 10, 0, 10, 10, 0, 0, 0, 0, 10, 0, 0, {"hurried": 0}, True)
ROW = {"email": address(1), "mails": 1, "sk": "id"}
SPIKE: dict[str, Any] = {
    "posts": 6_000,
    "mails": 5_000,
    "rates": {"answered": 100, "mailed": 50, "stored": 100},
    "events_s": {"table refuses": 24, "table is back": 36, "all answered": 60, "overflow drained": 396, "drained": 420},
    "plan": {"ses_rate": 60},
    "peak_overflow": 1_200,
}


@pytest.mark.parametrize("later", [0, 25])
def test_one_person_in_five_signs_twice_with_another_spelling(later: int) -> None:
    posts = posts_to_sign("slug", 100, later)
    assert len(posts) == 120
    assert len({post["body"] for post in posts}) == 120
    assert {post["who"] for post in posts} == set(range(100))


def test_half_of_the_repeats_are_double_clicks_and_half_come_later() -> None:
    who = [post["who"] for post in posts_to_sign("slug", 100, 30)]
    double_clicks = [one for one, other in pairwise(who) if one == other]
    assert len(double_clicks) == 10


def test_one_person_in_five_confirms_twice() -> None:
    links = [(number, f"t{number}") for number in range(10)]
    assert len(posts_to_confirm(links)) == 12


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
    assert not replace(GOOD, **wrong).is_good


@pytest.mark.parametrize(
    ("times", "known", "wrong"),
    [
        ([0], 1, {}),
        ([0, 60], 2, {}),
        ([0, 60], 1, {"unknown": 1}),  # an email that the signature does not record
        ([0, 30], 2, {"hurried": 1}),  # two emails within a minute
        ([0, 60, 120, 180, 240, 300], 6, {"beyond_five": 1}),  # more than five emails
    ],
)
def test_a_proof_detects_one_email_too_many(times: list[float], known: int, wrong: dict[str, int]) -> None:
    mails = [Delivery(at, address(1), "t") for at in times]
    none_wrong = {"unknown": 0, "beyond_five": 0, "hurried": 0}
    assert too_many_emails([{**ROW, "mails": known}], mails, {}) == none_wrong | wrong


def test_an_unmarked_email_may_be_sent_only_once_more() -> None:
    mails = [Delivery(at, address(1), "t") for at in (0, 90, 180)]
    assert too_many_emails([ROW], mails[:2], {"id": 1})["unknown"] == 0
    assert too_many_emails([ROW], mails, {"id": 1})["unknown"] == 1
    assert too_many_emails([ROW], mails[:2], {"another": 1})["unknown"] == 1


def body_of(change: Change) -> bytes:
    return json.dumps(change_request(change)).encode()


def test_a_mark_is_distinguished_from_a_claim() -> None:
    key = keys.Key(keys.SIGNATURES, "p", "s")
    mark = Change(key, assign={"mailed_at": "now"}, add={"mails": 1}, remove=("mail_kind",))
    may_send = Attr("mailed_at").lt("now") & Attr("mails").lt(5)
    claim = Change(key, assign={"claimed_until": 1}, when=may_send)
    assert is_mark(body_of(mark))
    assert not is_mark(body_of(claim))
    assert not is_mark(b'{"TableName": "signatures"}')


def test_another_spelling_of_an_address_is_the_same_person() -> None:
    assert number_of("Signer-12+again@Example.ORG") == number_of(address(12)) == 12
    assert number_of("somebody@example.org") is None


def test_ses_refuses_above_its_rate() -> None:
    ses = Ses(rate=2)
    assert [ses.refusal() for _ in range(3)] == [None, None, TOO_FAST]


def test_ses_refuses_after_the_daily_quota_until_it_is_raised() -> None:
    ses = Ses(rate=100, quota=2)
    refusals: list[Refusal | None] = [ses.refusal() for _ in range(3)]
    assert refusals == [None, None, DAY_SPENT]
    assert ses.is_spent
    ses.raise_quota()
    assert ses.refusal() is None
    assert not ses.is_spent


def test_the_short_spike_has_no_pauses_of_a_minute() -> None:
    assert short_plan(100).quota is None
    assert short_plan(100).later == 0
    assert whole_plan(100).quota == 20


def test_rates_come_from_times_without_faults() -> None:
    log = SpikeLog(short_plan(100), 120, events={"table refuses": 10, "table is back": 20})
    log.moments += [Moment(0, 0, 0, 0, 0), Moment(10, 50, 0, 40, 10), Moment(20, 100, 30, 40, 60)]
    log.moments += [Moment(30, 120, 10, 0, 70)]
    assert rates(log) == {"answered": 5.0, "mailed": 5.0, "stored": 2.0}
    log.moments += [Moment(at, 120, 110 - at, 0, 70) for at in range(100, 110)]
    assert rates(log)["stored"] == 2.0, "late messages, one at a time, are not the rate"


def answer_at(at: float, who: int) -> Answer:
    return {"who": who, "at": at, "status": 202, "ms": 1, "good": True, "last": True, "seen": {}}


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


def test_a_percentile_is_between_the_values() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2


def test_the_local_model_agrees_with_a_manual_calculation() -> None:
    """100 signatures a second overflow for 12 s, less the cost of the longer way. They return within 12 s."""
    found = {row["figure"]: row["model"] for row in compare(SPIKE)}
    assert found["all_answered_s"] == pytest.approx(60 + 12 * 0.2, abs=2)
    assert found["peak_overflow"] == pytest.approx(1_200 / 1.25, rel=0.1)
    assert found["overflow_drained_s"] == pytest.approx(36 + 12, abs=4)
    assert found["mails_drained_s"] >= 5_000 / 50
