"""The benchmark of signing still works. It runs in a process of its own, because it replaces the environment."""

from benchmarks.worker import measure_in_process


def test_the_benchmark_measures_a_signature_that_was_stored() -> None:
    assert measure_in_process("benchmarks.sign_cpu", "1")["sign_cpu_ratio"] > 1
