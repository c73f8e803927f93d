"""The application in this process, over an emulator: its HTTP routes, queues, streams and schedules."""

import logging
import os
import shutil
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chalice.local import LocalChalice
from waitress.server import create_server

import app as application
from chalicelib.aws import clients
from chalicelib.core import log
from chalicelib.edge.site_app import Site
from chalicelib.jobs.model import START_DELAY
from chalicelib.pages import render
from chalicelib.petitions import constituency_table
from stack.charts import chart_files
from stack.constituencies import constituency_files
from stack.languages import write_compiled
from stack.local import judging, lambda_api
from stack.local.emulator import LOOPBACK
from stack.local.functions import Functions, report
from stack.local.gateway import ApiGateway, HttpAnswer, HttpRequest
from stack.local.inbox import Inbox
from stack.local.resources import Resources
from stack.local.sources import EventSource, QueueSource, ScheduleSource, StreamSource
from stack.paths import ROOT

# Requests at the same time. Most of their time is spent waiting for the emulator.
_THREADS = 16
_CONNECTIONS = 1000
_MAX_BODY = 32 * 1024 * 1024  # The gateway refuses bodies that are much smaller, with an explanation.
_STOP_SECONDS = 10.0
_LOCAL = "/_local/"


class _ThreadedSite(LocalChalice, Site):
    """The application with one current request for each thread, as `chalice local` has it."""


class RunningSite:
    """The running application. `archive`: where the inbox keeps emails. `starts_at`: where streams are read from."""

    def __init__(self, resources: Resources, archive: Path, starts_at: str) -> None:
        add_package_files(archive.parent / "package")
        application.app.__class__ = _ThreadedSite
        os.environ |= resources.environment()
        self._faults = judging.install_judge(resources.names())  # Before any client is built.
        resources.make()
        self._functions = Functions(resources.functions())
        self._gateway = ApiGateway(resources.api(), application.app, self._functions)
        self._inbox = Inbox(archive)
        self._sources = _sources(resources, self._functions, starts_at)
        _build_clients()
        self._inbox.keep_each(clients.ses())
        self._is_stopping = False

    def begin_jobs_after(self, seconds: int) -> None:
        """Let jobs begin sooner, for tests: replace the delay of the messages that start them."""
        usual = int(START_DELAY.total_seconds())

        def replace_delay(params: Any, **_: object) -> None:
            for entry in params["Entries"]:
                if entry.get("DelaySeconds") == usual:
                    entry["DelaySeconds"] = seconds

        clients.sqs().meta.events.register("before-parameter-build.sqs.SendMessageBatch", replace_delay)

    @contextmanager
    def serving(self, port: int, log_file: Path) -> Iterator[None]:
        _write_log_lines_to(log_file)
        server = create_server(
            self._wsgi,
            host=LOOPBACK,
            port=port,
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            ident=None,
            max_request_body_size=_MAX_BODY,
            clear_untrusted_proxy_headers=False,  # The application itself ignores them without the CDN's key.
        )
        threading.Thread(target=server.run, daemon=True).start()
        for source in self._sources.values():
            source.start()
        try:
            yield
        finally:
            self._is_stopping = True
            self._finish(server.task_dispatcher)  # A schedule that ends may still call Lambda's API.
            server.trigger.pull_trigger(server.close)  # In its own thread, which may be waiting for the sockets.

    def _finish(self, requests: Any) -> None:
        """Let requests end, then queues and schedules, which may write to the stream, and then the stream's readers."""
        deadline = time.monotonic() + _STOP_SECONDS
        while requests.active_count and time.monotonic() < deadline:
            time.sleep(0.02)
        sources = self._sources.values()
        streams = [each for each in sources if isinstance(each, StreamSource)]
        for group in ([each for each in sources if each not in streams], streams):
            for source in group:
                source.stop()
            for source in group:
                source.join(max(0.0, deadline - time.monotonic()))

    def _wsgi(self, environ: Mapping[str, Any], start_response: Any) -> list[bytes]:
        try:
            answer = self._answer(_request(environ))
        except Exception:
            report(f"the local run failed:\n{traceback.format_exc()}")
            answer = HttpAnswer(500, [], b"")
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [answer.body]

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        if request.path.startswith(lambda_api.PATH):
            return lambda_api.answer(request, self._sources)
        if self._is_stopping:
            return HttpAnswer(503, [("Retry-After", "5")], b"")
        if not request.path.startswith(_LOCAL):
            return self._gateway.answer(request)
        if request.path == judging.FAULTS:
            return judging.answer_faults(self._faults, request)
        not_found = HttpAnswer(404, [("Content-Type", "text/plain")], b"There is nothing at this address.\n")
        return self._inbox.answer(request.path) or not_found


def add_package_files(folder: Path) -> None:
    """Give the application the files that only the package contains."""
    write_compiled()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in (*chart_files(), *constituency_files(ROOT)):
        path = folder / Path(name).name
        path.write_bytes(content)
        render.OUTSIDE_ASSETS[path.name] = path
    constituency_table.FILE = folder / constituency_table.FILE.name
    constituency_table.LAYOUT_FILE = folder / constituency_table.LAYOUT_FILE.name
    constituency_table.MEMBERS_FILE = folder / constituency_table.MEMBERS_FILE.name


def _sources(resources: Resources, functions: Functions, starts_at: str) -> dict[str, EventSource]:
    """Return the event sources by the UUIDs of their mappings, which the environment names."""
    sqs, streams = resources.client("sqs"), resources.client("dynamodbstreams")
    sources: dict[str, EventSource] = {}
    for function, properties in resources.functions().items():
        for name, event in properties.get("Events", {}).items():
            settings, invoke = resources.value(event["Properties"]), partial(functions.invoke, function)
            source: EventSource
            if event["Type"] == "SQS":
                source = QueueSource(function, settings, invoke, sqs)
            elif event["Type"] == "DynamoDB":
                source = StreamSource(function, settings, invoke, sqs, streams, starts_at)
            else:
                source = ScheduleSource(function, settings, invoke)
            # SAM names the mapping after the function and the event.
            sources[resources.name(f"{function}{name}")] = source
    return sources


def _build_clients() -> None:
    """Build all clients before threads need them: boto3's default session is for one thread at a time."""
    for factory in vars(clients).values():
        if hasattr(factory, "cache_info"):
            factory()


def _request(environ: Mapping[str, Any]) -> HttpRequest:
    path, _, query = environ["REQUEST_URI"].partition("?")
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    body = environ["wsgi.input"].read()
    return HttpRequest(environ["REQUEST_METHOD"], path, query, headers, body, environ["REMOTE_ADDR"])


class _Tracebacks(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        facts = " ".join(f"{name}={value}" for name, value in getattr(record, "facts", {}).items())
        trace = "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
        report(f"{record.getMessage()} {facts}\n{trace}")


def _write_log_lines_to(file: Path) -> None:
    with redirect_stdout(file.open("w", buffering=1)):
        log.begin("")
    tracebacks = _Tracebacks(logging.ERROR)
    logging.getLogger("petitions").addHandler(tracebacks)
    logging.getLogger("judge").addHandler(logging.StreamHandler())
