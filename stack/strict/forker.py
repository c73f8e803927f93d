"""Start the processes of Lambda functions by forking one process that has already imported the libraries.

The emulator runs this file as a program: `forker.py <folder of the code> <file descriptor of a socket>`. Each message
on the socket asks for one process. A message is JSON (`folder`, `environment`), with three file descriptors for
standard input, output and error. The answer is the id of the new process. The program ends when the socket is closed.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# Importing these takes most of a cold start. The import does not read the environment, which each function sets later.
LIBRARIES = ("boto3", "botocore.handlers", "chalice.app", "email_validator", "jinja2", "pydantic")
MAX_MESSAGE_BYTES = 1 << 17
END_OF_LOG = "\x00end"
"""The line on standard error that marks the end of the log of an invocation."""


def main(code: str, socket_descriptor: int) -> None:
    """Import the libraries, then fork a process for each message on the socket."""
    sys.path.insert(0, code)
    for library in LIBRARIES:
        if Path(code, library.partition(".")[0]).exists():  # A test's package may have no libraries.
            importlib.import_module(library)
    gc.freeze()  # Garbage collection in a child would copy the memory that it shares with this process.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel then removes an ended child itself.
    requests = socket.socket(fileno=socket_descriptor)
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, MAX_MESSAGE_BYTES, 3)
        if not message:
            return
        child = os.fork()
        if child == 0:
            requests.close()
            _become_function(json.loads(message), descriptors)  # It never returns.
        for descriptor in descriptors:
            os.close(descriptor)
        requests.send(str(child).encode())


def _become_function(process: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Take on the function's environment, folder and standard files, and serve its invocations. Never return."""
    # `main` ignores this signal. A function that does so cannot learn how its own child processes ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    status = 1
    try:
        os.environ.clear()
        os.environ.update(process["environment"])
        os.chdir(process["folder"])
        _serve()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _serve() -> None:
    """Import the handler that the first line of input names. Then answer each further line, which is an invocation.

    All lines are JSON.
    """
    answers = sys.stdout
    sys.stdout = sys.stderr  # What a function prints is its log.
    settings = json.loads(sys.stdin.readline())
    try:
        handler = _handler(settings)
        answer = {"status": "ready"}
    except Exception as error:
        answer = {"status": "error", "error": str(error)}
    print(json.dumps(answer), file=answers, flush=True)
    if answer["status"] != "ready":
        return
    for line in sys.stdin:
        invocation = json.loads(line)
        context = Context.of(settings, invocation["ctx"])
        text = _answer(handler, invocation["event"], context)
        # The line break comes first: perhaps the function's log does not end with a line break.
        print(f"\n{END_OF_LOG}", file=sys.stderr, flush=True)
        print(text, file=answers, flush=True)


def _handler(settings: dict[str, Any]) -> Callable[[Any, "Context"], Any]:
    sys.path.insert(0, settings["code_dir"])
    module = importlib.import_module(settings["module"])
    handler: Callable[[Any, Context], Any] = getattr(module, settings["handler"])
    return handler


def _answer(handler: Callable[[Any, "Context"], Any], event: Any, context: "Context") -> str:
    """Run the handler. Return its result or its error as JSON; a result that JSON cannot hold is an error too."""
    try:
        return json.dumps({"status": "ok", "result": handler(event, context)})
    except Exception as error:
        return json.dumps({"status": "error", "error": str(error), "trace": traceback.format_exc()})


@dataclass
class Context:
    """The context object that Lambda passes to a Python handler."""

    aws_request_id: str
    invoked_function_arn: str
    function_name: str
    function_version: str
    memory_limit_in_mb: int
    log_group_name: str
    log_stream_name: str
    deadline: float
    identity: None = None
    client_context: None = None

    @classmethod
    def of(cls, settings: dict[str, Any], invocation: dict[str, Any]) -> "Context":
        name = settings["function_name"]
        return cls(
            aws_request_id=invocation["request_id"],
            invoked_function_arn=invocation["invoked_function_arn"],
            function_name=name,
            function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
            memory_limit_in_mb=settings["memory"],
            log_group_name=f"/aws/lambda/{name}",
            log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
            deadline=time.time() + invocation["timeout"],
        )

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.time()) * 1000))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
