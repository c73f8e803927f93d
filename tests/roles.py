"""Handlers in this process sign their calls as the function that runs them on AWS, for the emulator's referee.

Tests call the application's handlers themselves. Outside of a handler, a test makes its calls as the deployer.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.session import Session
from chalice.app import Chalice, ChaliceAuthorizer, EventSourceHandler

from stack.paths import REGION
from stack.referee.model import Where
from stack.referee.policies import PARAMETERS, declared_policies
from stack.referee.resolve import Resolver
from stack.template.merge import merge_template
from tests.referee.witness import function_of_route

DEPLOYER = ReadOnlyCredentials("test", "test", None)
_running: ContextVar[str | None] = ContextVar("running", default=None)


class _Names(Resolver):
    """The template's policies for tables and queues with names of a test's own."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(merge_template(), PARAMETERS, Where(REGION, "000000000000"))
        self._names = names

    def name(self, logical: str) -> str:
        return self._names.get(logical) or super().name(logical)


class Roles(Credentials):
    """Credentials of the function that runs in this thread; a function's role is made when it first runs."""

    def __init__(self) -> None:
        super().__init__("test", "test")
        self.begin({})

    def begin(self, names: Mapping[str, str]) -> None:
        """Begin a test, whose tables and queues have these names."""
        self._names = names
        self._issued: dict[str, ReadOnlyCredentials] = {}

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        function = _running.get()
        if function is None:
            return DEPLOYER
        with running(None):
            if function not in self._issued:
                self._issued[function] = self._issue(function)
        return self._issued[function]

    def _issue(self, function: str) -> ReadOnlyCredentials:
        policy = _Names(self._names).value(declared_policies()[function])
        iam = boto3.client("iam")
        name = uuid.uuid4().hex
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        issued = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName=function)["Credentials"]
        return ReadOnlyCredentials(issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"])


@contextmanager
def running(function: str | None) -> Iterator[None]:
    """Make this thread's AWS calls as this function; None: as the deployer."""
    before = _running.set(function)
    try:
        yield
    finally:
        _running.reset(before)


def sign_as_functions(patch: pytest.MonkeyPatch, roles: Roles) -> None:
    """Let every client that is built from now on get its credentials from these roles."""
    patch.setattr(Session, "get_credentials", lambda _: roles)
    _run_as(patch, EventSourceHandler, lambda handler, _: str(handler.func.__name__))
    _run_as(patch, ChaliceAuthorizer, lambda authorizer, _: str(authorizer.name))
    _run_as(patch, Chalice, _function_of_request)


def _function_of_request(_: Any, event: Mapping[str, Any]) -> str:
    request = event["requestContext"]
    return function_of_route(request["httpMethod"], request["resourcePath"])


def _run_as(patch: pytest.MonkeyPatch, handler: Any, function: Callable[[Any, Any], str]) -> None:
    original = handler.__call__

    def call(self: Any, event: Any, context: Any) -> Any:
        with running(function(self, event)):
            return original(self, event, context)

    patch.setattr(handler, "__call__", call)
