"""The entries of policies, and those that no call uses."""

from typing import Any

from stack.judge.model import PolicyEntry
from tests.judge.policy_entries import entries, unused

READ = PolicyEntry("Read", "Action", "dynamodb:Query")
POLICIES: dict[str, dict[str, Any]] = {
    "counts": {
        "Statement": [
            {
                "Sid": "Read",
                "Action": ["dynamodb:Query", "dynamodb:GetItem"],
                "Resource": "table",
                "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["A", "B#*"]}},
            },
            {"Action": "sqs:SendMessage", "Resource": ["q1", "q2"]},
        ]
    }
}


def test_every_entry_of_a_policy_has_a_name() -> None:
    assert [entry for _, entry in entries(POLICIES)] == [
        READ,
        PolicyEntry("Read", "Action", "dynamodb:GetItem"),
        PolicyEntry("Read", "Resource", "table"),
        PolicyEntry("Read", "dynamodb:LeadingKeys", "A"),
        PolicyEntry("Read", "dynamodb:LeadingKeys", "B#*"),
        PolicyEntry("2", "Action", "sqs:SendMessage"),
        PolicyEntry("2", "Resource", "q1"),
        PolicyEntry("2", "Resource", "q2"),
    ]


def test_an_unused_entry_is_found_by_function_and_statement() -> None:
    used = [(function, entry) for function, entry in entries(POLICIES) if entry.value not in ("B#*", "q2")]
    assert unused(POLICIES, used) == [
        ("counts", PolicyEntry("Read", "dynamodb:LeadingKeys", "B#*")),
        ("counts", PolicyEntry("2", "Resource", "q2")),
    ]
    used_by_another = [("another", entry) for _, entry in used]
    assert unused(POLICIES, used_by_another) == list(entries(POLICIES))
