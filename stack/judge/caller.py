"""Who makes an AWS call: whoever calls a handler says so. The judge reads it when a client makes a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from chalicelib.edge.route import Function
from chalicelib.edge.routes import all_routes
from stack.template.config import function_settings
from stack.template.functions import logical_id

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


@cache
def function_of_route(method: str, path: str) -> str:
    """Return the function that serves a route. `path`: as declared, such as /petitions/{slug}."""
    serving = Function.API
    for route in all_routes().values():
        if route.path == path and method in route.methods:
            serving = route.function
    names = {logical_id(name): name for name in function_settings()}
    return names[serving]
