"""Handlers in this process make their calls as the function that runs them on AWS, for the judge.

Tests call the application's handlers themselves. Outside of a handler, a test makes its calls as the engineer.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from chalice.app import Chalice, ChaliceAuthorizer, EventSourceHandler

from chalicelib.edge.route import Function
from chalicelib.edge.routes import all_routes
from stack.judge.caller import calling
from stack.template.config import function_settings
from stack.template.functions import logical_id


def function_of(handler: Any) -> Any:
    """Return the function of a handler. Chalice wraps that of a function without an event source once more."""
    func = getattr(handler, "func", handler)
    return getattr(func, "_original_func", func)


@cache
def function_of_route(method: str, path: str) -> str:
    """Return the function that serves a route. `path`: as declared, such as /petitions/{slug}."""
    serving = Function.API
    for route in all_routes().values():
        if route.path == path and method in route.methods:
            serving = route.function
    names = {logical_id(name): name for name in function_settings()}
    return names[serving]


def run_as_functions(patch: pytest.MonkeyPatch) -> None:
    """Let each handler make its calls as its function."""
    _run_as(patch, EventSourceHandler, lambda handler, _: function_of(handler).__name__)
    _run_as(patch, ChaliceAuthorizer, lambda authorizer, _: str(authorizer.name))
    _run_as(patch, Chalice, _function_of_request)


def _function_of_request(_: Any, event: Mapping[str, Any]) -> str:
    request = event["requestContext"]
    return function_of_route(request["httpMethod"], request["resourcePath"])


def _run_as(patch: pytest.MonkeyPatch, handler: Any, function: Callable[[Any, Any], str]) -> None:
    original = handler.__call__

    def call(self: Any, event: Any, context: Any) -> Any:
        with calling(function(self, event)):
            return original(self, event, context)

    patch.setattr(handler, "__call__", call)
