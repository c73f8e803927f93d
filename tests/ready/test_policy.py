"""docs/ready-policy.json allows the calls of `make ready`, and nothing about people. The referee's engine decides."""

import json
from typing import Any

import pytest

from stack.paths import ROOT
from stack.ready.account import account_calls
from stack.ready.reading import AwsCall
from stack.referee.engine import Engine
from stack.referee.model import Question
from tests.ready.accounts import NOW, OUTPUTS, PARAMETERS, STACK

pytestmark = pytest.mark.xdist_group("referee")

REGION, ACCOUNT = "eu-west-2", "111122223333"
TEXT = (ROOT / "docs" / "ready-policy.json").read_text(encoding="utf-8")
POLICY: dict[str, Any] = json.loads(TEXT.replace("REGION", REGION).replace("ACCOUNT", ACCOUNT).replace("STAGE", "prod"))
EDGE = {**OUTPUTS, "EdgeArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"}
COUNTS = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/petitions-prod-CountsTable-1X"
SIGNATURES = COUNTS.replace("Counts", "Signatures")
# The resource of each call, as the Service Authorization Reference has it. "*": the action has none.
RESOURCES = {
    "lambda:GetFunctionConcurrency": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:petitions-prod-SendMail-1X",
    "ses:GetEmailIdentity": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/harbour.example",
    "dynamodb:DescribeTable": SIGNATURES,
    "dynamodb:Query": COUNTS,
    "cloudwatch:DescribeAlarms": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:petitions-prod-DriftAlarm-1X",
    "sqs:GetQueueAttributes": f"arn:aws:sqs:{REGION}:{ACCOUNT}:petitions-prod-MailQueue-1X",
    "sns:ListSubscriptionsByTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:petitions-prod-AlarmsTopic-1X",
    "cloudformation:DescribeStacks": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/petitions-prod/1-2-3",
}
GATEWAY = {"get_account": "/account", "get_stage": "/restapis/api1234567/stages/site"}


@pytest.fixture
def engine() -> Any:
    with Engine() as started:
        yield started


def question_for(each: AwsCall) -> Question:
    if each.service == "apigateway":
        return Question("apigateway:GET", f"arn:aws:apigateway:{REGION}::{GATEWAY[each.operation]}", {})
    prefix = {"sesv2": "ses"}.get(each.service, each.service)
    action = f"{prefix}:{''.join(part.title() for part in each.operation.split('_'))}"
    context = {"dynamodb:LeadingKeys": ["PETITIONS"]} if each.operation == "query" else {}
    return Question(action, RESOURCES.get(action, "*"), context)


QUESTIONS = [question_for(each) for each in account_calls(STACK, EDGE, PARAMETERS, NOW)]
QUESTIONS += [
    Question("cloudformation:DescribeStacks", RESOURCES["cloudformation:DescribeStacks"], {}),
    Question("dynamodb:PutItem", COUNTS, {"dynamodb:LeadingKeys": ["READINESS"]}),
]


def allows(engine: Engine, question: Question) -> bool:
    return engine.decide([POLICY], question, f"arn:aws:iam::{ACCOUNT}:role/ready").allowed


def test_every_call_is_allowed(engine: Engine) -> None:
    assert [question for question in QUESTIONS if not allows(engine, question)] == []


def test_no_action_is_in_the_policy_that_no_call_needs() -> None:
    actions = {action for statement in POLICY["Statement"] for action in statement["Action"]}
    assert actions == {question.action for question in QUESTIONS}


@pytest.mark.parametrize(
    "question",
    [
        Question("dynamodb:GetItem", SIGNATURES, {"dynamodb:LeadingKeys": ["safe-children#00"]}),
        Question("dynamodb:Query", SIGNATURES, {"dynamodb:LeadingKeys": ["safe-children#00"]}),
        Question("dynamodb:Query", COUNTS, {"dynamodb:LeadingKeys": ["TOKENS"]}),
        Question("dynamodb:PutItem", COUNTS, {"dynamodb:LeadingKeys": ["PETITIONS"]}),
        Question("sqs:ReceiveMessage", RESOURCES["sqs:GetQueueAttributes"], {}),
        Question("dynamodb:DescribeTable", SIGNATURES.replace("prod", "dev"), {}),
        Question("lambda:GetFunction", RESOURCES["lambda:GetFunctionConcurrency"], {}),
    ],
    ids=lambda question: question.action,
)
def test_nothing_about_people_is_allowed(engine: Engine, question: Question) -> None:
    assert not allows(engine, question)
