"""The plain emulator for tests, one for each worker, behind pytest-localstack: no test can reach real AWS.

The judge is installed in this process: it refuses what AWS refuses and the emulator accepts.

LOCALSTACK unset: start ministack on a free loopback port. LOCALSTACK=host:port: use the emulator that runs there.
LOCALSTACK=moto: start moto's server.
"""

import json
import os
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from pytest_localstack import service_checks
from pytest_localstack.session import RunningSession

from chalicelib.aws import bucket, clients, email, queue, table
from chalicelib.aws.table import Tables
from chalicelib.core.settings import QUEUES
from stack.judge.install import install, uninstall
from stack.judge.judge import Judge
from stack.local.emulator import client_environment, empty_emulator
from tests import another_emulator
from tests.emulated_resources import BUCKET, SENDER, create_tables, environment_variables, physical_names
from tests.fake_site import forget_process_state
from tests.roles import run_as_functions

REGION = "us-east-1"
SERVICES = ("dynamodb", "dynamodbstreams", "s3", "sqs", "ses")


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """The URL of this worker's own emulator."""
    chosen = os.environ.get("LOCALSTACK", "")
    if another_emulator.IS_CHOSEN:
        with another_emulator.moto_server() as endpoint:
            yield endpoint
    elif chosen:
        yield f"http://{chosen}"
    else:
        with empty_emulator() as running:
            yield running.endpoint


@pytest.fixture(scope="session")
def localstack(aws_endpoint: str) -> RunningSession:
    """A pytest-localstack session on the emulator. It is checked here: `start` does not report a dead endpoint."""
    host, _, port = aws_endpoint.removeprefix("http://").partition(":")
    ports = dict.fromkeys(SERVICES, int(port))
    session = RunningSession(host, services=ports, region_name=REGION)
    for service in SERVICES:
        service_checks.SERVICE_CHECKS[service](session)
    return session


@dataclass(frozen=True)
class EmulatedAws:
    """New tables and queues, which the application's own factories use. `judge`: judges the functions' calls."""

    judge: Judge
    endpoint: str
    tables: Tables
    stream_arn: str
    queues: dict[str, str]


@pytest.fixture(scope="session")
def emulator_client() -> Callable[..., Any]:
    """Build each client once for all tests: reading the services' descriptions would take most of a test's time."""
    build = boto3.client
    return cache(lambda service, config=None: build(service, config=config and config.merge(another_emulator.PATIENT)))


@pytest.fixture
def emulated_aws(
    localstack: RunningSession,
    aws_endpoint: str,
    emulator_client: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[EmulatedAws]:
    """New tables, as the template declares them, and new queues for each test."""
    with ExitStack() as stack:
        stack.enter_context(localstack.botocore.patch_botocore())
        run_as_functions(monkeypatch)
        install(Judge())  # Its clients are those of all tests. It judges nothing yet: this is the engineer.
        stack.callback(uninstall)
        monkeypatch.setattr(boto3, "client", emulator_client)
        if another_emulator.IS_CHOSEN:
            another_emulator.forget_all(aws_endpoint)
        for name, value in client_environment(aws_endpoint).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_ENDPOINT_URL")
        _clear_caches()
        stack.callback(_clear_caches)
        names, stream_arn = create_tables()
        sqs = boto3.client("sqs")
        queues = {name: sqs.create_queue(QueueName=f"{name}-{uuid.uuid4().hex}")["QueueUrl"] for name in QUEUES}
        boto3.client("ses").verify_email_identity(EmailAddress=SENDER)
        boto3.client("s3").create_bucket(Bucket=names[BUCKET])
        judge = Judge(physical_names(names, queues))
        install(judge)
        for name, value in environment_variables(names, queues).items():
            monkeypatch.setenv(name, value)
        yield EmulatedAws(judge, aws_endpoint, table.tables(), stream_arn, queues)


@pytest.fixture
def emulator_tables(emulated_aws: EmulatedAws) -> Tables:
    return emulated_aws.tables


def _clear_caches() -> None:
    """Clear the application's cached clients, settings and petitions."""
    forget_process_state()
    for module in (bucket, clients, email, queue, table):
        for factory in vars(module).values():
            if hasattr(factory, "cache_clear"):
                factory.cache_clear()


def sent_mails(endpoint: str) -> list[dict[str, Any]]:
    """Return the emails sent to the emulated SES, oldest first."""
    if another_emulator.IS_CHOSEN:
        return another_emulator.emails_of_moto(endpoint)
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages", timeout=10) as answer:
        document = json.load(answer)
    return [mail for account in document["messages"].values() for mail in account]


def eventually(check: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Call `check` until its result is true and return it. Fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {check}"
        time.sleep(0.1)
