"""The functions that send email: what they may read and write, how many run at once, and for how long."""

import json
import re

import pytest

from chalicelib.core.settings import Reputation
from chalicelib.delivery.worker import KINDS
from chalicelib.edge.batch import QUICK_ATTEMPTS
from chalicelib.letters.kinds import LETTER_KINDS
from chalicelib.mail.model import Priority
from chalicelib.mail.rate_limit import MAX_SENDERS, MIN_SENDERS, SHARES, senders_for
from chalicelib.mail.send import CLAIM
from chalicelib.mail.sending import BUDGET_SECONDS, LAST_EMAIL_SECONDS
from chalicelib.updates.kinds import UPDATE_KINDS
from stack.template.functions import CONFIGURATION_SETS
from tests.template.packaged import (
    FUNCTIONS,
    QUEUES,
    TEMPLATE,
    environment_of,
    events,
    functions_allowed,
    statements,
    statements_about,
)
from tests.template.test_settings import SOURCES

SENDERS = {"SendMail": "MailQueue", "SendOtherMail": "OtherMailQueue"}


def test_a_write_returns_a_signature_only_to_senders_and_its_readers() -> None:
    """Functions that store signatures get the old one, if there is one, because the write's condition then fails."""
    allowed = [{"dynamodb:ReturnValues": values} for values in (["NONE"], ["NONE", "ALL_OLD"])]
    may_read = set()
    for function in FUNCTIONS:
        for each in statements_about(function, "SignaturesTable"):
            is_write = bool({"dynamodb:PutItem", "dynamodb:UpdateItem"} & {*each["Action"]})
            condition = each.get("Condition", {}).get("StringEquals")
            if is_write and condition not in allowed:
                may_read.add(function)
    assert may_read == {*SENDERS, "Links", "Partners", "People", "RunAddressJob"}


def test_the_sender_of_confirmations_may_use_no_other_configuration_set() -> None:
    found = {name: re.findall(r"configuration-set/\$\{(\w+)\}", json.dumps(statements(name))) for name in SENDERS}
    assert found == {"SendMail": ["MailConfigurationSet"], "SendOtherMail": [*CONFIGURATION_SETS.values()]}
    urgent = {kind.reputation for kind in KINDS.values() if kind.priority is Priority.URGENT}
    assert urgent == {Reputation.SIGNATURES}
    of_updates = {name for name, kind in KINDS.items() if kind.reputation is Reputation.UPDATES}
    of_letters = {name for name, kind in KINDS.items() if kind.reputation is Reputation.LETTERS}
    assert (of_updates, of_letters) == ({*UPDATE_KINDS}, {*LETTER_KINDS})


def test_only_check_mail_changes_event_sources_and_only_the_senders() -> None:
    assert functions_allowed("lambda:") == {"CheckMail"}
    [changing] = [each for each in statements("CheckMail") if "lambda:" in json.dumps(each["Action"])]
    assert changing["Action"] == ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    mappings = [f"{function}{function}SqsEventSource" for function in SENDERS]
    arns = [each["Fn::Sub"] for each in changing["Resource"]]
    assert [re.findall(r"\$\{(\w+)\}$", arn)[0] for arn in arns] == mappings
    environment = environment_of("CheckMail")
    assert [environment[name]["Ref"] for name in SOURCES] == mappings


def test_a_senders_concurrency_is_what_its_pace_assumes() -> None:
    """One parameter sets both the event sources' concurrency and each sender's share of the rate."""
    for function in SENDERS:
        assert events("SQS")[function]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MailSenders"}}
        assert environment_of(function)["MAIL_SENDERS"] == {"Ref": "MailSenders"}
    assert sum(SHARES.values()) == 1
    parameter = TEMPLATE["Parameters"]["MailSenders"]
    assert (parameter["MinValue"], parameter["MaxValue"]) == (MIN_SENDERS, MAX_SENDERS)
    assert parameter["Default"] == senders_for(TEMPLATE["Parameters"]["MailPerSecond"]["Default"])


@pytest.mark.parametrize("rate", [1, 2, 12, 14, 300, 1000])
def test_a_batch_is_sent_within_a_senders_timeout(rate: int) -> None:
    parameter = TEMPLATE["Parameters"]["MailPerSecond"]
    assert parameter["MinValue"] <= rate <= parameter["MaxValue"]
    for function, share in (("SendMail", SHARES[Priority.URGENT]), ("SendOtherMail", SHARES[Priority.OTHER])):
        gap = senders_for(rate) / (rate * share)
        assert events("SQS")[function]["BatchSize"] * gap <= BUDGET_SECONDS
        assert BUDGET_SECONDS + LAST_EMAIL_SECONDS < FUNCTIONS[function]["Timeout"] < CLAIM.total_seconds()


def test_only_senders_send_email_and_no_function_deletes_or_scans_items() -> None:
    assert functions_allowed("ses:Send") == SENDERS.keys()
    assert functions_allowed("ses:") == {*SENDERS, "CheckMail", "Manage"}
    assert functions_allowed("dynamodb:Delete") == functions_allowed("dynamodb:Scan") == set()


def test_email_can_wait_three_weeks_for_its_quota() -> None:
    """The senders retry at most once an hour. Waiting must not move a message to the dead-letter queue."""
    for queue in SENDERS.values():
        assert QUEUES[queue]["RedrivePolicy"]["maxReceiveCount"] - QUICK_ATTEMPTS > 21 * 24
