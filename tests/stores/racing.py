"""Make the same call many times at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from chalicelib.core.errors import ConditionFailed

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def at_once(act: Callable[[Argument], Result], arguments: Iterable[Argument], threads: int = 8) -> list[Result]:
    """Return the results of concurrent calls, one for each argument."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, arguments))


def succeeds(act: Callable[[], object]) -> bool:
    try:
        act()
    except ConditionFailed:
        return False
    return True
