"""Hears every call that a handler makes on the fakes, and which function's role makes it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest
from chalice.app import RestAPIEventHandler

from app import app
from chalicelib.edge.route import Function
from chalicelib.edge.routes import ROUTES
from stack.referee.policies import declared_policies
from stack.template.functions import logical_id
from tests.fakes import FakeBucket, FakeQueue, FakeSource, FakeTables
from tests.faults.injection import CALLS, _site
from tests.served import FakeMailer

FAKES = {"Tables": FakeTables, "Queue": FakeQueue, "Source": FakeSource, "Bucket": FakeBucket, "Mailer": FakeMailer}
# A link is not a call, so nothing can fail there; whoever follows it does so under the signer's role.
METHODS = {**CALLS, "Bucket": (*CALLS["Bucket"], "link")}


class Heard(NamedTuple):
    """A call on one of the fakes."""

    function: str
    site: str
    target: Any
    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]


@contextmanager
def listening(hear: Callable[[Heard], object]) -> Iterator[None]:
    """While it lasts, every call of a handler is heard before it is made."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, fake in FAKES.items():
            for name in METHODS[kind]:
                patch.setattr(fake, name, _overheard(getattr(fake, name), name, hear))
        yield


def _overheard(call: Callable[..., Any], name: str, hear: Callable[[Heard], object]) -> Callable[..., Any]:
    def overheard(target: Any, *arguments: Any, **named: Any) -> Any:
        function = _function_calling()
        if function and not (name == "send" and arguments == ([],)):
            hear(Heard(function, _site(), target, name, arguments, named))
        return call(target, *arguments, **named)

    return overheard


def _function_calling() -> str | None:
    """None for a test, and for a fake that uses another method of its own."""
    frame: FrameType | None = sys._getframe(2)
    if frame and frame.f_code.co_filename.endswith("tests/fakes.py"):
        return None
    while frame:
        if name := _workers().get(frame.f_code):
            return name
        served = frame.f_locals.get("self") if frame.f_code.co_name == "_get_view_function_response" else None
        if isinstance(served, RestAPIEventHandler):
            assert served.current_request is not None
            context = served.current_request.context
            return serving(context["httpMethod"], context["resourcePath"])
        frame = frame.f_back
    return None


@cache
def _workers() -> dict[CodeType, str]:
    """Functions that one Lambda function runs and no route: workers and the authorizer."""
    found = {name: getattr(app.handler_map.get(name), "func", None) for name in declared_policies()}
    return {func.__code__: name for name, func in found.items() if isinstance(func, FunctionType)}


@cache
def serving(method: str, path: str) -> str:
    served = {(each, route.path): route.function for route in ROUTES.values() for each in route.methods}
    logical = served.get((method, path), Function.API)
    return {logical_id(name): name for name in declared_policies()}[logical]
