"""Run the handlers of the template's functions in this process, each in its role."""

import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from chalice.local import LambdaContext

from chalicelib.edge.batch import BatchFailed, RunFailed
from stack.judge.caller import calling
from stack.template.config import function_settings
from stack.template.functions import logical_id

_NAMES = {logical_id(name): name for name in function_settings()}
# Errors that our code raises for Lambda, after it has reported their cause.
_REPORTED = (BatchFailed, RunFailed)


class Functions:
    """The functions of the template, by logical id."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions

    def invoke(self, function: str, event: Any) -> Any:
        """Return what the handler returns, however long it takes. Print its error, and raise it."""
        properties = self._functions[function]
        context = LambdaContext(function, properties["MemorySize"], max_runtime_ms=int(properties["Timeout"]) * 1000)
        try:
            with calling(name_of(function)):
                return _load(properties["Handler"])(event, context)
        except Exception as error:
            is_reported = isinstance(error, _REPORTED)
            report(f"{function} failed: {error!r}" if is_reported else f"{function} failed:\n{traceback.format_exc()}")
            raise


def name_of(function: str) -> str:
    return _NAMES[function]


def report(text: str) -> None:
    print(f"error: {text}", file=sys.stderr, flush=True)


def _load(handler: str) -> Any:
    module, _, name = handler.rpartition(".")
    return getattr(import_module(module), name)
