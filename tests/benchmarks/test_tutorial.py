"""The comparison with a tutorial's application: its table is fair to both, and its faults do what their names say."""

import os
from copy import deepcopy
from typing import Any

import boto3
import pytest

from benchmarks import scene
from benchmarks.results import read
from benchmarks.tutorial.__main__ import lines
from benchmarks.tutorial.faults import SdkFaults
from benchmarks.wire import stub_connections

AHEAD: dict[str, Any] = {
    "aws_calls": {"ours": 1, "theirs": 4},
    "write_units": {"ours": 1, "theirs": 2},
    "handler_cpu_ms": {"ours": 1.4, "theirs": 4.0},
    "requests_per_second": {"ours": 200, "theirs": 100},
    "count_error_race": {"ours": 0, "theirs": 5},
    "count_error_retries": {"ours": 0, "theirs": 10},
    "mails_lost": {"ours": 0, "theirs": 10},
}


def missed_lines(measured: dict[str, Any]) -> list[str]:
    return [line for line in lines(measured) if "MISSED" in line]


def test_our_side_counts_correctly_and_loses_no_email() -> None:
    measured = read()["tutorial"]
    assert [measured[name]["ours"] for name in ("count_error_race", "count_error_retries", "mails_lost")] == [0, 0, 0]


def test_no_row_is_missed_if_our_side_is_better_everywhere() -> None:
    assert missed_lines(AHEAD) == []


@pytest.mark.parametrize(
    ("name", "side", "value"),
    [
        ("aws_calls", "ours", 4),
        ("write_units", "theirs", 1),
        ("handler_cpu_ms", "ours", 4.1),
        ("requests_per_second", "ours", 199),
        ("count_error_race", "ours", 1),
        ("count_error_race", "ours", -1),
        ("count_error_retries", "theirs", 0),
        ("mails_lost", "ours", 1),
    ],
)
def test_a_row_in_which_our_side_is_not_better_is_missed(name: str, side: str, value: float) -> None:
    worse = deepcopy(AHEAD)
    worse[name][side] = value
    assert len(missed_lines(worse)) == 1


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    for name, value in {**scene.AWS_SETTINGS, "AWS_ENDPOINT_URL": "http://aws.test"}.items():
        monkeypatch.setenv(name, value)
    assert os.environ["AWS_ENDPOINT_URL"]
    return boto3.Session()


def test_the_sdk_retries_a_lost_response_once(session: boto3.Session) -> None:
    sent: list[str] = []
    session.events.register("before-send.dynamodb", lambda event_name, **_: sent.append(event_name))
    faults = SdkFaults(session.events)
    with stub_connections({"PutItem": {}}):
        client: Any = session.client("dynamodb")
        with faults.losing_answers():
            client.put_item(TableName="t", Item={"pk": {"S": "a"}})
        client.put_item(TableName="t", Item={"pk": {"S": "b"}})
    assert len(sent) == 3
