"""Values of the account, each with its source. A value that cannot be read has a reason instead; no error is raised."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# No call may hold up the report.
CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
NOT_ALLOWED = "you are not allowed to read this"
_DENIALS = frozenset({"AuthorizationError", "UnauthorizedOperation", "NotAuthorized", "UnauthorizedException"})

Clients = Callable[[str, str], Any]
"""Return the client of a service in a region ("": the usual one)."""


@dataclass(frozen=True)
class Value:
    """`name` is group and name: ses.daily. `problem` says why there is no value."""

    name: str
    source: str
    value: Any = None
    problem: str = ""


@dataclass(frozen=True)
class Read:
    """One call, and what to take from its answer, by the names of the values."""

    service: str
    operation: str
    values: Mapping[str, Callable[[Any], Any]]
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str = ""

    @property
    def source(self) -> str:
        return f"{self.service} {''.join(part.title() for part in self.operation.split('_'))}"


class Values:
    """What was read, by name."""

    def __init__(self, values: Iterable[Value]) -> None:
        self.by_name = {value.name: value for value in values}

    def __iter__(self) -> Any:
        return iter(self.by_name.values())

    def get(self, name: str, otherwise: Any = None) -> Any:
        """Return the value, or `otherwise` if it was not read."""
        found = self.by_name.get(name)
        return otherwise if found is None or found.problem else found.value

    def has(self, name: str) -> bool:
        return name in self.by_name and not self.by_name[name].problem

    def unread(self) -> list[Value]:
        return [value for value in self if value.problem]


def read(reads: Iterable[Read], clients: Clients) -> list[Value]:
    return [value for each in reads for value in _values(each, clients)]


def _values(each: Read, clients: Clients) -> list[Value]:
    try:
        answer = getattr(clients(each.service, each.region), each.operation)(**each.params)
    except (ClientError, BotoCoreError) as error:
        return [Value(name, each.source, problem=_problem(error)) for name in each.values]
    return [_value_of(name, each.source, take, answer) for name, take in each.values.items()]


def _value_of(name: str, source: str, take: Callable[[Any], Any], answer: Any) -> Value:
    try:
        return Value(name, source, take(answer))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return Value(name, source, problem="the answer does not have it")


def _problem(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, BotoCoreError):
        return f"no answer ({type(error).__name__})"
    code = error.response.get("Error", {}).get("Code", "")
    return NOT_ALLOWED if "AccessDenied" in code or code in _DENIALS else f"AWS answered {code}"
