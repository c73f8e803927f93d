"""The IAM evaluation engine: @cloud-copilot/iam-simulate in a Node child process, asked over its stdin and stdout."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Self

from stack.paths import referee_home
from stack.referee.model import Decision, PolicyEntry, Question

_JUDGE = Path(__file__).with_name("judge.mjs")
# In a load test, one process asks about every recipient. Without a limit, the answers would fill its memory.
_MAX_ANSWERS = 20_000

Policy = Mapping[str, Any]


class EngineError(Exception):
    """The engine is missing, has died, or cannot evaluate a question. Never a refusal."""


class Engine:
    """Evaluates questions. Threads may share one; a child that has died is started again by the next question."""

    def __init__(self, home: Path | None = None) -> None:
        self._home = home or referee_home()
        self._lock = Lock()
        self._child: subprocess.Popen[str] | None = None
        self._sent_policies: set[str] = set()
        self._answers: dict[tuple[str, str, str], Decision] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        with self._lock:
            child, self._child = self._child, None
        if child:
            _end(child)

    def decide(self, policies: Sequence[Policy], question: Question, principal: str) -> Decision:
        """Decide whether the policies allow the call. `principal` is the ARN of a role or of its session."""
        documents = json.dumps(policies, sort_keys=True)
        question_text = json.dumps([question.action, question.resource, question.context], sort_keys=True)
        with self._lock:
            key = (documents, principal, question_text)
            if key not in self._answers:
                if len(self._answers) >= _MAX_ANSWERS:
                    self._answers.clear()
                self._answers[key] = self._ask(documents, question, principal)
            return self._answers[key]

    def _ask(self, documents: str, question: Question, principal: str) -> Decision:
        child, policy = self._running_child(), hashlib.sha256(documents.encode()).hexdigest()
        request: dict[str, Any] = {
            "policy": policy,
            "principal": principal,
            "account": principal.split(":")[4],
            "action": question.action,
            "resource": question.resource,
            "context": question.context,
        }
        if policy not in self._sent_policies:
            request["documents"] = json.loads(documents)
        reply = _exchange(child, json.dumps(request))
        if "error" in reply:
            raise EngineError(f"{question.action} on {question.resource}: {reply['error']}")
        self._sent_policies.add(policy)
        return Decision(reply["allowed"], frozenset(entry for used in reply["used"] for entry in _entries(used)))

    def _running_child(self) -> subprocess.Popen[str]:
        """Return the running engine. Start it if there is none or it has died."""
        if self._child and self._child.poll() is not None:
            _end(self._child)
            self._child = None
        if self._child is None:
            self._sent_policies.clear()
            self._child = _start(self._home)
        return self._child


def _start(home: Path) -> subprocess.Popen[str]:
    node = home / "wheel" / "bin" / "node"
    if not node.exists() or not (home / "node_modules").exists():
        raise EngineError("the referee is not installed: run it through make, e.g. `make test`")
    return subprocess.Popen(
        [str(node), str(_JUDGE), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        text=True,
        encoding="utf-8",
    )


def _end(child: subprocess.Popen[str]) -> None:
    with suppress(BrokenPipeError):
        child.communicate(timeout=10)  # Closes its stdin, which ends it.


def _exchange(child: subprocess.Popen[str], request: str) -> dict[str, Any]:
    """Send a request and return the engine's reply."""
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
    """Return the entries of the statement that allowed the call."""
    statement = used["statement"]
    return [
        *(PolicyEntry(statement, "Action", action) for action in used["actions"]),
        *(PolicyEntry(statement, "Resource", resource) for resource in used["resources"]),
        *(PolicyEntry(statement, key, value) for key, value in used["values"]),
    ]
