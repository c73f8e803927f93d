"""No role allows calls that its function never makes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from stack.referee.engine import Engine
from stack.referee.model import Question
from stack.referee.policies import HERE, declared_policies
from tests.referee.deciding import decide, policies
from tests.referee.evidence import Evidence

pytestmark = pytest.mark.xdist_group("referee")


def partitions(question: Question) -> set[tuple[str, str]]:
    """Return table and kind of each partition. The kind of a signature's partition is its petition."""
    return {(question.resource, kind_of(key)) for key in question.context.get("dynamodb:LeadingKeys", ())}


def kind_of(key: str) -> str:
    """Return `TALLY` of `TALLY#a#001`. A role may reach the jobs of one kind only: `JOB#export` of `JOB#export#a`."""
    return "#".join(key.split("#")[: 2 if key.startswith("JOB#") else 1])


def test_jobs_of_two_kinds_are_two_kinds_of_partition() -> None:
    assert [kind_of(key) for key in ("JOB#export#a", "JOB#import#a", "TALLY#a#001")] == [
        *("JOB#export", "JOB#import", "TALLY"),
    ]


@pytest.mark.parametrize("function", declared_policies())
def test_a_role_reaches_no_partition_that_its_function_never_names(
    evidence: Evidence, engine: Engine, function: str
) -> None:
    own = {partition for question in evidence.questions(function) for partition in partitions(question)}
    others = foreign_questions(evidence, own)
    assert len({partition for question in others for partition in partitions(question)} - own) > 3
    assert not [question for question in others if decide(engine, function, question).allowed]


def foreign_questions(evidence: Evidence, own: set[tuple[str, str]]) -> Iterable[Question]:
    """Return one question for each action, set of partitions that are not all `own`, and further context."""
    foreign = [each for name in declared_policies() for each in evidence.questions(name) if partitions(each) - own]
    return {(each.action, *sorted(partitions(each)), *other_context(each)): each for each in foreign}.values()


def other_context(question: Question) -> list[str]:
    """Return the context without the leading keys: attributes, for example."""
    return sorted(f"{name}: {value}" for name, value in question.context.items() if name != "dynamodb:LeadingKeys")


@pytest.mark.parametrize("function", declared_policies())
def test_a_role_allows_no_scan(engine: Engine, evidence: Evidence, function: str) -> None:
    """A scan has no leading keys, and ForAllValues holds without a value."""
    tables = {each.resource for name in declared_policies() for each in evidence.questions(name) if partitions(each)}
    assert len(tables) == 5
    for table in tables:
        assert not decide(engine, function, Question("dynamodb:Scan", table, {})).allowed


@pytest.mark.parametrize("function", declared_policies())
def test_every_condition_refuses_another_value_and_a_missing_value(
    evidence: Evidence, engine: Engine, function: str
) -> None:
    """ForAllValues holds if the key has no value, so such a condition is tested with a foreign value only."""
    for statement, operator, key in conditions_of(policies()[function]):
        with_key = [each for each in evidence.questions(function) if key in each.context]
        affected = [
            question
            for question in with_key
            if any(entry[:2] == (statement, key) for entry in decide(engine, function, question).entries)
        ]
        assert affected, (statement, key)
        for question in affected:
            refused = [with_foreign_value(question, key)]
            if not operator.startswith("ForAllValues"):
                refused.append(without_key(question, key))
            assert not [each for each in refused if decide(engine, function, each).allowed], (statement, key)


def conditions_of(policy: Any) -> Iterator[tuple[str, str, str]]:
    for statement in policy["Statement"]:
        for operator, keys in statement.get("Condition", {}).items():
            yield from ((statement["Sid"], operator, key) for key in keys)


def with_foreign_value(question: Question, key: str) -> Question:
    value = question.context[key]
    foreign: str | list[str] = [*value, "ELSEWHERE"] if isinstance(value, list) else "ELSEWHERE"
    return replace(question, context={**question.context, key: foreign})


def without_key(question: Question, key: str) -> Question:
    return replace(question, context={name: value for name, value in question.context.items() if name != key})


@pytest.mark.parametrize("function", ["relay_mail", "project_signatures"])
def test_a_reader_may_read_the_stream_of_a_restored_table(engine: Engine, function: str) -> None:
    """A restored table has a new stream, and its ARN has another time (docs/runbook.md, "A whole table is gone")."""
    allowed = {}
    for table in ("SignaturesTable", "CountsTable"):
        stream = HERE.arn("dynamodb", f"table/petitions-{table}/stream/2026-11-25T20:00:00.000")
        allowed[table] = decide(engine, function, Question("dynamodb:GetRecords", stream, {})).allowed
    assert allowed == {"SignaturesTable": True, "CountsTable": False}
