"""Run the handlers of the template's functions in this process, as Lambda would: with a timeout, each in its role."""

import sys
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import Future, wait
from functools import cache
from importlib import import_module
from types import FrameType
from typing import Any

from chalice.local import LambdaContext

from chalicelib.edge.batch import BatchFailed, RunFailed
from stack.judge.caller import calling
from stack.template.config import function_settings
from stack.template.functions import logical_id

_DEBUGGERS = {"bdb", "pdb", "pydevd", "debugpy"}
_NAMES = {logical_id(name): name for name in function_settings()}
# Errors that our code raises for Lambda, after it has reported their cause.
_REPORTED = (BatchFailed, RunFailed)


class TimedOut(Exception):
    pass


class Functions:
    """The functions of the template, by logical id."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self._handler = cache(_load)

    def __contains__(self, function: str) -> bool:
        return function in self._functions

    def invoke(self, function: str, event: Any) -> Any:
        """Return what the handler returns. Raise TimedOut or the handler's error, after printing it."""
        seconds = int(self._functions[function]["Timeout"])
        running: Future[Any] = Future()
        # A thread of its own, which no exit waits for: a handler that ran out of time cannot be stopped.
        threading.Thread(target=self._run, args=(running, function, event, seconds), name=function, daemon=True).start()
        while not running.done():
            wait([running], seconds)
            if not running.done() and not _is_debugged():
                report(f"{function} ran longer than its timeout of {seconds} s")
                raise TimedOut(function)
        return running.result()

    def _run(self, running: Future[Any], function: str, event: Any, seconds: int) -> None:
        properties = self._functions[function]
        context = LambdaContext(function, properties["MemorySize"], max_runtime_ms=seconds * 1000)
        try:
            with calling(name_of(function)):
                running.set_result(self._handler(properties["Handler"])(event, context))
        except Exception as error:
            is_reported = isinstance(error, _REPORTED)
            report(f"{function} failed: {error!r}" if is_reported else f"{function} failed:\n{traceback.format_exc()}")
            running.set_exception(error)


def name_of(function: str) -> str:
    return _NAMES[function]


def report(text: str) -> None:
    print(f"error: {text}", file=sys.stderr, flush=True)


def _load(handler: str) -> Any:
    module, _, name = handler.rpartition(".")
    return getattr(import_module(module), name)


def _is_debugged() -> bool:
    """At a breakpoint, no handler runs out of time."""
    return any(_is_in_debugger(frame) for frame in sys._current_frames().values())


def _is_in_debugger(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_globals.get("__name__", "").partition(".")[0] in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False
