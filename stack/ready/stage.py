"""The stack of the stage: its outputs and parameters. Clients of AWS that give up soon."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from stack import changeset
from stack.aws import Cloud, one_line_errors
from stack.console import Failure
from stack.paths import ENDPOINTS, REGION
from stack.ready.reading import CONFIG, Clients, Value
from stack.target import LOCAL_STAGE

# The stack's parameters that the model needs.
_NEEDED = ("MailPerSecond", "MailSenders")


@dataclass(frozen=True)
class StackDescription:
    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def model_values(self) -> list[Value]:
        """Return what the model needs to know about the stack."""
        source = "cloudformation DescribeStacks"
        needed = [Value(f"stack.{name}", source, float(self.parameters[name])) for name in _NEEDED]
        return [*needed, Value("stack.has_cdn", source, "EdgeArn" in self.outputs)]


def describe_stack(stack: str, cloud: Cloud) -> StackDescription:
    """Return the stack's outputs and parameters. Raise Failure if there is no such stack."""
    with one_line_errors():
        described = changeset.describe(cloud, stack)
    if described is None:
        raise Failure(f"there is no stack {stack}: deploy it first")
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
    return StackDescription(stack, changeset.outputs(described), parameters)


def endpoint_of(stage: str) -> str | None:
    """Return the emulator's URL, or None for AWS. Raise Failure if the local site is meant and does not run."""
    from_environment = os.environ.get("AWS_ENDPOINT_URL")
    if from_environment or stage != LOCAL_STAGE:
        return from_environment
    if not ENDPOINTS.exists():
        raise Failure("the local site is not running: start it with `make run`")
    return str(json.loads(ENDPOINTS.read_text(encoding="utf-8"))["emulator"])


def clients(endpoint: str | None) -> Clients:
    """Return clients of AWS, or of the emulator at `endpoint`."""
    session: Any = boto3.session.Session("test", "test", region_name=REGION) if endpoint else boto3.session.Session()

    @cache
    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region or None, endpoint_url=endpoint, config=CONFIG)

    return client
