"""Is this AWS account ready for a crowd that signs? Exit code 0: ready, 1: not ready, 2: not sure.

"Not sure": nothing is too low or broken, but a limit could not be read. `make` ends with 2 after every failure, and
`python -m stack.ready` with these codes.
"""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from botocore.config import Config

from chalicelib.aws.table import Tables
from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import COUNTS
from chalicelib.health.words import Readiness, store_readiness
from stack import changeset
from stack.aws import Cloud, endpoint_in_environment, one_line_errors
from stack.console import Failure, bold, dim, run_main, say
from stack.deploy import stack_name
from stack.ready.account import CheckedStack, Values, find_defects, read_values
from stack.ready.needs import Expected, Need, duration, needs, reservations

READY, NOT_READY, UNKNOWN = 0, 1, 2
_ANSWERS = ("READY", "NOT READY", "COULD NOT READ ENOUGH")
# Short, so that no call delays the report for long.
_TIMEOUTS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400}
_ASK = "Ask your engineer to run “make ready”."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report, store its result for staff, and return the exit code."""
    parser = ArgumentParser("make ready", description=__doc__)
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--expect", type=rate, default="1000/s", help="signatures a second: 1000/s")
    parser.add_argument("--for", type=seconds, default="1h", dest="seconds", help="for how long: 1h")
    options = parser.parse_args(arguments)
    now, cloud = datetime.now(UTC), Cloud(endpoint_in_environment(), None, _TIMEOUTS)
    stack = _stack(stack_name(options.stage), cloud)
    crowd, values = Expected(options.expect, options.seconds), read_values(stack, cloud.client)
    needed, defects = needs(crowd, values, stack, options.stage), [*find_defects(values)]
    for line in report(crowd, needed, defects, values, stack):
        say(line)
    is_ready, text = exit_code(needed, defects) != NOT_READY, staff_sentence(crowd, needed, defects)
    try:
        tables = Tables(cloud.client("dynamodb"), {COUNTS: stack.outputs["CountsTableName"]})
        store_readiness(Readiness(is_ready, text, now.replace(microsecond=0)), tables)
    except Unavailable:  # Perhaps the operator's role allows only reading.
        say(dim("Not shown to staff: the result could not be stored in the counts table."))
    return exit_code(needed, defects)


def _stack(name: str, cloud: Cloud) -> CheckedStack:
    with one_line_errors():
        described = changeset.describe(cloud, name)
    if described is None:
        raise Failure(f"there is no stack {name}: deploy it first")
    return CheckedStack(name, changeset.outputs(described), changeset.parameters(described))


def exit_code(needed: Sequence[Need], defects: Sequence[str]) -> int:
    if defects or any(need.is_too_low for need in needed):
        return NOT_READY
    return UNKNOWN if any(need.now is None for need in needed) else READY


def report(
    crowd: Expected, needed: Sequence[Need], defects: Sequence[str], values: Values, stack: CheckedStack
) -> Iterator[str]:
    answer = _ANSWERS[exit_code(needed, defects)]
    yield bold(f"{answer} for {crowd.rate:,g} a second for {duration(crowd.seconds)} ({crowd.total:,.0f} signatures)")
    limits = [
        f"{need.what:<38}{'not read' if need.now is None else f'{need.now:,.10g}':>12}{need.needed:>12,.10g}"
        for need in needed
    ]
    raising = [f"{need.what}. It takes {need.takes}:\n    {need.how}" for need in needed if need.is_too_low]
    for title, lines in (
        ("Limits: now, needed (docs/capacity.md)", limits),
        ("Raise, in this order", raising),
        ("Reserve two hours before (free; other functions then have fewer executions)", [*reservations(crowd, stack)]),
        ("Repair", defects),
        ("Not read", [f"{name}: {problem}" for name, problem in values.problems.items()]),
    ):
        if lines:
            yield bold(title)
        yield from (f"  {line}" for line in lines)


def staff_sentence(crowd: Expected, needed: Sequence[Need], defects: Sequence[str]) -> str:
    """Return the result for the staff health page, without technical terms of AWS."""
    size = f"{crowd.rate:,g} signatures a second for {duration(crowd.seconds)}"
    harms = ", and ".join(dict.fromkeys(need.harm for need in needed if need.is_too_low))
    if harms:
        return f"The site is not ready for {size}: {harms}. No signature would be lost. {_ASK}"
    if defects:
        return f"The site has the capacity for {size}, but something is broken. {_ASK}"
    if exit_code(needed, defects) == UNKNOWN:
        return f"The site is probably ready for {size}. Not everything could be checked."
    return f"The site is ready for {size}."


def rate(text: str) -> float:
    """Return the signatures a second that a text such as 1000/s or 60000/min means. Without a unit, /s is meant."""
    number, _, unit = text.partition("/")
    return seconds(f"{number}s") / seconds(f"1{unit or 's'}")


def seconds(text: str) -> float:
    """Return the seconds that a text such as 90s, 30min, 1h or 2d means."""
    found = re.fullmatch(r"([1-9][\d,.]*)(s|min|m|h|d)", text)
    if not found:
        raise ArgumentTypeError("use a rate such as 1000/s, and a time such as 1h or 30min")
    return float(found[1].replace(",", "")) * _SECONDS[found[2]]


if __name__ == "__main__":
    run_main(lambda: sys.exit(main()))
