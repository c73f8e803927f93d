"""Find out which Lambda function sent a request to the emulator, and which policies the function's role has.

To make this possible, each function gets credentials of its own: those of a session of the function's role. The
emulator itself gives such credentials only if its own IAM is turned on. We leave its IAM off, because it does not
know all condition keys of DynamoDB.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from ministack.core import lambda_runtime
from ministack.services import iam, lambda_svc, sts

_HEADER_ACCESS_KEY = re.compile(r"Credential=([^/,\s]+)/")


class UnknownSession(Exception):
    """The credentials of the request are from another emulator, or from this emulator before it was reset."""


@dataclass(frozen=True)
class Caller:
    """The function that sent a request. `name`: the name of the function, which is also that of its role's session."""

    account: str
    role: str
    name: str
    policies: tuple[str, ...]
    """The role's inline policies as deployed: JSON documents."""

    @property
    def arn(self) -> str:
        return f"arn:aws:sts::{self.account}:assumed-role/{self.role}/{self.name}"


def install() -> None:
    """Let each function that starts from now on sign its requests with the credentials of a session of its role."""
    for module in (lambda_runtime, lambda_svc):  # The second has imported the function under the same name.
        module.execution_credentials = _session_credentials


def caller_of(headers: Mapping[str, str], query: bytes) -> Caller | None:
    """Return the function that signed a request. Return None for a request without the credentials of a session.

    For example, the requests of the deployer have no session. Raise UnknownSession if this emulator does not know the
    session that signed the request.
    """
    key = _access_key(headers, query)
    session = sts._sessions.get(key)
    if not session:
        if key.startswith("ASIA"):  # Only the keys of sessions begin with ASIA.
            raise UnknownSession
        return None
    # The ARN is arn:aws:sts::<account>:assumed-role/<role>/<name>.
    account, role_session = session["Arn"].split(":", 5)[4:]
    _, role, name = role_session.split("/", 2)
    return Caller(account, role, name, _policies_of(account, role))


def names_access_key(headers: Mapping[str, str], query: bytes) -> bool:
    """Return whether the request names an access key. This does not check the signature."""
    return bool(_access_key(headers, query))


def _session_credentials(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables with a function's credentials, and register their session.

    This replaces the emulator's `execution_credentials`. The session lasts as long as the emulator runs.
    """
    function = config["FunctionArn"]
    account = function.split(":")[4]
    role = config["Role"].rpartition("/")[2]
    name = config["FunctionName"][:64]  # AWS limits the name of a session to 64 characters.
    # Not random, so that all processes of the function have the same session.
    digest = hashlib.sha256(f"{function} {role}".encode()).hexdigest()
    key, secret, token = f"ASIA{digest[:16].upper()}", digest[16:40], digest[40:]
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    session = {"Arn": arn, "UserId": f"{role}:{name}", "SecretAccessKey": secret, "SessionToken": token}
    sts.register_session(key, session)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _access_key(headers: Mapping[str, str], query: bytes) -> str:
    """Return the access key id in the header or in a signed link of any signature version; "" if there is none."""
    found = _HEADER_ACCESS_KEY.search(headers.get("authorization", ""))
    if found:
        return found[1]
    parameters = parse_qs(query.decode("latin-1"))
    for name in ("X-Amz-Credential", "AWSAccessKeyId"):
        if name in parameters:
            credential = parameters[name][0]
            return credential.partition("/")[0]
    return ""


def _policies_of(account: str, role: str) -> tuple[str, ...]:
    """Return the role's inline policies. The emulator holds each of them as text, in JSON."""
    role_record = iam._roles.get_scoped(account, None, role) or {}
    policies = role_record.get("InlinePolicies") or {}
    return tuple(policies.values())
