"""The report of `make ready` on one screen: the answer, which limits to raise, what is broken, and what was read."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from stack.console import bold, dim
from stack.ready.forecast import DAY, HOUR, MINUTE, Forecast
from stack.ready.increases import Increase
from stack.ready.reading import Value, Values

READY, NOT_READY, UNKNOWN = 0, 1, 2
# If one operation of AWS returned more values than this, the report has one text for all values that are 0.
_MANY_VALUES = 6


def exit_code(forecast: Forecast) -> int:
    """Return READY or NOT_READY. Return UNKNOWN if the account seems ready, but a limit could not be read."""
    if not forecast.is_ready:
        return NOT_READY
    return UNKNOWN if forecast.assumed else READY


def report_lines(forecast: Forecast, increases: Sequence[Increase], values: Values) -> Iterator[str]:
    yield from _answer_lines(forecast)
    # The needs have margins, such as 10 % more emails. So a limit can be below its need although the forecast is good.
    # Then nothing has to be raised.
    if not forecast.has_capacity:
        yield from _increase_lines(increases)
    yield from _defect_lines(forecast)
    yield from _read_lines(values)
    yield from _unread_lines(values, forecast)


def staff_sentence(forecast: Forecast) -> str:
    """Return the result for the staff health page, without technical terms of AWS."""
    crowd = f"{forecast.expected.rate:,g} signatures a second for {duration(forecast.expected.seconds)}"
    if forecast.is_ready and forecast.assumed:
        return f"The site is probably ready for {crowd}. Not everything could be checked."
    if forecast.is_ready:
        return f"The site is ready for {crowd}."
    if forecast.has_capacity:
        return f"The site has the capacity for {crowd}, but something is broken. Ask your engineer to run “make ready”."
    return (
        f"The site is not ready for {crowd}: 99 of 100 people would wait up to {duration(forecast.longest_wait)}, the"
        f" last email would be sent {duration(forecast.last_email)} after the end, and {forecast.lost_views:.0%} of"
        " page views would fail. No signature would be lost. Ask your engineer to run “make ready”."
    )


def duration(seconds: float) -> str:
    """Return a duration as text, in the largest unit of which there are at least two: 60 minutes, 3 hours, 26 days."""
    for unit, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.0f} seconds"


def _answer_lines(forecast: Forecast) -> Iterator[str]:
    expected = forecast.expected
    answers = {READY: "READY", NOT_READY: "NOT READY", UNKNOWN: "COULD NOT READ ENOUGH"}
    answer = answers[exit_code(forecast)]
    crowd = f"{expected.rate:,g} a second for {duration(expected.seconds)} ({expected.total:,.0f} signatures)"
    yield bold(f"{answer} for {crowd}")
    bottleneck = "nothing"
    if forecast.first_bottleneck:
        bottleneck = f"{forecast.first_bottleneck}, after {duration(forecast.bottleneck_after)}"
    yield f"  first bottleneck   {bottleneck}"
    wait = f"at most {duration(forecast.longest_wait)} (99 of 100)"
    yield f"  people wait        {wait}; {forecast.waiting:,} people at once"
    # The model ends after 30 days.
    stored = "not within 30 days" if forecast.all_stored is None else f"after {duration(forecast.all_stored)}"
    # The model loses none: people whom a limit refuses try again, and what the table does not take waits in the queue.
    yield f"  signatures         none is lost; {forecast.overflow:,} at most in the overflow queue; all stored {stored}"
    yield f"  last email         {duration(forecast.last_email)} after the crowd"
    yield f"  page views         {forecast.lost_views:.1%} of them get no page"
    yield dim("  A model (docs/capacity.md), with the limits below. Use it for orders of magnitude.")


def _increase_lines(increases: Sequence[Increase]) -> Iterator[str]:
    if increases:
        yield bold("Raise, in this order")
    for number, increase in enumerate(increases, 1):
        yield f"  {number}. {increase.what}: {increase.now:,.0f} to {increase.needed:,.0f}. It takes {increase.takes}."
        yield f"     {increase.how}"


def _defect_lines(forecast: Forecast) -> Iterator[str]:
    if forecast.defects:
        yield bold("Repair")
    for defect in forecast.defects:
        yield f"  - {defect.text}: {defect.remedy}"


def _read_lines(values: Values) -> Iterator[str]:
    yield bold("Read")
    read_values = [value for value in values if not value.problem]
    # The values are in the order of the calls, so those of one source are already next to each other.
    for source, group in groupby(read_values, key=lambda value: value.source):
        texts = ", ".join(_value_texts([*group]))
        yield f"  {source:<34}{texts}"


def _value_texts(group: Sequence[Value]) -> Iterator[str]:
    """Yield the text of each value. If there are many, yield one text for all that are 0: most queues are empty."""
    empty: list[Value] = []
    if len(group) > _MANY_VALUES:
        empty = [value for value in group if value.value == 0]
    for value in group:
        if value not in empty:
            yield f"{value.name} {_text_of(value.value)}"
    if empty:
        prefix, _, _ = empty[0].name.partition(".")  # The same for the whole group, such as queue.
        yield f"{prefix}.*: {len(empty)} are empty"


def _unread_lines(values: Values, forecast: Forecast) -> Iterator[str]:
    unread = sorted(values.unread(), key=_problem_and_source)
    if unread:
        yield bold("Not read")
    for (problem, source), group in groupby(unread, key=_problem_and_source):
        names = ", ".join(value.name for value in group)
        yield f"  {source:<34}{names}: {problem}"
    if forecast.assumed:
        yield f"  The usual quota is assumed for: {', '.join(forecast.assumed)}"


def _problem_and_source(value: Value) -> tuple[str, str]:
    return value.problem, value.source


def _text_of(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, dict):
        pairs = [f"{name}={number}" for name, number in value.items()]
        return " ".join(pairs) or "none"
    if isinstance(value, list):  # A list may be long, so only its length is shown.
        return f"{len(value)}" if value else "none"
    if isinstance(value, int | float):
        return f"{value:,.10g}"
    return str(value)
