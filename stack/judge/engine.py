"""Evaluate IAM policies with the npm package @cloud-copilot/iam-simulate.

The package runs in a Node child process, `judge.mjs`. For each line of JSON on its stdin, the child writes a line of
JSON on its stdout.
"""

import atexit
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

from stack.judge.model import Decision, PolicyEntry, Question
from stack.paths import judge_home

_JUDGE = Path(__file__).with_name("judge.mjs")
_lock = Lock()

Policy = Mapping[str, Any]


class EngineError(Exception):
    """The engine is not installed, has ended, or cannot evaluate a question. This does not mean that IAM refuses."""


def decide(
    policies: Sequence[Policy],
    question: Question,
    principal: str,
    resource_policy: Policy | None = None,
    account: str = "",
) -> Decision:
    """Decide, or remember a decision. Threads may call it.

    `principal`: the ARN of the role that has these policies, or of a session of this role; or a service, such as
    sns.amazonaws.com. `resource_policy`: that of the resource, if it has one. `account`: of the resource, if the
    principal has none.
    """
    resource = {"resourcePolicy": resource_policy} if resource_policy else {}
    caller = {"principal": principal, "account": account or principal.split(":")[4]}
    return _decision(json.dumps({"policies": policies, **resource, **asdict(question), **caller}, sort_keys=True))


# Each signature is a question of its own. Without this limit, a load test would fill the memory with decisions.
@lru_cache(maxsize=20_000)
def _decision(request: str) -> Decision:
    with _lock:
        reply = _exchange(_child(), request)
    if "error" in reply:
        raise EngineError(f"{reply['error']}: {request}")
    return Decision(reply["allowed"], frozenset(chain(*map(_entries, reply["used"]))))


@cache
def _child() -> subprocess.Popen[str]:
    """Start the child, which ends with this process."""
    home = judge_home()
    node = home / "wheel" / "bin" / "node"
    is_installed = node.exists() and (home / "node_modules").exists()
    if not is_installed:
        raise EngineError("the judge is not installed: run it through make, e.g. `make test`")
    child = subprocess.Popen(
        [str(node), str(_JUDGE), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        text=True,
        encoding="utf-8",
    )
    atexit.register(child.communicate)  # This closes the child's stdin, which ends the child.
    return child


def _exchange(child: subprocess.Popen[str], request: str) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(request + "\n")
    child.stdin.flush()
    line = child.stdout.readline()
    if not line:
        raise EngineError(f"the engine ended with code {child.wait()}")
    reply: dict[str, Any] = json.loads(line)
    return reply


def _entries(used: Mapping[str, Any]) -> list[PolicyEntry]:
    """`used`: what judge.mjs returns for a statement."""
    statement = used["statement"]  # Its Sid or its number.
    actions = [PolicyEntry(statement, "Action", action) for action in used["actions"]]
    resources = [PolicyEntry(statement, "Resource", resource) for resource in used["resources"]]
    condition_values = [PolicyEntry(statement, key, value) for key, value in used["values"]]
    return [*actions, *resources, *condition_values]
