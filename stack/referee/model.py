"""The terms of the referee: a call, the IAM questions that it raises, and the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Context = Mapping[str, str | list[str]]


class UnknownCall(Exception):
    """The referee does not know this call. Treat it as an error of the test, never as an allowed call."""


@dataclass(frozen=True)
class Call:
    """One API call. `params` has the shape of botocore's operation input."""

    service: str
    operation: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Where:
    """Account and region of a call. `table_keys`: the key attributes of every table of this project."""

    region: str
    account: str
    partition: str = "aws"
    table_keys: tuple[str, ...] = ("pk", "sk")

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a regional resource of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Question:
    """One decision to ask IAM for. A call is allowed if all its questions are allowed."""

    action: str
    resource: str
    context: Context


class PolicyEntry(NamedTuple):
    """One entry of a policy statement: an action, a resource, or a value of a condition key."""

    statement: str
    kind: str
    value: str


@dataclass(frozen=True)
class Decision:
    """The answer to one question, and the entries of the policy that allowed it."""

    allowed: bool
    entries: frozenset[PolicyEntry] = frozenset()

    @property
    def statements(self) -> list[str]:
        """Return the Sids of the statements that allowed it, or their index where they have none."""
        return sorted({entry.statement for entry in self.entries})


@dataclass(frozen=True)
class Verdict:
    """The answer to a call. `refused` is the first question that the role does not allow."""

    questions: tuple[Question, ...]
    refused: Question | None
    entries: frozenset[PolicyEntry]

    @property
    def allowed(self) -> bool:
        """Return whether the role allows every question."""
        return self.refused is None

    @property
    def statements(self) -> list[str]:
        """Return the Sids of the statements that allowed it, or their index where they have none."""
        return sorted({entry.statement for entry in self.entries})
