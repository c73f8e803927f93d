"""The child process that decides is shared, and says what it cannot decide."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stack.judge.engine import EngineError, decide
from stack.judge.model import Question

TABLE = "arn:aws:dynamodb:eu-west-2:123456789012:table/counts"
ROLE = "arn:aws:sts::123456789012:assumed-role/role/session"
LEADING = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["PETITIONS", "TALLY#*"]}}
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["dynamodb:Query", "dynamodb:GetItem"],
            "Resource": TABLE,
            "Condition": LEADING,
        }
    ],
}


def query(key: str) -> Question:
    return Question("dynamodb:Query", TABLE, {"dynamodb:LeadingKeys": [key]})


def test_a_question_that_cannot_be_evaluated_is_an_error() -> None:
    with pytest.raises(EngineError, match="invalid"):
        decide([POLICY], Question("dynamodb:Nothing", TABLE, {}), ROLE)
    with pytest.raises(EngineError, match=r"(?i)error"):
        decide([{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}], query("MAIL"), ROLE)
    assert decide([POLICY], query("TALLY#b"), ROLE).allowed


def test_threads_share_one_engine() -> None:
    keys = [f"TALLY#{number}" if number % 2 else f"MAIL#{number}" for number in range(64)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda key: decide([POLICY], query(key), ROLE).allowed, keys))
    assert found == [False, True] * 32
