"""Make the table that compares ours and theirs. A row's goal is met if ours is enough better than theirs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stack.console import bold

Measured = Mapping[str, Any]
# Our goal for requests a second, as a multiple of theirs.
GOAL_FACTOR = 2


@dataclass(frozen=True)
class Row:
    """One comparison. `ours` and `theirs` have the row's unit."""

    name: str
    goal: str
    ours: float
    theirs: float
    is_met: bool


def rows(measured: Measured) -> list[Row]:
    """Return the rows. The goal for an error is met if ours is 0 and theirs is not."""
    return [
        _less_row("AWS calls per signature", measured["aws_calls"]),
        _less_row("write units per signature", measured["write_units"]),
        _less_row("CPU of the handler, ms", measured["handler_cpu_ms"]),
        _faster_row("requests/s, while workers run", measured["requests_per_second"]),
        _faster_row("requests/s, while workers are paused", measured["requests_per_second_workers_apart"]),
        _error_row("counted wrong, 32 threads at once", measured["count_error_race"]),
        _error_row("counted wrong, retries after time-outs", measured["count_error_retries"]),
        _error_row("mails lost when SES refuses", measured["mails_lost"]),
    ]


def lines(measured: Measured) -> Iterator[str]:
    """Return lines to print."""
    yield bold(_line("against a tutorial's application", "goal", "ours", "theirs", ""))
    for row in rows(measured):
        result = "met" if row.is_met else "MISSED"
        yield _line(row.name, row.goal, f"{row.ours:g}", f"{row.theirs:g}", result)


def _less_row(name: str, pair: Mapping[str, float]) -> Row:
    ours, theirs = pair["ours"], pair["theirs"]
    return Row(name, "less", ours, theirs, is_met=ours < theirs)


def _faster_row(name: str, pair: Mapping[str, float]) -> Row:
    ours, theirs = pair["ours"], pair["theirs"]
    return Row(name, f"≥ {GOAL_FACTOR} ×", ours, theirs, is_met=ours >= GOAL_FACTOR * theirs)


def _error_row(name: str, pair: Mapping[str, float]) -> Row:
    ours, theirs = pair["ours"], pair["theirs"]
    return Row(name, "0, theirs not", ours, theirs, is_met=ours == 0 and theirs != 0)


def _line(name: str, goal: str, ours: str, theirs: str, result: str) -> str:
    return f"{name:<44}{goal:<18}{ours:<9}{theirs:<9}{result}".rstrip()
