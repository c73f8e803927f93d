"""The policies allow the calls of every scene, and every entry of a policy is needed by a call."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from stack.judge.engine import Engine
from stack.judge.model import PolicyEntry, Question
from stack.template.policies import declared_policies
from tests.fake_site import FakeSite
from tests.faults.test_every_handler import SCENES
from tests.judge.deciding import decide, policies
from tests.judge.evidence import Evidence, gather
from tests.judge.policy_entries import entries, unused
from tests.judge.replay import Replay

# Entries that AWS may need or not: no source says (docs/aws-facts.md). SES may ask for SendRawEmail for an email with
# headers of its own. If a real email arrives without these entries, take them out.
_RAW = PolicyEntry("SendEmailSendRawEmailSesIdentity", "Action", "ses:SendRawEmail")
UNPROVEN = [("send_mail", _RAW), ("send_other_mail", _RAW)]
# One process gathers the evidence for all tests.
pytestmark = pytest.mark.xdist_group("judge")


@pytest.mark.parametrize("function", declared_policies())
def test_a_role_allows_every_call_of_its_function(evidence: Evidence, engine: Engine, function: str) -> None:
    assert refused_questions(evidence, engine, function) == []


@pytest.mark.faults
def test_a_role_allows_every_call_after_any_fault(
    fake_site: FakeSite, surroundings: None, tmp_path: Path, engine: Engine
) -> None:
    found = gather(fake_site, tmp_path, every_fault=True)
    for function in declared_policies():
        assert refused_questions(found, engine, function) == []


def refused_questions(evidence: Evidence, engine: Engine, function: str) -> list[str]:
    return [
        f"{function}, {site}: {question}"
        for question, site in evidence.by_function[function].values()
        if not decide(engine, function, question).allowed
    ]


@pytest.mark.parametrize("function", declared_policies())
def test_every_entry_of_a_policy_is_used(evidence: Evidence, engine: Engine, function: str) -> None:
    used = set()
    for question in evidence.questions(function):
        used |= {(function, entry) for entry in decide(engine, function, question).entries}
    assert unused({function: policies()[function]}, used) == [each for each in UNPROVEN if each[0] == function]


def test_a_call_that_cannot_be_replayed_fails_although_its_handler_catches_all(
    fake_site: FakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("deliveries")

    sweeps = [scene for scene in SCENES if scene.handler == "check_mail"]
    monkeypatch.setattr("tests.judge.evidence.SCENES", sweeps)
    monkeypatch.setattr("tests.judge.evidence._play_more", lambda _: None)
    monkeypatch.setattr(Replay, "play", fail)
    with pytest.raises(KeyError, match="deliveries"):
        gather(fake_site, tmp_path)


@pytest.mark.parametrize("function", declared_policies())
def test_removing_any_entry_of_a_policy_refuses_a_call(evidence: Evidence, engine: Engine, function: str) -> None:
    decided = [(question, decide(engine, function, question)) for question in evidence.questions(function)]
    for named in entries({function: policies()[function]}):
        if named in UNPROVEN:
            continue
        _, entry = named
        less = without_entry(policies()[function], entry)
        needing = [question for question, answer in decided if entry in answer.entries]
        assert is_any_refused(engine, function, needing, less), entry


@pytest.mark.parametrize("function", declared_policies())
def test_removing_any_statement_of_a_policy_refuses_a_call(evidence: Evidence, engine: Engine, function: str) -> None:
    for statement in policies()[function]["Statement"]:
        less = without_statement(policies()[function], statement)
        assert is_any_refused(engine, function, evidence.questions(function), less), statement["Sid"]


def is_any_refused(engine: Engine, function: str, questions: Iterable[Question], policy: Any) -> bool:
    return any(not decide(engine, function, question, policy).allowed for question in questions)


NOTHING = {"Sid": "Nothing", "Effect": "Deny", "Action": "sts:GetCallerIdentity", "Resource": "*"}


def without_statement(policy: Any, statement: Any) -> Any:
    """Return the policy without the statement. A policy must have a statement, so NOTHING replaces the last one."""
    left = [each for each in policy["Statement"] if each is not statement]
    return {**policy, "Statement": left or [NOTHING]}


def without_entry(policy: Any, entry: PolicyEntry) -> Any:
    """Return the policy without the entry; without its statement, if the statement has no other entry of this kind."""
    less = copy.deepcopy(policy)
    [statement] = [each for each in less["Statement"] if each["Sid"] == entry.statement]
    is_condition = entry.kind not in ("Action", "Resource")
    holders = statement["Condition"].values() if is_condition else [statement]
    for holder in holders:
        if entry.kind not in holder:
            continue
        values = holder[entry.kind]
        left = []
        if isinstance(values, list):
            left = [each for each in values if each != entry.value]
        if left:
            holder[entry.kind] = left
        else:
            less = without_statement(less, statement)
    return less


def test_an_entry_is_removed_alone_or_with_its_statement() -> None:
    statement = {
        "Sid": "S",
        "Effect": "Allow",
        "Action": ["a:B", "a:C"],
        "Resource": "r",
        "Condition": {"Op": {"k": ["1", "2"]}},
    }
    policy = {"Statement": [statement, {"Sid": "T", "Action": "a:D", "Resource": "r"}]}
    without_action = without_entry(policy, PolicyEntry("S", "Action", "a:B"))
    assert without_action["Statement"][0]["Action"] == ["a:C"]
    without_value = without_entry(policy, PolicyEntry("S", "k", "2"))
    assert without_value["Statement"][0]["Condition"] == {"Op": {"k": ["1"]}}
    only_resource = PolicyEntry("S", "Resource", "r")
    assert _sids(without_entry(policy, only_resource)) == ["T"]
    assert _sids(without_entry({"Statement": [statement]}, only_resource)) == ["Nothing"]


def _sids(policy: Any) -> list[str]:
    return [each["Sid"] for each in policy["Statement"]]
