"""Identify callers: every function gets a session of its own role, whose policies say what it may do.

The emulator does this only together with its own IAM, which ignores the condition keys of DynamoDB and checks the
signature of every request.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from ministack.core import lambda_runtime
from ministack.services import iam, lambda_svc, sts

_IN_HEADER = re.compile(r"Credential=([^/,\s]+)/")


class UnknownSession(Exception):
    """The request is signed by a session of another emulator, or of this one before a reset."""


@dataclass(frozen=True)
class Caller:
    """`name`: the session's name, which is the function's name."""

    account: str
    role: str
    name: str
    policies: tuple[str, ...]
    """JSON documents, as the template deployed them."""

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role}/{self.name}"


def install() -> None:
    """Give each function that starts from now on a session of its role. It signs with this session's credentials."""
    for module in (lambda_runtime, lambda_svc):
        module.execution_credentials = _credentials


def caller_of(headers: Mapping[str, str], query: bytes) -> Caller | None:
    """Return the role behind a request; None for a request that no role signed, such as the deployer's.

    Raise UnknownSession for a role's credentials that the emulator did not issue.
    """
    key = _access_key(headers, query)
    session = sts._sessions.get(key)
    if not session:
        if key.startswith("ASIA"):
            raise UnknownSession
        return None
    account, kind_role_name = session["Arn"].split(":", 5)[4:]
    _, role, name = kind_role_name.split("/", 2)
    return Caller(account, role, name, _policies(account, role))


def is_signed(headers: Mapping[str, str], query: bytes) -> bool:
    return bool(_access_key(headers, query))


def _credentials(config: Mapping[str, Any]) -> dict[str, str]:
    """Return a session that lasts as long as the emulator. Replaces the emulator's `execution_credentials`."""
    function, role = config["FunctionArn"], config["Role"].rpartition("/")[2]
    account, name = function.split(":")[4], config["FunctionName"]
    digest = hashlib.sha256(f"{function} {role}".encode()).hexdigest()
    key, secret, token = f"ASIA{digest[:16].upper()}", digest[16:40], digest[40:]
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name[:64]}"
    session = {"Arn": arn, "UserId": f"{role}:{name[:64]}", "SecretAccessKey": secret, "SessionToken": token}
    sts.register_session(key, session)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _access_key(headers: Mapping[str, str], query: bytes) -> str:
    """Return the access key id of the header or of a signed link, of any signature version."""
    if found := _IN_HEADER.search(headers.get("authorization", "")):
        return found[1]
    parameters = parse_qs(query.decode("latin-1"))
    credential = parameters.get("X-Amz-Credential") or parameters.get("AWSAccessKeyId") or [""]
    return credential[0].partition("/")[0]


def _policies(account: str, role: str) -> tuple[str, ...]:
    found = iam._roles.get_scoped(account, None, role) or {}
    inline = (found.get("InlinePolicies") or {}).values()
    return tuple(document if isinstance(document, str) else json.dumps(document) for document in inline)
