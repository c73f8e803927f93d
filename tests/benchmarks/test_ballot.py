"""What holding and proofs of work do to an attacker and to genuine signers: a table in docs/security.md."""

from stack.paths import ROOT
from tests.benchmarks.ballot import ATTACKS, simulate_ballot, table


def test_most_of_the_attack_is_held_and_nearly_nobody_else() -> None:
    found = simulate_ballot(ATTACKS["no proofs"])
    held = {kind: each[True] / each.total() for kind, each in found.items()}
    assert held.pop("the attacker") > 0.7
    assert max(held.values()) < 0.005


def test_the_documented_table_is_what_the_code_does() -> None:
    """`python -m tests.benchmarks.ballot` prints it."""
    assert table() in (ROOT / "docs/security.md").read_text(encoding="utf-8")
