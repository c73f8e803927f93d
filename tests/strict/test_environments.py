"""The execution environments of functions: which process serves an invocation, its log, and what follows a failure."""

import base64
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stack.aws import Cloud
from tests.strict.conftest import create_function

CODE = """
import ctypes, os, sys, time
print("imported")
def handler(event, context):
    print("asked for", event["do"])
    if event["do"] == "raise":
        raise ValueError("as asked")
    if event["do"] == "crash":
        os._exit(1)
    if event["do"] == "wait":
        time.sleep(20)
    while event["do"] == "log for ever":
        print("again")
    if event["do"] == "return a set":
        return {1}
    if event["do"] == "stay within a line":
        print("no end", end="")
    if event["do"] == "write":
        os.write(2, b"written\\n" * 300)
    return {
        "process": os.getpid(),
        "left": context.get_remaining_time_in_millis(),
        "name": context.function_name,
        "request": context.aws_request_id,
        "secret": os.environ.get("SIGNATURE_KEYS"),
        "text": event.get("text"),
    }
"""


class Function:
    def __init__(self, cloud: Cloud) -> None:
        self.name, self._client = uuid.uuid4().hex, cloud.client("lambda")
        create_function(cloud, self.name, CODE)

    def invoke(self, do: str, **more: Any) -> Any:
        return self.answer(do, **more)[0]

    def answer(self, do: str, **more: Any) -> tuple[Any, str]:
        """Return the payload and the log."""
        payload = json.dumps({"do": do, **more})
        answer = self._client.invoke(FunctionName=self.name, Payload=payload, LogType="Tail")
        return json.load(answer["Payload"]), base64.b64decode(answer["LogResult"]).decode()


@pytest.fixture
def function(cloud: Cloud) -> Function:
    return Function(cloud)


def test_a_process_serves_one_invocation_after_the_other(function: Function) -> None:
    first, second = function.invoke("return"), function.invoke("return")
    assert first["process"] == second["process"]
    assert first["request"] != second["request"]
    assert first["name"] == function.name
    assert 0 < first["left"] <= 3_000


def test_after_an_exception_the_same_process_serves_as_on_lambda(function: Function) -> None:
    before = function.invoke("return")
    failure, log = function.answer("raise")
    assert failure["errorMessage"] == "as asked"
    assert "asked for raise" in log
    assert "ValueError: as asked" in log
    assert function.invoke("return")["process"] == before["process"]


@pytest.mark.parametrize("do", ["crash", "wait"])
def test_after_a_crash_or_a_timeout_another_process_serves(function: Function, do: str) -> None:
    before = function.invoke("return")
    failure, log = function.answer(do)
    messages = {"crash": "Worker process died", "wait": "Task timed out after 3.00 seconds"}
    assert failure["errorMessage"] == messages[do]
    assert f"asked for {do}" in log
    assert function.invoke("return")["process"] != before["process"]


def test_a_function_that_never_stops_logging_is_timed_out(function: Function) -> None:
    began = time.monotonic()
    assert function.invoke("log for ever")["errorMessage"] == "Task timed out after 3.00 seconds"
    assert time.monotonic() - began < 15


def test_the_log_is_whole_and_of_one_invocation_only(function: Function) -> None:
    function.invoke("return")
    assert function.answer("write")[1].count("written") == 300
    assert function.answer("return")[1].splitlines() == ["asked for return"]


def test_a_log_that_ends_within_a_line_ends_with_its_invocation(function: Function) -> None:
    assert function.answer("stay within a line")[1].splitlines()[-2:] == ["asked for stay within a line", "no end"]
    assert function.answer("return")[1].splitlines() == ["asked for return"]


def test_a_result_that_is_not_json_is_an_error_with_a_trace(function: Function) -> None:
    before = function.invoke("return")
    failure, log = function.answer("return a set")
    assert failure["errorMessage"] == "Object of type set is not JSON serializable"
    assert "TypeError" in log
    assert function.invoke("return")["process"] == before["process"]


def test_a_function_that_is_changed_during_an_invocation_answers_the_next(function: Function, cloud: Cloud) -> None:
    before = function.invoke("return")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(function.invoke, "wait")
        time.sleep(0.5)
        cloud.client("lambda").update_function_configuration(FunctionName=function.name, MemorySize=256)
        assert function.invoke("return")["process"] != before["process"]
        assert "errorMessage" in running.result(), "its process has died, or took too long"


def test_a_large_event_and_answer_arrive(function: Function) -> None:
    text = "é" * 1_000_000
    assert function.invoke("return", text=text)["text"] == text


def test_functions_share_no_environment_variables(function: Function) -> None:
    assert function.invoke("return")["secret"] is None
