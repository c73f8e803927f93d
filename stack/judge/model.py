"""The data of the judge: an AWS call, the questions that IAM must answer for the call, and the decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Context = Mapping[str, str | list[str]]


class UnknownCall(Exception):
    """The judge does not know this call, so it cannot decide. Treat this as an error of the test, not as allowed."""


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Where:
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Question:
    """May the role do this action on this resource, with these condition keys (`context`)?

    A call is allowed if IAM allows all its questions.
    """

    action: str
    resource: str
    context: Context


class PolicyEntry(NamedTuple):
    """`statement`: the Sid or the index of the statement. `kind`: "Action", "Resource" or the name of the condition
    key.
    """

    statement: str
    kind: str
    value: str


@dataclass(frozen=True)
class Decision:
    """The answer to one question, and the entries of the policies (PolicyEntry) that allowed the question."""

    allowed: bool
    entries: frozenset[PolicyEntry] = frozenset()
