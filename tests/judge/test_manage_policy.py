"""docs/manage-policy.json allows an engineer on call every command of `manage.py` and of the runbook, and no more."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import manage
from stack.judge.engine import decide
from stack.judge.model import PolicyEntry, Question
from stack.judge.resolve import HERE
from stack.paths import ROOT
from tests.actors import a_published_petition
from tests.fake_site import a_fake_site, wire
from tests.fakes import FakeTables
from tests.judge.deciding import entries_of
from tests.judge.desktop import RESTORING, Desktop
from tests.judge.manage_scenes import SCENES

TEXT = (ROOT / "docs" / "manage-policy.json").read_text(encoding="utf-8")
POLICY: dict[str, Any] = json.loads(TEXT.replace("<account>", HERE.account).replace("<stage>", "prod"))
# Whoever has these statements can read data of people: names, addresses or letters. For TokensForStaff, with a token.
PERSONAL = (
    *("TokensForStaff", "Letters", "DeadLettersOfPeople", "QueuesOfPeople"),
    *("RestoreSignatures", "CopyTables", "Copies", "FindCopiesAndBackups", "WholeTableGone", "KeyOfYourOwn"),
)
PERSONAL_COMMANDS = ("token", "letters", "restore")
STACK = HERE.arn("cloudformation", "stack/petitions-prod/1-2-3")
SIGNATURES = HERE.arn("dynamodb", "table/petitions-prod-SignaturesTable-1x")
COUNTS = SIGNATURES.replace("Signatures", "Counts")
LOG = HERE.arn("logs", "log-group:/aws/lambda/petitions-prod-SendMail-1x")
ROLE = f"arn:aws:iam::{HERE.account}:role/on-call"


def dead_letters(name: str) -> str:
    return HERE.arn("sqs", f"petitions-prod-{name}DeadLetterQueue-1x")


# StartMessageMoveTask receives, deletes and sends in the caller's name.
MOVING = [
    *(f"sqs:{name}" for name in ("StartMessageMoveTask", "ListMessageMoveTasks", "GetQueueAttributes")),
    *("sqs:ReceiveMessage", "sqs:DeleteMessage"),
]
# What the runbook does without `manage.py`. "*": the action has no resource, or the console asks without one.
RUNBOOK = {
    STACK: ["cloudformation:DescribeStacks"],
    LOG: [f"logs:{name}" for name in ("FilterLogEvents", "GetQueryResults", "StartQuery")],
    HERE.arn("logs", "log-group:/aws/apigateway/petitions-prod"): ["logs:FilterLogEvents"],
    **{dead_letters(name): MOVING for name in ("Overflow", "Feedback", "Mail", "Jobs")},
    **{
        HERE.arn("sqs", f"petitions-prod-{name}Queue-1x"): ["sqs:SendMessage"]
        for name in ("Overflow", "Feedback", "Mail", "OtherMail", "Jobs", "AddressJobs")
    },
    HERE.arn("ses", "configuration-set/UpdatesConfigurationSet-1x"): ["ses:PutConfigurationSetSendingOptions"],
    dead_letters("Stream"): ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"],
    "*": [
        *("ses:GetAccount", "cloudtrail:LookupEvents", "lambda:ListEventSourceMappings", "logs:DescribeLogGroups"),
    ],
    HERE.arn("cloudwatch", "dataset/default"): ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
    HERE.arn("cloudwatch", "alarm:petitions-prod-DriftAlarm-1x"): ["cloudwatch:DescribeAlarms"],
    f"arn:aws:cloudwatch::{HERE.account}:dashboard/petitions-prod-eu-west-2": ["cloudwatch:GetDashboard"],
}
# "A whole table is gone". AWS restores in the caller's name.
WHOLE_TABLE = {
    f"{SIGNATURES}/backup/01": ["dynamodb:RestoreTableFromBackup"],
    SIGNATURES: [
        *(f"dynamodb:{name}" for name in RESTORING),
        *(f"dynamodb:{name}" for name in ("DescribeTable", "RestoreTableFromBackup", "UpdateContinuousBackups")),
        *(f"dynamodb:{name}" for name in ("UpdateTable", "UpdateTimeToLive")),
    ],
    "*": ["dynamodb:ListBackups", "dynamodb:ListTables"],
}
TEST_EMAIL = Question(
    "ses:SendEmail", HERE.arn("ses", "identity/example.org"), {"ses:Recipients": ["success@simulator.amazonses.com"]}
)
# `aws` commands to which a condition applies.
CONDITIONAL = [Question("dynamodb:DeleteItem", COUNTS, {"dynamodb:LeadingKeys": ["MAIL"]}), TEST_EMAIL]


def policy_of(sids: Iterable[str]) -> dict[str, Any]:
    statements = [each for each in POLICY["Statement"] if each["Sid"] in sids]
    return {**POLICY, "Statement": statements}


ALL = [each["Sid"] for each in POLICY["Statement"]]
IMPERSONAL = policy_of([sid for sid in ALL if sid not in PERSONAL])
# Without the statement that allows nearly everything, and is for one day only.
USUAL = policy_of([sid for sid in ALL if sid != "WholeTableGone"])


def asked(actions_by_resource: dict[str, list[str]]) -> Iterator[Question]:
    for resource, actions in actions_by_resource.items():
        yield from (Question(action, resource, {}) for action in actions)


def refused(policy: Any, questions: Iterable[Question]) -> list[Question]:
    return [question for question in questions if not decide([policy], question, ROLE).allowed]


def played(command: str, folder: Path) -> list[Question]:
    """Play the command's scene on fakes of its own, with one petition, and return the questions of its calls."""
    site = a_fake_site(FakeTables())
    a_published_petition(site.tables)
    with pytest.MonkeyPatch.context() as patch:
        wire(site, patch)
        desktop = Desktop(site, patch, folder)
        SCENES[command](desktop)
    return [*desktop.questions.values()]


def test_every_command_has_a_scene() -> None:
    [subparsers] = [each for each in manage.parser()._actions if each.choices]
    assert set(subparsers.choices or ()) == {*SCENES}


@pytest.mark.parametrize("command", SCENES)
def test_every_call_of_a_command_is_allowed(command: str, environment: object, tmp_path: Path) -> None:
    questions = played(command, tmp_path)
    assert questions
    assert refused(USUAL, questions) == []
    needs_data_of_people = refused(IMPERSONAL, questions) != []
    assert needs_data_of_people is (command in PERSONAL_COMMANDS)


def test_what_the_runbook_does_without_manage_is_allowed() -> None:
    assert refused(USUAL, [*asked(RUNBOOK), *CONDITIONAL]) == []
    assert refused(POLICY, asked(WHOLE_TABLE)) == []


def test_every_entry_of_the_policy_is_needed(environment: object, tmp_path: Path) -> None:
    questions = [question for command in SCENES for question in played(command, tmp_path)]
    questions += [*asked(RUNBOOK), *asked(WHOLE_TABLE), *CONDITIONAL]
    used: set[PolicyEntry] = set()
    for question in questions:
        used |= decide([POLICY], question, ROLE).entries
    declared: set[PolicyEntry] = set()
    for number, statement in enumerate(POLICY["Statement"]):
        declared |= {*entries_of(statement, number)}
    # A charity with a key names this key. The engine cannot judge actions whose only type of resource is optional.
    unjudged = {"KeyOfYourOwn", "SuppressionList"}
    # The condition of PetitionsCountsAndActivityLog excludes its value.
    unused = [each for each in declared - used if each.statement not in unjudged and each.value != "TOKENS"]
    assert unused == []


@pytest.mark.parametrize(
    "question",
    [
        Question("dynamodb:GetItem", SIGNATURES, {"dynamodb:LeadingKeys": ["safe-children#00"]}),
        Question("dynamodb:Scan", f"{SIGNATURES}-restored-20261125T180000Z", {}),
        Question("dynamodb:PutItem", COUNTS, {"dynamodb:LeadingKeys": ["TOKENS"]}),
        Question("dynamodb:DeleteItem", COUNTS, {"dynamodb:LeadingKeys": ["PETITIONS"]}),
        Question("sqs:ReceiveMessage", dead_letters("Overflow"), {}),
        Question("sqs:ReceiveMessage", dead_letters("Feedback"), {}),
        Question("s3:GetObject", "arn:aws:s3:::petitions-prod-exportsbucket-1x/files/one", {}),
        Question("ses:SendEmail", TEST_EMAIL.resource, {"ses:Recipients": ["alice@mail.example"]}),
        Question("cloudformation:DescribeStacks", STACK.replace("prod", "dev"), {}),
    ],
    ids=lambda question: f"{question.action} {question.resource.rpartition(':')[2]}",
)
def test_without_the_statements_about_people_nothing_about_people_is_allowed(question: Question) -> None:
    assert refused(IMPERSONAL, [question])


def test_the_policy_is_valid_and_short_enough_for_an_inline_policy_of_a_role() -> None:
    assert POLICY["Version"] == "2012-10-17"
    assert len(json.dumps(POLICY, separators=(",", ":"))) < 10_240 - 2_000, "a long stage name makes it longer"
    for statement in POLICY["Statement"]:
        assert statement["Effect"] == "Allow"
    assert set(PERSONAL) < set(ALL)
    assert len(set(ALL)) == len(ALL)
