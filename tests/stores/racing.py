"""Make the same call many times at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def at_once(act: Callable[[], Result], calls: int, threads: int = 8) -> list[Result]:
    """Return the results of this many concurrent calls."""
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(act) for _ in range(calls)]
    return [future.result() for future in futures]
