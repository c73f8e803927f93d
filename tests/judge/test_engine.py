"""What the engine says of a decision, and the child process that decides."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stack.judge.engine import Engine, EngineError
from stack.judge.model import Decision, PolicyEntry, Question

TABLE = "arn:aws:dynamodb:eu-west-2:123456789012:table/counts"
ROLE = "arn:aws:sts::123456789012:assumed-role/role/session"
LEADING = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["PETITIONS", "TALLY#*"]}}


def policy(condition: Any = None, action: Any = "dynamodb:Query", effect: str = "Allow") -> dict[str, Any]:
    statement = {"Sid": "Read", "Effect": effect, "Action": action, "Resource": TABLE}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def query(**context: str | list[str]) -> Question:
    return Question("dynamodb:Query", TABLE, {f"dynamodb:{name}": value for name, value in context.items()})


def decide(engine: Engine, question: Question, *policies: dict[str, Any]) -> Decision:
    return engine.decide(policies, question, ROLE)


def test_a_decision_names_the_entries_that_allowed_the_call(engine: Engine) -> None:
    found = decide(engine, query(LeadingKeys=["TALLY#a"]), policy(LEADING, ["dynamodb:Query", "dynamodb:GetItem"]))
    assert found.entries == {
        PolicyEntry("Read", "Action", "dynamodb:Query"),
        PolicyEntry("Read", "Resource", TABLE),
        PolicyEntry("Read", "dynamodb:LeadingKeys", "TALLY#*"),
    }


def test_a_question_that_cannot_be_evaluated_is_an_error(engine: Engine) -> None:
    with pytest.raises(EngineError, match="invalid"):
        decide(engine, Question("dynamodb:Nothing", TABLE, {}), policy())
    with pytest.raises(EngineError, match=r"(?i)error"):
        decide(engine, query(), {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]})
    assert decide(engine, query(), policy()).allowed


def test_threads_share_one_engine(engine: Engine) -> None:
    def is_allowed(number: int) -> bool:
        is_odd = number % 2 == 1
        key = f"TALLY#{number}" if is_odd else "MAIL"
        return decide(engine, query(LeadingKeys=[key]), policy(LEADING)).allowed

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(is_allowed, range(64)))
    assert found == [False, True] * 32


def test_a_child_that_died_is_started_again_with_its_policies() -> None:
    with Engine() as engine:
        assert decide(engine, query(), policy()).allowed
        assert engine._child is not None
        os.kill(engine._child.pid, signal.SIGKILL)
        engine._child.wait()
        assert decide(engine, query(Select="COUNT"), policy()).allowed


def test_the_error_of_an_engine_that_is_not_installed_names_the_command_that_installs_it(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine, pytest.raises(EngineError, match="make test"):
        decide(engine, query(), policy())
