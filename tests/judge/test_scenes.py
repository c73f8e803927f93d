"""The policies allow the calls of every scene, and every entry of a policy is needed by a call."""

import copy
from pathlib import Path
from typing import Any

import pytest

from stack.judge.model import PolicyEntry
from stack.template.rights import declared_policies
from tests.fake_site import FakeSite
from tests.judge.deciding import decide, entries_of, policies
from tests.judge.evidence import Evidence, gather

# An action that AWS may need or not: no source says (docs/aws-facts.md). SES may ask for it for an email with own
# headers. If a real email arrives without it, take it out.
UNPROVEN = "ses:SendRawEmail"
# One process gathers the evidence for all tests.
pytestmark = pytest.mark.xdist_group("judge")


@pytest.mark.parametrize("function", declared_policies())
def test_a_role_allows_every_call_of_its_function(evidence: Evidence, function: str) -> None:
    assert refused_questions(evidence, function) == []


@pytest.mark.faults
def test_a_role_allows_every_call_after_any_fault(fake_site: FakeSite, surroundings: None, tmp_path: Path) -> None:
    found = gather(fake_site, tmp_path, every_fault=True)
    for function in declared_policies():
        assert refused_questions(found, function) == []


def refused_questions(evidence: Evidence, function: str) -> list[str]:
    return [
        f"{function}, {site}: {question}"
        for question, site in evidence.by_function[function].values()
        if not decide(function, question).allowed
    ]


@pytest.mark.parametrize("function", declared_policies())
def test_removing_any_entry_of_a_policy_refuses_a_call(evidence: Evidence, function: str) -> None:
    decided = [(question, decide(function, question)) for question in evidence.questions(function)]
    for number, statement in enumerate(policies()[function]["Statement"], 1):
        for entry in entries_of(statement, number):
            less = without_entry(policies()[function], entry)
            needing = [question for question, answer in decided if entry in answer.entries]
            is_any_refused = any(not decide(function, question, less).allowed for question in needing)
            assert is_any_refused or entry.value == UNPROVEN, entry


def without_entry(policy: Any, entry: PolicyEntry) -> Any:
    """Return the policy without the entry; without its statement, if the statement has no other entry of this kind."""
    less = copy.deepcopy(policy)
    statement = less["Statement"][int(entry.statement) - 1]
    holders = (statement, *statement.get("Condition", {}).values())
    [values] = [holder[entry.kind] for holder in holders if entry.kind in holder]
    values.remove(entry.value)
    if not values:
        less["Statement"].remove(statement)
    return less
