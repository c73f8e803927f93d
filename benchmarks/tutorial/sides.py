"""Run our handler and the tutorial's in one process, with the emulator as AWS, so that both can get the same faults."""

import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

import boto3

from benchmarks import records, scene
from benchmarks.calls import MeteredApp
from benchmarks.tutorial.deployment import TEMPLATE
from benchmarks.tutorial.faults import SdkFaults

NAMES = ("ours", "theirs")
TABLES = {"SignaturesTable": "TUTORIAL_SIGNATURES_TABLE", "CountersTable": "TUTORIAL_COUNTERS_TABLE"}

Value = TypeVar("Value")


def for_both(value_of: Callable[[str], Value]) -> dict[str, Value]:
    """Return the values of both sides, by their names."""
    return {name: value_of(name) for name in NAMES}


class Sides:
    """Both applications, with which the same people sign."""

    def __init__(self, endpoint: str) -> None:
        self.metered_app = MeteredApp(endpoint)
        self.faults = SdkFaults(boto3.DEFAULT_SESSION.events)  # type: ignore[union-attr]
        self.slug = self.metered_app.petition.slug
        records.create_queue_and_sender()
        boto3.client("sqs").create_queue(QueueName="overflow")
        _create_tables()
        self._apps = _apps()

    def sign(self, name: str, person: str) -> int:
        """Sign the petition in the application `name` (ours or theirs). Return the status: 500 after an exception."""
        answer = self._apps[name](scene.sign_event(self.slug, person), None)
        return int(answer["statusCode"])

    def read_count(self, name: str) -> int:
        if name == "ours":
            with self.metered_app.stale_snapshots():
                answer = self.metered_app.get_count()
        else:
            answer = self._apps[name](scene.count_event(self.slug), None)
        return int(json.loads(answer["body"])["count"])


def _apps() -> dict[str, Callable[[dict[str, Any], None], dict[str, Any]]]:
    """Return both applications. Import them late: the tutorial's needs settings and faults when it is imported."""
    from app import app
    from benchmarks.tutorial import application

    return {"ours": app, "theirs": application.app}


def _create_tables() -> None:
    declared = json.loads(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    client: Any = boto3.client("dynamodb")
    for table, variable in TABLES.items():
        os.environ[variable] = table
        client.create_table(TableName=table, **declared[table]["Properties"])
