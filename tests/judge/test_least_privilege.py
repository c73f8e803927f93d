"""No role allows calls that its function never makes."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from stack.judge.model import Question
from stack.judge.resolve import HERE
from stack.template.rights import declared_policies
from tests.judge.deciding import decide, policies
from tests.judge.evidence import Evidence
from tests.judge.shapes import kind_of_partition


def partitions(question: Question) -> set[tuple[str, str]]:
    """Return table and kind of each partition. The kind of a signature's partition is its petition."""
    keys = question.context.get("dynamodb:LeadingKeys", ())
    return {(question.resource, kind_of_partition(key)) for key in keys}


def all_partitions(questions: Iterable[Question]) -> set[tuple[str, str]]:
    return {partition for question in questions for partition in partitions(question)}


def all_questions(evidence: Evidence) -> Iterator[Question]:
    for function in declared_policies():
        yield from evidence.questions(function)


@pytest.mark.parametrize("function", declared_policies())
def test_a_role_reaches_no_partition_that_its_function_never_names(evidence: Evidence, function: str) -> None:
    own = all_partitions(evidence.questions(function))
    others = foreign_questions(evidence, own)
    foreign = all_partitions(others) - own
    assert len(foreign) > 3
    assert [question for question in others if decide(function, question).allowed] == []


def foreign_questions(evidence: Evidence, own: set[tuple[str, str]]) -> Iterable[Question]:
    """Return one question for each action, set of partitions that are not all `own`, and further context."""
    found = {}
    for question in all_questions(evidence):
        reached = partitions(question)
        if not reached <= own:
            kind = (question.action, *sorted(reached), *other_context(question))
            found[kind] = question
    return found.values()


def other_context(question: Question) -> list[str]:
    """Return the context without the leading keys: attributes, for example."""
    return sorted(f"{name}: {value}" for name, value in question.context.items() if name != "dynamodb:LeadingKeys")


@pytest.mark.parametrize("function", declared_policies())
def test_every_condition_refuses_another_value_and_a_missing_value(evidence: Evidence, function: str) -> None:
    """ForAllValues holds if the key has no value, so such a condition is tested with a foreign value only."""
    for statement, operator, key in conditions_of(policies()[function]):
        with_key = [each for each in evidence.questions(function) if key in each.context]
        affected = [each for each in with_key if (statement, key) in used_kinds(function, each)]
        assert affected, (statement, key)
        for question in affected:
            changed = [with_foreign_value(question, key)]
            if not operator.startswith("ForAllValues"):
                changed.append(without_key(question, key))
            for each in changed:
                assert not decide(function, each).allowed, (statement, key)


def used_kinds(function: str, question: Question) -> set[tuple[str, str]]:
    """Return statement and kind of each policy entry that allows the question. A condition key is such a kind."""
    return {(entry.statement, entry.kind) for entry in decide(function, question).entries}


def conditions_of(policy: Any) -> Iterator[tuple[str, str, str]]:
    for number, statement in enumerate(policy["Statement"], 1):
        for operator, keys in statement.get("Condition", {}).items():
            yield from ((str(number), operator, key) for key in keys)


def with_foreign_value(question: Question, key: str) -> Question:
    value = question.context[key]
    foreign: str | list[str] = [*value, "ELSEWHERE"] if isinstance(value, list) else "ELSEWHERE"
    return replace(question, context={**question.context, key: foreign})


def without_key(question: Question, key: str) -> Question:
    other_keys = {name: value for name, value in question.context.items() if name != key}
    return replace(question, context=other_keys)


@pytest.mark.parametrize("function", ["relay_mail", "project_signatures"])
def test_a_reader_may_read_the_stream_of_a_restored_table(function: str) -> None:
    """A restored table has a new stream, and its ARN has another time (docs/runbook.md, "A whole table is gone")."""
    allowed = {}
    for table in ("SignaturesTable", "CountsTable"):
        stream = HERE.arn("dynamodb", f"table/petitions-{table}/stream/2026-11-25T20:00:00.000")
        allowed[table] = decide(function, Question("dynamodb:GetRecords", stream, {})).allowed
    assert allowed == {"SignaturesTable": True, "CountsTable": False}
