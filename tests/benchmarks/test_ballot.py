"""What holding, proofs of work and removals do to an attacker and to genuine signers: a table in docs/security.md."""

from stack.paths import ROOT
from tests.benchmarks.ballot import ATTACKS, is_held, removal, shares, simulate_ballot, table


def test_most_of_the_attack_is_held_and_nearly_nobody_else() -> None:
    held = shares(simulate_ballot(ATTACKS["no proofs"]), is_held)
    assert held.pop("the attacker") > 0.7
    assert max(held.values()) < 0.005


def test_what_staff_see_is_enough_to_remove_the_attack_and_nobody_else() -> None:
    for attack in ("with proofs", "with proofs, at Gmail"):
        cast = simulate_ballot(ATTACKS[attack])
        removed = shares(cast, removal(cast))
        assert removed.pop("the attacker") == 1
        assert max(removed.values()) == 0


def test_the_documented_table_is_what_the_code_does() -> None:
    """`python -m tests.benchmarks.ballot` prints it."""
    assert table() in (ROOT / "docs/security.md").read_text(encoding="utf-8")
