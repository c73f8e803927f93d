"""Read values of the account with calls of AWS. A value is a limit or a state, such as ses.rate.

If a value cannot be read, no exception is raised. The value then has a problem: a text that says why.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Short timeouts, so that no call delays the report for long.
CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
NOT_ALLOWED = "you are not allowed to read this"
_DENIALS = frozenset({"AuthorizationError", "UnauthorizedOperation", "NotAuthorized", "UnauthorizedException"})

Clients = Callable[[str, str], Any]
"""A function that returns the client of a service in a region."""
DEFAULT_REGION = ""
"""Stands for the region of the boto3 session: that of the operator's AWS configuration, or the emulator's."""


@dataclass(frozen=True)
class Value:
    """A value that was read, or a problem. `name`: its group and its name in the group, such as ses.daily.

    `source`: the call or the DNS record that has the value. `problem`: why it could not be read; "" if it was read.
    """

    name: str
    source: str
    value: Any = None
    problem: str = ""


@dataclass(frozen=True)
class AwsCall:
    """One call of AWS. `values`: for the name of each value, a function that gets the value from the answer."""

    service: str
    operation: str
    values: Mapping[str, Callable[[Any], Any]]
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str = DEFAULT_REGION

    @property
    def source(self) -> str:
        words = [word.title() for word in self.operation.split("_")]
        return f"{self.service} {''.join(words)}"


class Values:
    """The values by name, including those that could not be read."""

    def __init__(self, values: Iterable[Value]) -> None:
        self.by_name = {value.name: value for value in values}

    def __iter__(self) -> Any:
        return iter(self.by_name.values())

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return the value of this name, or `otherwise` if it could not be read, or if no call asked for it."""
        return self.by_name[name].value if self.has(name) else otherwise

    def has(self, name: str) -> bool:
        """Return whether the value of this name was read."""
        return name in self.by_name and not self.by_name[name].problem

    def unread(self) -> list[Value]:
        return [value for value in self if value.problem]


def read_values(calls: Iterable[AwsCall], clients: Clients) -> list[Value]:
    """Make the calls and return all their values, including those that could not be read."""
    values: list[Value] = []
    for call in calls:
        values += _values(call, clients)
    return values


def _values(call: AwsCall, clients: Clients) -> list[Value]:
    try:
        answer = _answer(call, clients(call.service, call.region))
    except (ClientError, BotoCoreError) as error:
        return [Value(name, call.source, problem=_problem(error)) for name in call.values]
    return [_value_of(name, call.source, get_value, answer) for name, get_value in call.values.items()]


def _answer(call: AwsCall, client: Any) -> Any:
    """Make the call. If AWS answers in pages, read them all, and return them as one answer.

    For example, DynamoDB answers a query in pages of 1 MB.
    """
    if client.can_paginate(call.operation):
        pages = client.get_paginator(call.operation).paginate(**call.params)
        return pages.build_full_result()
    return getattr(client, call.operation)(**call.params)


def _value_of(name: str, source: str, get_value: Callable[[Any], Any], answer: Any) -> Value:
    try:
        return Value(name, source, get_value(answer))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return Value(name, source, problem="the answer does not have it")


def _problem(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, BotoCoreError):
        return f"no answer ({type(error).__name__})"
    code = error.response.get("Error", {}).get("Code", "")
    is_denied = "AccessDenied" in code or code in _DENIALS
    return NOT_ALLOWED if is_denied else f"AWS answered {code}"
