"""What holding and proofs of work do to an attacker and to genuine signers: a table in docs/security.md."""

from collections import Counter
from functools import cache

from stack.paths import ROOT
from tests.benchmarks.ballot import ATTACKS, simulate_ballot, table


@cache
def shares(attack: str) -> dict[str, float]:
    found: dict[str, Counter[bool]] = simulate_ballot(ATTACKS[attack])
    return {kind: held[True] / held.total() for kind, held in found.items()}


def test_most_of_the_attack_is_held_and_nearly_nobody_else() -> None:
    held = shares("no proofs")
    assert held.pop("the attacker") > 0.7
    assert max(held.values()) < 0.005


def test_without_proofs_a_carriers_customers_would_be_held_too() -> None:
    carrier = "a mobile carrier’s NAT"
    assert shares("if nobody could send proofs")[carrier] > 10 * shares("no proofs")[carrier]


def test_the_documented_table_is_what_the_code_does() -> None:
    """`python -m tests.benchmarks.ballot` prints it."""
    assert table() in (ROOT / "docs/security.md").read_text(encoding="utf-8")
