"""Every AWS call a handler makes can fail in every way; and which calls those are is read from the code."""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.errors import ConditionFailed, Throttled, Unavailable
from tests.served import FakeMailer

ROOT = Path(__file__).parents[2]
CODE = ROOT / "chalicelib"
TABLE_CALLS = ("get", "batch_get", "query", "page", "put", "put_new", "update", "transact", "check")
QUEUE_CALLS = ("send", "depth", "check")
MAIL_CALLS = ("send",)
TABLES = {"tables", "tables()", "signing_tables()"}
QUEUES = {"queue", "queue()", "mail_queue()", "overflow_queue()"}

Function = tuple[str, str]  # Dotted module, name.


class Fault(StrEnum):
    """A reset connection is the same to us as a timeout: after either nobody knows."""

    THROTTLED = "throttled"
    LOST_BEFORE = "timed out before it took effect"
    LOST_AFTER = "timed out after it took effect"
    KILLED_BEFORE = "killed right before"
    KILLED_AFTER = "killed right after"


class Killed(BaseException):
    """The process is gone: no handler of ours sees this."""


class Injection:
    """Numbers the calls as they come, notes where they come from, and fails those that `faults` names."""

    def __init__(self, faults: Mapping[int, Fault]) -> None:
        self.sites: list[str] = []
        self._faults = faults

    def into(self, target: Tables | Queue | FakeMailer) -> None:
        for name in _calls_of(target):
            setattr(target, name, self._wrapped(getattr(type(target), name).__get__(target)))

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*arguments: Any, **named: Any) -> Any:
            fault = self._faults.get(len(self.sites))
            self.sites.append(_site())
            return _failing(fault, lambda: call(*arguments, **named)) if fault else call(*arguments, **named)

        return faulty


def _calls_of(target: Tables | Queue | FakeMailer) -> tuple[str, ...]:
    if isinstance(target, FakeMailer):
        return MAIL_CALLS
    return TABLE_CALLS if isinstance(target, Tables) else QUEUE_CALLS


def _failing(fault: Fault, call: Callable[[], Any]) -> Any:
    if fault is Fault.THROTTLED:
        raise Throttled
    if fault in (Fault.LOST_AFTER, Fault.KILLED_AFTER):
        with suppress(ConditionFailed):  # It was refused, and that too is not heard of.
            call()
    raise Killed if fault in (Fault.KILLED_BEFORE, Fault.KILLED_AFTER) else Unavailable


def _site() -> str:
    """The function of ours that asked, as `sites_from` names it; "" when it was a test."""
    frame: FrameType | None = sys._getframe(2)
    while frame and not Path(frame.f_code.co_filename).is_relative_to(CODE):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).relative_to(ROOT)}:{frame.f_code.co_name}" if frame else ""


def sites_from(*entries: Function) -> set[str]:
    """Where tables or queues are asked, in everything that can be reached from these functions."""
    reached: set[Function] = set()
    ahead = list(entries)
    while ahead:
        function = ahead.pop()
        if function not in reached:
            reached.add(function)
            ahead += _named_in(function)
    return {f"{module.replace('.', '/')}.py:{name}" for module, name in reached if _asks_aws(module, name)}


def _asks_aws(module: str, name: str) -> bool:
    for node in ast.walk(_functions(module)[name]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked, call = ast.unparse(node.func.value), node.func.attr
            if (asked in TABLES and call in TABLE_CALLS) or (asked in QUEUES and call in QUEUE_CALLS):
                return True
    return False


def _named_in(function: Function) -> Iterator[Function]:
    """Called or handed on: both count."""
    module, name = function
    names = _imported(module)
    for node in ast.walk(_functions(module)[name]):
        if isinstance(node, ast.Name):
            found = names.get(node.id, (module, node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            found = (".".join(names[node.value.id]), node.attr)
        else:
            continue
        if found[1] in _functions(found[0]) and not found[0].startswith("chalicelib.aws"):
            yield found


@cache
def _imported(module: str) -> dict[str, Function]:
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


@cache
def _functions(module: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(_tree(module)) if isinstance(node, ast.FunctionDef)}


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT / f"{module.replace('.', '/')}.py"
    return ast.parse(path.read_text(encoding="utf-8") if module.startswith("chalicelib.") and path.exists() else "")
