"""Who makes an AWS call: whoever calls a handler says so. The judge reads it when a client makes a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_function: ContextVar[str | None] = ContextVar("function", default=None)


@contextmanager
def calling(function: str | None) -> Iterator[None]:
    """Make this thread's AWS calls as this function, by its name in config.json; None: as the engineer, not judged.

    A new thread starts as the engineer. If a handler starts one, it must run it in a copy of its own context.
    """
    before = _function.set(function)
    try:
        yield
    finally:
        _function.reset(before)


def current() -> str | None:
    """Return the function that makes this thread's AWS calls; None for the engineer."""
    return _function.get()
