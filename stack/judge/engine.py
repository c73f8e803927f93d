"""Evaluate IAM policies with the npm package @cloud-copilot/iam-simulate.

The package runs in a Node child process, `judge.mjs`. For each line of JSON on its stdin, the child writes a line of
JSON on its stdout.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, Self

from stack.judge.model import Decision, PolicyEntry, Question
from stack.paths import judge_home

_JUDGE = Path(__file__).with_name("judge.mjs")
# Emails to different recipients are different questions. Without this limit, a load test would fill the memory with
# answers.
_MAX_ANSWERS = 20_000

Policy = Mapping[str, Any]


class EngineError(Exception):
    """The engine is not installed, has ended, or cannot evaluate a question. This does not mean that IAM refuses."""


class Engine:
    """Evaluates questions, and remembers the answers. Threads may share an Engine.

    If the child process has ended, the next question starts another.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._home = home or judge_home()
        self._lock = Lock()
        self._child: subprocess.Popen[str] | None = None
        self._sent_policies: set[str] = set()
        self._answers: dict[tuple[str, str], Decision] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child:
            _end(child)

    def decide(self, policies: Sequence[Policy], question: Question, principal: str) -> Decision:
        """`principal`: the ARN of the role that has these policies, or of a session of this role."""
        return self._decide(policies, question, {"principal": principal, "account": principal.split(":")[4]})

    def refused(self, policies: Sequence[Policy], questions: Iterable[Question], principal: str) -> Question | None:
        """Return the first question that these policies do not allow; None if they allow all."""
        return next((each for each in questions if not self.decide(policies, each, principal).allowed), None)

    def admits(
        self,
        resource_policy: Policy,
        question: Question,
        principal: str,
        account: str,
        policies: Sequence[Policy] = (),
    ) -> bool:
        """Return whether the policy of a resource in this account lets the principal make the call.

        `principal`: an ARN, or a service such as sns.amazonaws.com. `policies`: those of the principal.
        """
        caller = {"principal": principal, "account": account, "resourcePolicy": resource_policy}
        return self._decide(policies, question, caller).allowed

    def _decide(self, policies: Sequence[Policy], question: Question, caller: Mapping[str, Any]) -> Decision:
        documents = json.dumps(policies, sort_keys=True)
        asked = {"action": question.action, "resource": question.resource, "context": question.context, **caller}
        key = (documents, json.dumps(asked, sort_keys=True))
        with self._lock:
            if key not in self._answers:
                if len(self._answers) >= _MAX_ANSWERS:
                    self._answers.clear()
                self._answers[key] = self._ask(documents, asked)
            return self._answers[key]

    def _ask(self, documents: str, asked: Mapping[str, Any]) -> Decision:
        """Ask the child process. Send the policies only with their first question, because the child keeps them."""
        child = self._running_child()
        policies_hash = hashlib.sha256(documents.encode()).hexdigest()
        request: dict[str, Any] = {"policy": policies_hash, **asked}
        if policies_hash not in self._sent_policies:
            request["documents"] = json.loads(documents)
        reply = _exchange(child, json.dumps(request))
        if "error" in reply:
            raise EngineError(f"{asked['action']} on {asked['resource']}: {reply['error']}")
        self._sent_policies.add(policies_hash)
        return Decision(reply["allowed"], frozenset(chain(*map(_entries, reply["used"]))))

    def _running_child(self) -> subprocess.Popen[str]:
        if self._child and self._child.poll() is not None:
            _end(self._child)  # It has ended by itself, but its pipes are still open.
            self._child = None
        if self._child is None:
            self._sent_policies.clear()
            self._child = _start(self._home)
        return self._child


def _start(home: Path) -> subprocess.Popen[str]:
    node = home / "wheel" / "bin" / "node"
    is_installed = node.exists() and (home / "node_modules").exists()
    if not is_installed:
        raise EngineError("the judge is not installed: run it through make, e.g. `make test`")
    return subprocess.Popen(
        [str(node), str(_JUDGE), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        text=True,
        encoding="utf-8",
    )


def _end(child: subprocess.Popen[str]) -> None:
    with suppress(BrokenPipeError):  # The child has ended already.
        child.communicate(timeout=10)  # This closes the child's stdin, which ends the child.


def _exchange(child: subprocess.Popen[str], request: str) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(request + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        raise EngineError(f"the engine ended with code {child.wait()}")
    reply: dict[str, Any] = json.loads(line)
    return reply


def _entries(used: Mapping[str, Any]) -> list[PolicyEntry]:
    """`used`: what judge.mjs returns for a statement."""
    statement = used["statement"]  # Its Sid or its index.
    actions = [PolicyEntry(statement, "Action", action) for action in used["actions"]]
    resources = [PolicyEntry(statement, "Resource", resource) for resource in used["resources"]]
    condition_values = [PolicyEntry(statement, key, value) for key, value in used["values"]]
    return [*actions, *resources, *condition_values]
