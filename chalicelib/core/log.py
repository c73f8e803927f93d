"""Structured logs: one JSON object a line, with ids only, never names or addresses."""

import json
import logging
import sys
from contextvars import ContextVar
from functools import cache
from typing import Any

from chalicelib.core.metrics import Metric, directive
from chalicelib.core.settings import settings

# There is a limit, because an exception can by mistake be among its own causes.
MAX_CAUSES = 8

Fact = str | int | float | bool | None


class _Request:
    """A request or invocation: its id, the facts of its last line, and the metrics of its next line."""

    def __init__(self, request_id: str) -> None:
        self.id = request_id
        self.facts: dict[str, Fact] = {}
        self.measured: dict[str, float] = {}


# The local site answers requests in threads. A thread that a request starts has none of its own and takes the latest.
_own_request: ContextVar[_Request | None] = ContextVar("request", default=None)
_latest_request = _Request("")
_log = logging.getLogger("petitions")
_json = json.JSONEncoder(ensure_ascii=False).encode


def event(name: str, **facts: Fact) -> None:
    """Log an event, named in the past tense, with the metrics that were measured since the last line.

    Facts are ids, states and numbers, never what a person typed.
    """
    _log.info(name, extra={"facts": facts, "measured": _take_measured()})


def note(name: str, **facts: Fact) -> None:
    """Choose the name of the request's last log line (see `end`), and add facts to it."""
    _request().facts.update(facts, event=name)


def measure(metric: str, amount: float = 1) -> None:
    """Add `amount` to a metric of the next log line."""
    name = str(metric)  # As the key of a dict, a plain text is faster than an enum.
    measured = _request().measured
    measured[name] = measured.get(name, 0) + amount


def end(**facts: Fact) -> None:
    """Log the last line of a request: what its `note` calls said ("answered" without any), and these facts."""
    noted = dict(_request().facts)
    name = noted.pop("event", "answered")
    event(str(name), **noted, **facts)


def failure(name: str, **facts: Fact) -> None:
    """Log the current exception with its location, but without its text, which may be personal data."""
    _log.error(name, extra={"facts": facts, "measured": _take_measured()}, exc_info=True)


def degraded(name: str, **facts: Fact) -> None:
    """Log the current exception and set off an alarm: a part is broken, but requests go on without it."""
    measure(Metric.DEGRADED)
    failure(name, **facts)


def begin(request_id: str) -> None:
    """Start a request or invocation: all log lines that follow have this id.

    Also sets up the logs, because workers start without app.py.
    """
    global _latest_request
    _latest_request = _Request(request_id)
    _own_request.set(_latest_request)
    _configure_once()  # At last, because this may count a cold start.


def _request() -> _Request:
    return _own_request.get() or _latest_request


def _take_measured() -> dict[str, float]:
    request = _request()
    measured, request.measured = request.measured, {}
    return measured


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        is_ours = record.name == _log.name  # The text of a library's record may quote a request, so leave it out.
        line: dict[str, Any] = {
            "level": record.levelname,
            "event": record.getMessage() if is_ours else record.name,
            "request_id": _request().id,
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["at"] = _locations(record)
        measured: dict[str, float] | None = getattr(record, "measured", None)
        return _with_metrics(line, measured, record) if measured else _json(line)


def _with_metrics(line: dict[str, Any], measured: dict[str, float], record: logging.LogRecord) -> str:
    """`directive` returns one more member as text: insert it at the end."""
    text = _json({**line, "stage": settings().stage, **measured})
    aws_member = directive(measured, has_petition="petition" in line, epoch_millis=int(record.created * 1000))
    without_brace = text.removesuffix("}")
    return f"{without_brace}, {aws_member}}}"


def _locations(record: logging.LogRecord) -> list[str]:
    """Return types and locations of an exception and its causes, not their texts, which could quote an item."""
    places: list[str] = []
    error = record.exc_info[1] if record.exc_info else None
    while error is not None and len(places) < MAX_CAUSES:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        places.append(f"{type(error).__name__} {place}")
        error = error.__cause__ or error.__context__
    return places


@cache
def _configure_once() -> None:
    """In the first request of a process, set up logging and count a cold start."""
    configure(settings().log_level)
    measure(Metric.COLD_START)


def configure(level: str) -> None:
    """Libraries log only warnings and errors, without their text, which may quote a request."""
    # Our lines do not name caller, thread or process, so do not look these up (logging HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    _log.setLevel(level)
