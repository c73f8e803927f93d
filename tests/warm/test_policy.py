"""docs/ready-policy.json and docs/warm-policy.json allow the calls of `make warm`. The judge's engine decides."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from stack.judge.engine import Engine
from stack.judge.model import Call, Question, Where
from stack.judge.questions import questions
from stack.paths import ROOT
from stack.ready.forecast import Expected
from stack.ready.stage import StackDescription
from stack.template import functions
from stack.warm.__main__ import revert, warm
from stack.warm.act import Warming
from stack.warm.plan import CapacityKind, plan
from tests.actors import a_petition
from tests.ready.accounts import DEFAULT, PARAMETERS, STACK, values

pytestmark = pytest.mark.xdist_group("judge")

WHERE = Where("eu-west-2", "111122223333")
COUNTS, SIGNATURES = "petitions-prod-CountsTable-1X", "petitions-prod-SignaturesTable-1X"
COUNTS_ARN, SIGNATURES_ARN = (WHERE.arn("dynamodb", f"table/{name}") for name in (COUNTS, SIGNATURES))
FUNCTIONS = {f"{name}Name": f"{STACK}-{name}-1X" for name in map(functions.logical_id, functions.RESERVED)}
STAGE = StackDescription(STACK, {"SignaturesTableName": SIGNATURES, **FUNCTIONS}, PARAMETERS)
LIMITS = replace(DEFAULT, shards=10, mail_per_second=500, emails_a_second=600)
CHANGES, _ = plan(values(LIMITS), STAGE, Expected(1_000, 3_600))


def policy(name: str) -> dict[str, Any]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    for placeholder, value in {"REGION": WHERE.region, "ACCOUNT": WHERE.account, "STAGE": "prod"}.items():
        text = text.replace(placeholder, value)
    document: dict[str, Any] = json.loads(text)
    return document


READY, WARM = policy("ready-policy.json"), policy("warm-policy.json")


def actions_of(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


class RecordingAws:
    """AWS's answers to the calls of `make warm`. `calls`: all calls so far."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._items: dict[str, Any] = {}

    def answer(self, client: BaseClient, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(Call(client.meta.service_model.service_name, operation, params))
        if operation == "PutItem":
            self._items[params["Item"]["pk"]["S"]] = params["Item"]
        if operation == "GetItem":
            item = self._items.get(params["Key"]["pk"]["S"])
            return {"Item": item} if item else {}
        return {}


def question_of(call: Call) -> list[Question]:
    if call.service == "lambda":
        function = WHERE.arn("lambda", f"function:{call.params['FunctionName']}")
        return [Question(f"lambda:{call.operation}", function, {})]
    if call.operation == "UpdateTable":
        return [Question("dynamodb:UpdateTable", WHERE.arn("dynamodb", f"table/{call.params['TableName']}"), {})]
    return questions(call, WHERE)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """The questions of all calls of `warm` and `revert`."""
    aws = RecordingAws()
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *arguments: aws.answer(*arguments))
    session: Any = boto3.session.Session("x", "x", region_name=WHERE.region)
    tables = Tables(session.client("dynamodb"), {keys.COUNTS: COUNTS})
    tables.put(keys.petition("safe-children"), a_petition(shards=10).model_dump(exclude_none=True))
    warming = Warming(lambda service, _: session.client(service), tables)
    aws.calls.clear()
    # One function had a reservation before: revert sets the old value.
    warm(warming, [*CHANGES[:-1], replace(CHANGES[-1], before=2)], [], lambda: True)
    revert(warming)
    return [question for call in aws.calls for question in question_of(call)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as started:
        yield started


def allows(engine: Engine, question: Question) -> bool:
    return engine.decide([READY, WARM], question, f"arn:aws:iam::{WHERE.account}:role/warm").allowed


def test_every_call_of_warm_and_revert_is_allowed(engine: Engine, asked: list[Question]) -> None:
    assert [question for question in asked if not allows(engine, question)] == []


def test_the_changes_are_of_all_kinds() -> None:
    assert {change.kind for change in CHANGES} == {*CapacityKind}


def test_the_policy_has_only_the_actions_that_a_call_needs(asked: list[Question]) -> None:
    assert actions_of(WARM) == {question.action for question in asked} - actions_of(READY)


def update(partition: str, *attributes: str) -> Question:
    context: dict[str, str | list[str]] = {
        "dynamodb:LeadingKeys": [partition],
        "dynamodb:Attributes": ["pk", "sk", *attributes],
        "dynamodb:ReturnValues": "NONE",
    }
    return Question("dynamodb:UpdateItem", COUNTS_ARN, context)


@pytest.mark.parametrize(
    "question",
    [
        update("TALLY#safe-children#001", "total"),
        update("PETITIONS", "title"),
        update("TOKENS", "shards"),
        Question("dynamodb:GetItem", COUNTS_ARN, {"dynamodb:LeadingKeys": ["TOKENS"]}),
        Question("dynamodb:GetItem", SIGNATURES_ARN, {"dynamodb:LeadingKeys": ["safe-children#00"]}),
        Question("dynamodb:UpdateTable", COUNTS_ARN, {}),
        Question("lambda:PutFunctionConcurrency", WHERE.arn("lambda", f"function:{STACK}-Links-1X"), {}),
    ],
    ids=lambda question: f"{question.action} {question.context.get('dynamodb:LeadingKeys', '')}",
)
def test_nothing_else_may_be_changed_or_read(engine: Engine, question: Question) -> None:
    assert not allows(engine, question)
