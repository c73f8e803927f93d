"""Several processes note the entries of policies that calls use. A report lists the unused entries."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from stack.referee.ledger import Ledger, entries, read, report, unused
from stack.referee.model import PolicyEntry

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


def test_the_notes_of_several_ledgers_are_read_together(tmp_path: Path) -> None:
    ledgers = [Ledger(tmp_path) for _ in range(3)]

    def note(number: int) -> None:
        ledger = ledgers[number % 3]
        ledger.note(f"f{number % 2}", [READ])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(60)))
    assert read(tmp_path) == {("f0", READ), ("f1", READ)}
    lines = [line for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    assert len(lines) == 6


def test_nothing_is_noted_before_the_first_call(tmp_path: Path) -> None:
    Ledger(tmp_path / "none").note("f", [])
    assert read(tmp_path / "none") == set()


def test_an_unused_entry_is_reported_by_function_and_statement(tmp_path: Path) -> None:
    used = [(function, entry) for function, entry in entries(POLICIES) if entry.value not in ("B#*", "q2")]
    assert unused(POLICIES, used) == [
        ("counts", PolicyEntry("Read", "dynamodb:LeadingKeys", "B#*")),
        ("counts", PolicyEntry("2", "Resource", "q2")),
    ]
    assert next(report(POLICIES, tmp_path)) == "counts: Read: Action dynamodb:Query"
    used_by_another = [("another", entry) for _, entry in used]
    assert unused(POLICIES, used_by_another) == list(entries(POLICIES))
