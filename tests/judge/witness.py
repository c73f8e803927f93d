"""Records every call that a handler makes on the fakes and every setting that it reads, and its function."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest
from chalice.app import RestAPIEventHandler

from app import app
from chalicelib.core.settings import Settings
from stack.template.rights import declared_policies
from tests.fake_mailer import FakeMailer, FakeQuota
from tests.fakes import FakeBucket, FakeQueue, FakeSource, FakeTables
from tests.faults.injection import CALLS, _site
from tests.roles import function_of, function_of_route

FAKES = {
    "Tables": FakeTables,
    "Queue": FakeQueue,
    "Source": FakeSource,
    "Bucket": FakeBucket,
    "Mailer": FakeMailer,
    "MailQuota": FakeQuota,
}
# Making a link is not a call, so it cannot fail. AWS checks the role that signed the link when a person opens it.
METHODS = {**CALLS, "Bucket": (*CALLS["Bucket"], "link")}


class RecordedCall(NamedTuple):
    """A call on one of the fakes."""

    function: str
    site: str
    target: Any
    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]


@contextmanager
def recording(record: Callable[[RecordedCall], object]) -> Iterator[None]:
    """Pass every call of a handler to `record` before it is made, until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        for kind, fake in FAKES.items():
            for name in METHODS[kind]:
                call = getattr(fake, name)
                patch.setattr(fake, name, _with_record(call, name, record))
        yield


@contextmanager
def settings_read(read: dict[str, set[str]]) -> Iterator[None]:
    """Add the name of each setting that a handler reads to its function's set, until the block ends."""

    def get(settings: Settings, name: str) -> Any:
        function = _calling_function() if name in Settings.__dataclass_fields__ else None
        if function:
            read.setdefault(function, set()).add(name)
        return object.__getattribute__(settings, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "__getattribute__", get)
        yield


def _with_record(call: Callable[..., Any], name: str, record: Callable[[RecordedCall], object]) -> Callable[..., Any]:
    def recorded(target: Any, *arguments: Any, **named: Any) -> Any:
        function = _calling_function()
        sends_nothing = name == "send" and arguments == ([],)
        if function and not sends_nothing:
            record(RecordedCall(function, _site(), target, name, arguments, named))
        return call(target, *arguments, **named)

    return recorded


def _calling_function() -> str | None:
    """Return the function that makes this call; None for a test, and for a fake that calls its own method."""
    frame: FrameType | None = sys._getframe(2)
    if frame and frame.f_code.co_filename.endswith("tests/fakes.py"):
        return None
    while frame:
        function = _workers().get(frame.f_code) or _function_of_view(frame)
        if function:
            return function
        frame = frame.f_back
    return None


def _function_of_view(frame: FrameType) -> str | None:
    """Return the function whose route Chalice serves in this frame; None if the frame serves no route."""
    if frame.f_code.co_name != "_get_view_function_response":
        return None
    handler = frame.f_locals.get("self")
    if not isinstance(handler, RestAPIEventHandler):
        return None
    assert handler.current_request is not None
    context = handler.current_request.context
    return function_of_route(context["httpMethod"], context["resourcePath"])


@cache
def _workers() -> dict[CodeType, str]:
    """Return the functions without a route, by their code: workers and authorizers."""
    found = {}
    for name in declared_policies():
        func = function_of(app.handler_map.get(name))
        if isinstance(func, FunctionType):
            found[func.__code__] = name
    return found
