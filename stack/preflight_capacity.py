"""Check the parameters of reserved concurrency and of warm throughput before a deployment.

"Reserved" means reserved concurrency: a number of executions that only one function can use. This function cannot run
more executions at once than this number. "Warm throughput" is what a table can take at once, in units a second.
"""

from collections.abc import Mapping
from typing import Any

from stack.aws import Cloud
from stack.console import Failure
from stack.template import functions

RESERVED_PARAMETERS = tuple(parameter for parameter, _ in functions.RESERVED.values())
# By parameter: the field of WarmThroughput, and the units a second that a new on-demand table takes without warming.
_WARM_PARAMETERS = {"WarmWrites": ("WriteUnitsPerSecond", 4_000), "WarmReads": ("ReadUnitsPerSecond", 12_000)}


def whole_number(planned: Mapping[str, str], name: str) -> int:
    """Return the number that a parameter will have. Raise Failure if its value is not a whole number."""
    if not planned[name].isdecimal():
        raise Failure(f"{name} must be a whole number, not {planned[name]}")
    return int(planned[name])


def check_reservations(
    cloud: Cloud, planned: Mapping[str, str], previous: Mapping[str, str], template: dict[str, Any]
) -> None:
    """Check that the reservations of the senders and of the overflow worker are large enough, or 0 (none).

    A worker needs as many executions as its event source starts at once. Check also that Lambda grants all
    reservations.
    """
    overflow_source = template["Resources"]["StoreOverflow"]["Properties"]["Events"]["StoreOverflowSqsEventSource"]
    overflow_workers = overflow_source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    minimums = {"ReservedSenders": whole_number(planned, "MailSenders"), "ReservedOverflow": overflow_workers}
    for name, minimum in minimums.items():
        if 0 < whole_number(planned, name) < minimum:
            raise Failure(f"{name} must be 0 or at least {minimum}, the number that its event source starts")
    reserved = {name: whole_number(planned, name) for name in RESERVED_PARAMETERS}
    if any(reserved.values()):
        before = {name: int(previous.get(name, 0)) for name in RESERVED_PARAMETERS}
        _check_sum(cloud, reserved, before)


def _check_sum(cloud: Cloud, reserved: Mapping[str, int], before: Mapping[str, int]) -> None:
    """Check that Lambda grants the reservations, in any order. `before`: the reservations that they replace.

    CloudFormation updates functions in no fixed order, and Lambda checks each reservation when it is made. So
    Lambda may check a raised reservation before another one is lowered.
    """
    limit = cloud.client("lambda").get_account_settings()["AccountLimit"]
    available = limit["UnreservedConcurrentExecutions"] + sum(before.values())
    total = sum(reserved.values())
    if available - total < functions.MIN_UNRESERVED:
        raise Failure(
            f"{total} reserved executions would leave {available - total} of {available}, and Lambda keeps"
            f" {functions.MIN_UNRESERVED}"
        )
    most_at_once = sum(max(reserved[name], before[name]) for name in reserved)
    if available - most_at_once < functions.MIN_UNRESERVED:
        lowered = [name for name in reserved if reserved[name] < before[name]]
        raise Failure(
            f"while the functions change, {most_at_once} executions may be reserved of {available}, and Lambda keeps"
            f" {functions.MIN_UNRESERVED}: lower {' and '.join(lowered)} first, in a deployment of its own"
        )


def check_warm_throughput(
    planned: Mapping[str, str], previous: Mapping[str, str], table: Mapping[str, Any] | None
) -> None:
    """Check that DynamoDB accepts the warm throughput: it raises a table's values by itself, and never lowers them.

    `table`: DynamoDB's description of the signatures table; None if there is no table yet, or on the emulator.
    """
    wanted = {name: whole_number(planned, name) for name in _WARM_PARAMETERS}
    for name, (_, of_new_table) in _WARM_PARAMETERS.items():
        if 0 < wanted[name] < of_new_table:
            raise Failure(f"{name} must be 0 or at least {of_new_table}, which a new table takes without warming")
    is_changed = any(planned[name] != previous.get(name) for name in wanted)
    # Without a table, there is nothing to lower. If WarmWrites is 0, the template does not set WarmReads either
    # (template/tables.py). If both are unchanged, CloudFormation lowers nothing.
    if table is None or not wanted["WarmWrites"] or not is_changed:
        return
    current = table.get("WarmThroughput", {})
    for name, (field, _) in _WARM_PARAMETERS.items():
        if 0 < wanted[name] < current.get(field, 0):
            raise Failure(
                f"the table takes {current[field]} already, and AWS never lowers it: {name} must be 0 or at least"
                f" {current[field]}"
            )
