"""`make warm` asks for no more warm throughput than AWS grants the account, and says what the crowd lacks."""

from typing import Any

import pytest

from stack.ready.forecast import Expected
from stack.ready.increases import needed_table_units
from stack.ready.reading import Values
from stack.ready.stage import StackDescription
from stack.template import functions
from stack.warm.plan import CapacityKind, plan
from tests.ready.accounts import DEFAULT, OUTPUTS, PARAMETERS, STACK, answers, values

FUNCTIONS = {f"{name}Name": f"prod-{name}" for name in map(functions.logical_id, functions.RESERVED)}
STAGE = StackDescription(STACK, {**OUTPUTS, **FUNCTIONS}, PARAMETERS)
LARGE_CROWD = Expected(3_000, 3_600)
NEEDED = needed_table_units(LARGE_CROWD)
QUOTA = answers(DEFAULT)["describe_limits"]["TableMaxWriteCapacityUnits"]
TABLE_AT_ITS_QUOTA: dict[str, Any] = {"describe_table": {"Table": {"WarmThroughput": {"WriteUnitsPerSecond": QUOTA}}}}
HIGH_QUOTA: dict[str, Any] = {"describe_limits": {"TableMaxWriteCapacityUnits": 100_000}}


def plan_for(found: Values) -> tuple[list[int], list[str]]:
    """Return the planned write units, and the reasons that name the quota."""
    changes, reasons = plan(found, STAGE, LARGE_CROWD)
    units = [change.after for change in changes if change.kind is CapacityKind.WARM]
    return units, [reason for reason in reasons if "quota" in reason]


def test_write_units_go_up_to_the_quota_and_the_reason_says_what_is_missing() -> None:
    assert NEEDED > QUOTA
    units, [reason] = plan_for(values(DEFAULT))
    assert units == [QUOTA]
    assert reason.startswith(f"warm throughput above {QUOTA:,}")
    assert f"the crowd needs {NEEDED:,}" in reason


def test_a_table_at_its_quota_is_not_changed() -> None:
    units, reasons = plan_for(values(DEFAULT, TABLE_AT_ITS_QUOTA))
    assert (units, len(reasons)) == ([], 1)


@pytest.mark.parametrize("found", [values(DEFAULT, HIGH_QUOTA), values(DEFAULT, denied=["describe_limits"])])
def test_a_quota_that_is_high_enough_or_unknown_limits_nothing(found: Values) -> None:
    assert plan_for(found) == ([NEEDED], [])


def test_without_reservations_to_make_nothing_is_said_about_unreserved_executions() -> None:
    denied = ["get_function_concurrency", "get_account_settings"]
    _, reasons = plan(values(DEFAULT, denied=denied), STAGE, LARGE_CROWD)
    assert not [reason for reason in reasons if "unreserved" in reason]
