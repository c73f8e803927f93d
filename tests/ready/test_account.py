"""Accounts with a new account's, default and raised quotas: what is read, what is denied, and what the report says."""

import re
from argparse import ArgumentTypeError
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from chalicelib.edge.route import SIGNING
from chalicelib.health.words import latest_readiness
from stack import changeset
from stack.aws import Cloud
from stack.console import Failure
from stack.ready import __main__ as ready
from stack.ready.__main__ import NOT_READY, READY, UNKNOWN, exit_code, rate, report, seconds, staff_sentence
from stack.ready.account import Values, find_defects, read_values, reads
from stack.ready.needs import Expected, Need, needs
from tests.fakes import FakeTables
from tests.ready.accounts import (
    DEFAULT,
    NEW,
    RAISED,
    STACK,
    Limits,
    answers,
    stub_clients,
    values,
)

CROWD = Expected(1_000, 600)
FEW_PEOPLE = Expected(2, 60)


def needs_of(found: Values, crowd: Expected = CROWD) -> list[Need]:
    return needs(crowd, found, STACK, "prod")


def too_low(found: Values, crowd: Expected = CROWD) -> list[str]:
    return [need.what for need in needs_of(found, crowd) if need.is_too_low]


def code_of(found: Values, crowd: Expected = CROWD) -> int:
    return exit_code(needs_of(found, crowd), [*find_defects(found)])


def report_of(found: Values, crowd: Expected = CROWD) -> str:
    return "\n".join(report(crowd, needs_of(found, crowd), [*find_defects(found)], found, STACK))


def sentence_of(found: Values, crowd: Expected = CROWD) -> str:
    return staff_sentence(crowd, needs_of(found, crowd), [*find_defects(found)])


def defects_after(**changes: Any) -> list[str]:
    return [*find_defects(values(RAISED, changes))]


def test_an_account_with_raised_quotas_is_ready() -> None:
    found = values(RAISED)
    assert (found.problems, too_low(found), code_of(found)) == ({}, [], READY)
    assert "READY for 1,000 a second for 10 minutes (600,000 signatures)" in report_of(found)
    assert not {"Raise", "Repair", "Not read"} & {line.partition(",")[0] for line in report_of(found).splitlines()}
    assert sentence_of(found) == "The site is ready for 1,000 signatures a second for 10 minutes."


def test_what_takes_longest_to_raise_comes_first_each_with_its_command_and_price() -> None:
    found = values(NEW)
    assert too_low(found) == [
        "Lambda: concurrent executions",
        "SES: emails in 24 hours",
        "SES: emails a second",
        "ours: emails a second",
        "tally shards of safe-children",
    ]
    text = report_of(found)
    for command in (
        "--service-code lambda --quota-code L-B99A9384 --desired-value 463",
        "We ask for 660,000 emails in 24 hours and 297 a second",
        "make deploy STAGE=prod MAIL_PER_SECOND=252",
        "manage.py shards safe-children 11 (free",
    ):
        assert command in text
    assert "people would wait for an answer" in sentence_of(found)
    assert "SES is in the sandbox: it sends to verified addresses only" in text


@pytest.mark.parametrize("crowd", [CROWD, Expected(5_000, 600), Expected(10_000, 60)])
def test_what_the_report_asks_for_is_enough(crowd: Expected) -> None:
    raised = {need.what: int(need.needed) for need in needs_of(values(NEW), crowd)}
    enough = Limits(
        concurrency=raised["Lambda: concurrent executions"],
        in_production=True,
        emails_a_day=raised["SES: emails in 24 hours"],
        emails_a_second=raised["SES: emails a second"],
        write_units=raised["DynamoDB: warm write units"],
        mail_per_second=raised["ours: emails a second"],
        shards=raised["tally shards of safe-children"],
    )
    gateway = {"throttleSettings": {"burstLimit": 5_000, "rateLimit": raised["API Gateway: requests a second"]}}
    quota = {"TableMaxWriteCapacityUnits": raised["DynamoDB: write units of a table"]}
    ses = answers(enough)["sesv2.get_account"]
    found = values(enough, {"get_account": gateway, "sesv2.get_account": ses, "describe_limits": quota})
    assert (too_low(found, crowd), code_of(found, crowd)) == ([], READY)


def test_executions_are_reserved_and_given_back() -> None:
    command = "function-concurrency --function-name prod-SendMail"
    reserve = f"aws lambda put-{command} --reserved-concurrent-executions 63"
    assert f"{reserve}\n    undo: aws lambda delete-{command}" in report_of(values(RAISED))


def test_a_denied_quota_is_named_and_the_others_are_read() -> None:
    found = values(RAISED, denied=["get_account_settings", "describe_limits"])
    assert {*found.problems} == {"lambda.concurrency", "table.quota"}
    assert code_of(found) == UNKNOWN
    assert "lambda.concurrency: An error occurred (AccessDeniedException)" in report_of(found)
    assert sentence_of(found).endswith("Not everything could be checked.")


def test_a_limit_too_low_is_not_ready_even_if_others_are_unknown() -> None:
    assert code_of(values(NEW, denied=["describe_limits", "describe_table"])) == NOT_READY


def test_staff_read_when_an_account_with_default_quotas_sends_the_last_email() -> None:
    assert "the last email would be sent 11 days after the end" in sentence_of(values(DEFAULT))


def test_an_unlimited_quota_is_not_a_limit() -> None:
    account = answers(RAISED)["sesv2.get_account"]
    unlimited = {**account, "SendQuota": {**account["SendQuota"], "Max24HourSend": -1}}
    assert code_of(values(RAISED, {"sesv2.get_account": unlimited})) == READY


def test_without_any_answer_from_aws_the_result_is_not_sure() -> None:
    class NoAnswer:
        def __getattr__(self, _: str) -> Any:
            raise ConnectTimeoutError(endpoint_url="https://aws.invalid")

    found = read_values(STACK, lambda *_: NoAnswer())
    assert code_of(found, FEW_PEOPLE) == UNKNOWN


def test_emails_sent_today_count_against_the_quota() -> None:
    account = answers(DEFAULT)["sesv2.get_account"]
    spent = {**account, "SendQuota": {**account["SendQuota"], "SentLast24Hours": 49_900.0}}
    assert code_of(values(DEFAULT), FEW_PEOPLE) == READY
    assert too_low(values(DEFAULT, {"sesv2.get_account": spent}), FEW_PEOPLE) == ["SES: emails in 24 hours"]


def test_only_open_petitions_need_shards_for_the_rate_at_which_emails_are_sent() -> None:
    found = values(replace(RAISED, shards=10))
    assert too_low(found) == ["tally shards of safe-children"]
    assert "manage.py shards safe-children 20" in report_of(found)


def test_each_broken_part_is_reported() -> None:
    identity = answers(RAISED)["get_email_identity"]
    account = answers(RAISED)["sesv2.get_account"]
    failed = {**identity["MailFromAttributes"], "MailFromDomainStatus": "FAILED"}
    for changes, text in (
        ({"sesv2.get_account": {**account, "ProductionAccessEnabled": False}}, "SES is in the sandbox"),
        ({"sesv2.get_account": {**account, "EnforcementStatus": "SHUTDOWN"}}, "(SHUTDOWN)"),
        ({"sesv2.get_account": {**account, "SendingEnabled": False}}, "AWS has stopped this account's email"),
        (
            {"get_email_identity": {**identity, "DkimAttributes": {"Status": "PENDING", "Tokens": []}}},
            "DKIM is PENDING",
        ),
        ({"get_email_identity": {**identity, "VerifiedForSendingStatus": False}}, "has not verified"),
        ({"get_email_identity": {**identity, "FeedbackForwardingStatus": True}}, "SES also emails each bounce"),
        ({"get_email_identity": {**identity, "MailFromAttributes": failed}}, "the MAIL FROM domain is FAILED"),
        (
            {"describe_alarms": {"MetricAlarms": [{"AlarmName": "petitions-prod-DriftAlarm"}]}},
            "petitions-prod-DriftAlarm",
        ),
        (
            {"list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "Pending"}]}},
            "nobody gets the alarms",
        ),
    ):
        defects = defects_after(**changes)
        assert text in " ".join(defects)
        assert exit_code([], defects) == NOT_READY
    assert defects_after() == []


def test_the_sites_own_throttle_is_too_low_above_its_rate() -> None:
    assert "ours: people who sign, a second" in too_low(values(RAISED), Expected(SIGNING.rate + 1, 60))
    assert "ours: people who sign, a second" not in too_low(values(RAISED), Expected(SIGNING.rate, 60))


def test_without_a_cdn_a_crowd_needs_one_and_a_few_people_do_not() -> None:
    found = values(replace(RAISED, has_cdn=False))
    assert too_low(found) == ["page views: a CDN before them"]
    assert "many page views would fail" in sentence_of(found)
    assert too_low(found, FEW_PEOPLE) == []


@pytest.mark.parametrize("text", ["many", "0/s", "10/week", "-1"])
def test_a_rate_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        rate(text)


def test_rates_and_times_have_units() -> None:
    assert (rate("1,000"), rate("60000/min"), seconds("90s"), seconds("2d")) == (1_000, 1_000, 90, 172_800)


def test_the_result_is_printed_and_stored_for_staff(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = RAISED.stack
    clients = stub_clients(reads(stack), answers(RAISED), set())
    monkeypatch.setattr(ready, "_stack", lambda *_: stack)
    monkeypatch.setattr(Cloud, "client", lambda _, service: clients(service))
    monkeypatch.setattr(ready, "Tables", lambda *_: tables)
    assert ready.main(["--stage", "prod", "--expect", "1000/s", "--for", "10min"]) == READY
    assert re.match("READY for 1,000 a second", capsys.readouterr().out)
    stored = latest_readiness(datetime.now(UTC), tables)
    assert stored is not None
    assert stored.text == "The site is ready for 1,000 signatures a second for 10 minutes."


def test_without_a_stack_there_is_nothing_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changeset, "describe", lambda *_: None)
    with pytest.raises(Failure, match="there is no stack petitions-prod: deploy it first"):
        ready.main(["--stage", "prod"])


def test_petitions_on_the_second_page_of_a_query_are_read() -> None:
    first = {"sk": {"S": "clean-air"}, "shards": {"N": "10"}, "state": {"S": "open"}}
    second = {**first, "sk": {"S": "safe-children"}}
    last_key = {"pk": {"S": "PETITIONS"}, "sk": {"S": "clean-air"}}
    others = stub_clients(reads(STACK), answers(NEW), set())
    client = boto3.session.Session("x", "x", region_name="eu-west-2").client("dynamodb")
    with Stubber(client) as stub:
        stub.add_client_error("describe_limits")
        stub.add_client_error("describe_table")
        stub.add_response("query", {"Items": [first], "LastEvaluatedKey": last_key})
        stub.add_response("query", {"Items": [second]})
        values = read_values(STACK, lambda service: client if service == "dynamodb" else others(service))
    assert values.found["petitions.shards"] == [["clean-air", 10], ["safe-children", 10]]
