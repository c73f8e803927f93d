"""Accounts with a new account's, default and raised quotas: what is read, what is denied, and what the report says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from stack.ready.account import account_calls
from stack.ready.defects import Defect, find_defects
from stack.ready.forecast import MAX_LOST_VIEWS, Expected, Forecast, make_forecast
from stack.ready.increases import increases, shard_defects, throttle_defects
from stack.ready.reading import NOT_ALLOWED, Values, read_values
from stack.ready.report import NOT_READY, READY, UNKNOWN, exit_code, report_lines, staff_sentence
from tests.ready.accounts import DEFAULT, NEW, NOW, OUTPUTS, PARAMETERS, RAISED, SIGNING, STACK, Limits, answers, values

CROWD = Expected(1_000, 600)
FEW_PEOPLE = Expected(2, 60)
CALLS = account_calls(STACK, OUTPUTS, PARAMETERS, NOW)


def forecast(found: Values, expected: Expected = CROWD) -> Forecast:
    return make_forecast(found, expected, (*find_defects(found, NOW), *shard_defects(found, expected)))


def report(found: Values, expected: Expected = CROWD) -> str:
    return "\n".join(report_lines(forecast(found, expected), increases(found, expected, "prod"), found))


def defects_after(**changes: Any) -> tuple[Defect, ...]:
    return find_defects(values(RAISED, changes), NOW)


def test_an_account_with_raised_quotas_is_ready() -> None:
    found = values(RAISED)
    assert not found.unread()
    assert exit_code(forecast(found)) == READY
    assert "READY for 1,000 a second for 10 minutes (600,000 signatures)" in report(found)
    assert "Raise" not in report(found)
    assert staff_sentence(forecast(found)) == "The site is ready for 1,000 signatures a second for 10 minutes."


def test_an_account_with_default_quotas_sends_the_last_email_after_days() -> None:
    found = values(DEFAULT)
    done = forecast(found)
    assert (exit_code(done), done.first_bottleneck, done.longest_wait) == (NOT_READY, "our own MAIL_PER_SECOND", 0)
    assert done.last_email == pytest.approx(600_000 / 50_000 // 1 * 86_400, rel=0.1)
    assert "the last email would be sent 11 days after the end" in staff_sentence(done)


def test_a_new_account_answers_a_hundred_people_a_second() -> None:
    done = forecast(values(NEW))
    assert done.first_bottleneck.startswith("Lambda's concurrent executions")
    assert done.longest_wait == pytest.approx(600_000 / 100, rel=0.1)
    assert "SES is in the sandbox: it sends to verified addresses only" in report(values(NEW))


def test_the_increase_that_takes_longest_is_asked_for_first() -> None:
    order = [increase.what for increase in increases(values(NEW), CROWD, "prod")]
    assert order == ["Lambda: concurrent executions", "SES: emails in 24 hours", "SES: emails a second",
                     "ours: emails a second", "DynamoDB: warm write units"]  # fmt: skip
    text = report(values(NEW))
    assert "--service-code lambda --quota-code L-B99A9384 --desired-value 650" in text
    assert "We ask for 660,000 emails in 24 hours" in text
    assert "make deploy STAGE=prod MAIL_PER_SECOND=252" in text


@pytest.mark.parametrize("crowd", [CROWD, Expected(5_000, 600), Expected(10_000, 60)])
def test_the_increases_asked_for_are_enough(crowd: Expected) -> None:
    raised = {increase.what: increase.needed for increase in increases(values(NEW), crowd, "prod")}
    enough = replace(
        RAISED,
        concurrency=int(raised["Lambda: concurrent executions"]),
        emails_a_day=raised["SES: emails in 24 hours"],
        emails_a_second=raised["SES: emails a second"],
        write_units=int(raised["DynamoDB: warm write units"]),
        mail_per_second=int(raised["ours: emails a second"]),
    )
    assert exit_code(forecast(values(enough), crowd)) == READY


@pytest.mark.parametrize("limits", [NEW, DEFAULT, RAISED])
def test_the_report_is_one_screen_and_names_each_source(limits: Limits) -> None:
    text = report(values(limits))
    assert len(text.splitlines()) <= 50
    for call in CALLS:
        assert call.source in text


def test_a_denied_value_is_reported_and_the_others_are_read() -> None:
    found = values(RAISED, denied=["get_account_settings", "describe_limits"])
    assert {value.name: value.problem for value in found.unread()} == {
        "lambda.concurrency": NOT_ALLOWED,
        "lambda.unreserved": NOT_ALLOWED,
        "table.quota": NOT_ALLOWED,
    }
    assert exit_code(forecast(found)) == UNKNOWN
    assert "The usual quota is assumed for: lambda.concurrency, table.quota" in report(found)
    assert staff_sentence(forecast(found)).endswith("Not everything could be checked.")


def test_without_any_answer_from_aws_the_report_is_unknown() -> None:
    class NoAnswer:
        def __getattr__(self, _: str) -> Any:
            def call(*_: Any, **__: Any) -> None:
                raise ConnectTimeoutError(endpoint_url="https://aws.invalid")

            return call

    found = Values(read_values(CALLS, lambda *_: NoAnswer()))
    assert {value.problem for value in found} == {"no answer (ConnectTimeoutError)"}
    assert exit_code(forecast(found, FEW_PEOPLE)) == UNKNOWN


def test_an_account_with_a_value_too_low_is_not_ready_even_if_other_values_are_unknown() -> None:
    found = values(NEW, denied=["describe_limits", "describe_table"])
    assert exit_code(forecast(found)) == NOT_READY


def test_emails_sent_today_count_against_the_quota() -> None:
    account = answers(DEFAULT)["sesv2.get_account"]
    spent = {**account, "SendQuota": {**account["SendQuota"], "SentLast24Hours": 49_900.0}}
    assert forecast(values(DEFAULT), FEW_PEOPLE).last_email < 60
    later = forecast(values(DEFAULT, {"sesv2.get_account": spent}), FEW_PEOPLE)
    assert later.last_email > 80_000


def test_an_unlimited_quota_is_not_a_limit() -> None:
    account = answers(RAISED)["sesv2.get_account"]
    unlimited = {**account, "SendQuota": {**account["SendQuota"], "Max24HourSend": -1}}
    found = values(RAISED, {"sesv2.get_account": unlimited})
    assert exit_code(forecast(found)) == READY


@pytest.mark.parametrize("denied", [[], ["get_account"]])
def test_too_few_tally_shards_are_a_defect_even_if_the_rate_of_email_is_unknown(denied: list[str]) -> None:
    found = values(replace(RAISED, shards=10), denied=denied)
    [defect] = shard_defects(found, CROWD)
    assert defect.text.partition(":")[0] == "safe-children has 10 tally shards"
    assert defect.remedy.partition(",")[0] == "manage.py shards safe-children 20"
    assert exit_code(forecast(found)) == NOT_READY
    if not denied:
        assert "has the capacity for 1,000 signatures a second" in staff_sentence(forecast(found))


def test_each_broken_part_is_reported() -> None:
    identity = answers(RAISED)["get_email_identity"]
    certificate = answers(RAISED)["list_certificates"]["CertificateSummaryList"][0]
    soon = {"CertificateSummaryList": [{**certificate, "NotAfter": NOW + timedelta(days=5)}]}
    alarm = {"MetricAlarms": [{"AlarmName": "petitions-prod-DriftAlarm"}]}
    pending = {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}
    dkim = {**identity, "DkimAttributes": {"Status": "PENDING", "Tokens": []}}
    old = {"Datapoints": [{"Maximum": 7_200.0}]}
    dead = {"Attributes": {"ApproximateNumberOfMessages": "3"}}
    for changes, text in (
        ({"get_email_identity": dkim}, "DKIM is PENDING"),
        ({"get_email_identity": {**identity, "VerifiedForSendingStatus": False}}, "has not verified"),
        ({"get_email_identity": {**identity, "FeedbackForwardingStatus": True}}, "SES also emails each bounce"),
        ({"get_queue_attributes": dead}, "3 messages in MailDead"),
        ({"get_metric_statistics": old}, "the oldest message in MailQueue has waited 2 h"),
        ({"describe_alarms": alarm}, "the alarm petitions-prod-DriftAlarm is on"),
        ({"list_subscriptions_by_topic": pending}, "nobody gets the alarms"),
        ({"list_certificates": soon}, "a certificate expires on 29 November 2026"),
    ):
        texts = [defect.text for defect in defects_after(**changes)]
        assert text in " ".join(texts)
    assert defects_after() == ()


def test_a_stopped_account_and_an_account_under_review_have_different_defects() -> None:
    account = answers(RAISED)["sesv2.get_account"]
    [stopped] = defects_after(**{"sesv2.get_account": {**account, "EnforcementStatus": "SHUTDOWN"}})
    [reviewed] = defects_after(**{"sesv2.get_account": {**account, "EnforcementStatus": "PROBATION"}})
    assert stopped.text == "AWS has stopped this account's email"
    assert "reviews" in reviewed.text


@pytest.mark.parametrize("key", [SIGNING, SIGNING.removeprefix("~1")])
def test_the_sites_own_throttle_is_a_defect_if_it_is_below_the_crowd(key: str) -> None:
    found = values(RAISED, {"get_stage": {"methodSettings": {key: {"throttlingRateLimit": 500.0}}}})
    [defect] = throttle_defects(found, CROWD)
    assert defect.text == "the site's own throttle lets 500 people sign a second"
    assert not [*throttle_defects(found, FEW_PEOPLE)]


def test_the_throttle_of_other_routes_is_not_taken_for_that_of_signing() -> None:
    found = values(RAISED, {"get_stage": {"methodSettings": {"*/*": {"throttlingRateLimit": 1.0}}}})
    assert [value.name for value in found.unread()] == ["gateway.signing"]
    assert not [*throttle_defects(found, CROWD)]
    assert exit_code(forecast(found)) == READY


def test_without_a_cdn_page_views_fail_and_the_cdn_is_asked_for() -> None:
    found = values(replace(RAISED, has_cdn=False))
    done = forecast(found, Expected(2_000, 600))
    assert (exit_code(done), done.lost_views > MAX_LOST_VIEWS) == (NOT_READY, True)
    assert "page views: a CDN before them" in [increase.what for increase in increases(found, CROWD, "prod")]
    assert f"{done.lost_views:.0%} of page views would fail" in staff_sentence(done)
    assert forecast(values(RAISED)).lost_views == 0
