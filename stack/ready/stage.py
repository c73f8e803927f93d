"""Read the outputs and parameters of a stage's stack, and create clients of AWS with short timeouts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from stack import changeset
from stack.aws import Cloud, endpoint_in_environment, one_line_errors
from stack.console import Failure
from stack.paths import ENDPOINTS, REGION
from stack.ready.reading import CONFIG, Clients, Value
from stack.target import LOCAL_STAGE

# The stack's parameters that the model (docs/capacity.md) needs.
_PARAMETERS_OF_MODEL = ("MailPerSecond", "MailSenders")


@dataclass(frozen=True)
class StackDescription:
    """A stack's name, outputs and parameters."""

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def model_values(self) -> list[Value]:
        """Return the values of the stack that the model needs."""
        source = "cloudformation DescribeStacks"
        numbers = [Value(f"stack.{name}", source, float(self.parameters[name])) for name in _PARAMETERS_OF_MODEL]
        return [*numbers, Value("stack.has_cdn", source, "EdgeArn" in self.outputs)]


def describe_stack(stack: str, cloud: Cloud) -> StackDescription:
    """Return the stack's outputs and parameters. Raise Failure if there is no such stack."""
    with one_line_errors():
        described = changeset.describe(cloud, stack)
    if described is None:
        raise Failure(f"there is no stack {stack}: deploy it first")
    return StackDescription(stack, changeset.outputs(described), changeset.parameters(described))


def endpoint_of(stage: str) -> str | None:
    """Return the emulator's URL, or None if the stage is on AWS.

    Raise Failure if the stage is the local site and the local site is not running.
    """
    from_environment = endpoint_in_environment()
    if from_environment or stage != LOCAL_STAGE:
        return from_environment  # None: the stage is on AWS.
    if not ENDPOINTS.exists():
        raise Failure("the local site is not running: start it with `make run`")
    endpoints = json.loads(ENDPOINTS.read_text(encoding="utf-8"))
    return str(endpoints["emulator"])


def clients(endpoint: str | None) -> Clients:
    """Return a function that returns clients of AWS, or of the emulator at `endpoint`."""
    session = _session(endpoint)

    @cache
    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region or None, endpoint_url=endpoint, config=CONFIG)

    return client


def _session(endpoint: str | None) -> Any:
    if not endpoint:
        return boto3.session.Session()
    return boto3.session.Session("test", "test", region_name=REGION)
