"""Which tests are in which suite. `make test` needs all but the slow ones."""

import gc
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Long suites: `make slow`, and CI. Paths, or the beginning of a test's id.
SLOW = (
    "tests/benchmarks/test_ballot.py",
    "tests/benchmarks/test_results.py",
    "tests/browser/test_lists.py",
    "tests/browser/test_my_signatures.py::test_bob_removes",
    "tests/browser/test_partners.py",
    "tests/browser/test_staff_pages.py",
    "tests/deployed/test_package.py",
    "tests/e2e/test_schemathesis.py",
    "tests/e2e/test_spike.py",
    "tests/flows/test_many_signatures.py",
    "tests/local/test_run.py",
    "tests/judge/test_least_privilege.py::test_a_role_reaches_no_partition",
    "tests/judge/test_least_privilege.py::test_every_condition_refuses",
    "tests/judge/test_scenes.py::test_a_role_allows_every_call_after_any_fault",
    "tests/openapi/test_hard_texts.py::test_a_hard_text_costs_little_in_any_field",
    "tests/openapi/test_hard_texts.py::test_a_hard_text_costs_little_in_any_parameter",
    "tests/stack/test_adopt.py::test_a_new_stack_adopts",
    "tests/stack/test_adopt.py::test_a_stack_that_aws",
    "tests/stack/test_aws_package.py",
    "tests/stack/test_deploy.py::test_secrets_keep_their_value",
    "tests/stack/test_protection.py::test_a_creation_that_fails",
    "tests/stack/test_protection.py::test_a_production_stage_is_protected",
    "tests/stack/test_us_east_1.py",
)

# Paths in this folder without unit tests, and those with unit tests and others, which have a mark of their own.
NOT_UNIT = (
    "benchmarks",
    "browser",
    "e2e",
    "faults",
    "flows",
    "judge",
    "openapi",
    "programs",
    "ready",
)
MIXED = ("aws", "deployed", "jobs", "local", "stack", "stores")
OTHER_MARKS = ("stack", "flows", "e2e", "browser", "faults", "slow")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import files whose tests do not run: importing Schemathesis alone takes a second."""
    tests = ROOT / "tests"
    if collection_path == tests or not collection_path.is_relative_to(tests):
        return None
    path = collection_path.relative_to(ROOT).as_posix()
    place = path.split("/")[1]
    is_slow = path in SLOW
    has_only_unit_tests = place not in (*NOT_UNIT, *MIXED)
    is_skipped = {
        "unit": place in NOT_UNIT,
        "not (unit or slow)": is_slow or has_only_unit_tests,
        "not slow": is_slow,
    }
    suite = config.option.markexpr
    return is_skipped.get(suite) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
        if _is_unit(item):
            item.add_marker(pytest.mark.unit)


def _is_unit(item: pytest.Item) -> bool:
    place = item.path.relative_to(ROOT / "tests").parts[0]
    has_other_mark = any(item.get_closest_marker(mark) for mark in OTHER_MARKS)
    if has_other_mark and place not in (*NOT_UNIT, *MIXED):
        raise pytest.UsageError(f"no suite would run {item.nodeid}: add {place!r} to MIXED in tests/suites.py")
    return place not in NOT_UNIT and not has_other_mark


def pytest_collection_finish() -> None:
    gc.freeze()
