"""docs/ready-policy.json allows the calls of `make ready`, and nothing about people. The judge's engine decides."""

import json
from typing import Any

import pytest

from stack.judge.engine import decide
from stack.judge.model import Question
from stack.paths import ROOT
from stack.ready.account import Read, reads
from tests.ready.accounts import RAISED

REGION, ACCOUNT = "eu-west-2", "111122223333"
POLICY_TEXT = (ROOT / "docs" / "ready-policy.json").read_text(encoding="utf-8")
POLICY: dict[str, Any] = json.loads(
    POLICY_TEXT.replace("REGION", REGION).replace("ACCOUNT", ACCOUNT).replace("STAGE", "prod")
)
COUNTS_TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/petitions-prod-CountsTable-1X"
SIGNATURES_TABLE = COUNTS_TABLE.replace("Counts", "Signatures")
# The resource of each call, as the Service Authorization Reference has it. "*": the action has none.
RESOURCES = {
    "ses:GetEmailIdentity": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/harbour.example",
    "dynamodb:DescribeTable": SIGNATURES_TABLE,
    "dynamodb:Query": COUNTS_TABLE,
    "cloudwatch:DescribeAlarms": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:petitions-prod-DriftAlarm-1X",
    "sns:ListSubscriptionsByTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:petitions-prod-AlarmsTopic-1X",
    "cloudformation:DescribeStacks": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/petitions-prod/1-2-3",
}


def question_for(call: Read) -> Question:
    if call.service == "apigateway":
        return Question("apigateway:GET", f"arn:aws:apigateway:{REGION}::/account", {})
    prefix = "ses" if call.service == "sesv2" else call.service
    # Such as GetQueueAttributes for get_queue_attributes.
    name = "".join(word.title() for word in call.operation.split("_"))
    action = f"{prefix}:{name}"
    context = {"dynamodb:LeadingKeys": ["PETITIONS"]} if call.operation == "query" else {}
    return Question(action, RESOURCES.get(action, "*"), context)


QUESTIONS = [question_for(call) for call in reads(RAISED.stack)]
QUESTIONS += [
    Question("cloudformation:DescribeStacks", RESOURCES["cloudformation:DescribeStacks"], {}),
    Question("dynamodb:PutItem", COUNTS_TABLE, {"dynamodb:LeadingKeys": ["READINESS"]}),
]


def allows(question: Question) -> bool:
    return decide([POLICY], question, f"arn:aws:iam::{ACCOUNT}:role/ready").allowed


def test_every_call_is_allowed() -> None:
    assert [question for question in QUESTIONS if not allows(question)] == []


def test_the_policy_has_only_the_actions_that_a_call_needs() -> None:
    actions = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    assert actions == {question.action for question in QUESTIONS}


@pytest.mark.parametrize(
    "question",
    [
        Question("dynamodb:GetItem", SIGNATURES_TABLE, {"dynamodb:LeadingKeys": ["safe-children#00"]}),
        Question("dynamodb:Query", SIGNATURES_TABLE, {"dynamodb:LeadingKeys": ["safe-children#00"]}),
        Question("dynamodb:Query", COUNTS_TABLE, {"dynamodb:LeadingKeys": ["TOKENS"]}),
        Question("dynamodb:PutItem", COUNTS_TABLE, {"dynamodb:LeadingKeys": ["PETITIONS"]}),
        Question("sqs:ReceiveMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:petitions-prod-MailQueue-1X", {}),
        Question("dynamodb:DescribeTable", SIGNATURES_TABLE.replace("prod", "dev"), {}),
        Question("lambda:GetFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:petitions-prod-SendMail-1X", {}),
    ],
    ids=lambda question: question.action,
)
def test_nothing_about_people_is_allowed(question: Question) -> None:
    assert not allows(question)
