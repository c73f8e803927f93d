"""The benchmark of signing still signs. It runs in a process of its own, because it replaces the environment."""

from benchmarks.worker import ask


def test_it_compares_a_signature_that_was_stored() -> None:
    assert ask("benchmarks.sign_cpu", "1")["sign_cpu_ratio"] > 1
