"""No role reaches further than its function does."""

import pytest

from stack.referee.engine import Engine
from stack.referee.model import Question
from stack.referee.policies import declared
from tests.referee.deciding import decision
from tests.referee.evidence import Evidence

pytestmark = pytest.mark.xdist_group("referee")


def partitions(question: Question) -> set[tuple[str, str]]:
    """Table and kind of partition: `TALLY` of `TALLY#a#001`. A signature's partition begins with its petition."""
    return {(question.resource, key.partition("#")[0]) for key in question.context.get("dynamodb:LeadingKeys", ())}


@pytest.mark.parametrize("function", declared())
def test_a_role_reaches_no_partition_that_its_function_never_names(
    evidence: Evidence, engine: Engine, function: str
) -> None:
    own = {each for question in evidence.questions(function) for each in partitions(question)}
    others = [each for name in declared() for each in evidence.questions(name) if partitions(each) - own]
    assert len({each for question in others for each in partitions(question)} - own) > 3
    assert not [each for each in others if decision(engine, function, each).allowed]


@pytest.mark.parametrize("function", declared())
def test_a_role_allows_no_scan(engine: Engine, evidence: Evidence, function: str) -> None:
    """A scan has no leading keys, and ForAllValues holds without any."""
    tables = {each.resource for name in declared() for each in evidence.questions(name) if partitions(each)}
    assert len(tables) == 3
    for table in tables:
        assert not decision(engine, function, Question("dynamodb:Scan", table, {})).allowed
