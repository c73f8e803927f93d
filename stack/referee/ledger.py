"""The ledger of the used policy entries. An entry is an action, a resource or a condition value in a statement.

Many processes note used entries in one folder; one process reads them all. After tests with REFEREE_LEDGER=FOLDER,
`python -m stack.referee.ledger FOLDER` lists the entries that no call used.
"""

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

from stack.console import run_main, say
from stack.referee.model import PolicyEntry
from stack.referee.policies import resolved_policies

Policies = Mapping[str, Mapping[str, Any]]
"""The policy document of each function."""

FunctionEntry = tuple[str, PolicyEntry]
"""A function, and one entry of its policy."""


class Ledger:
    """Notes each used entry once. Each Ledger has its own file in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._noted: set[FunctionEntry] = set()
        self._lock = Lock()
        self._file = f"{os.getpid()}-{uuid4().hex}.jsonl"

    def note(self, function: str, entries: Iterable[PolicyEntry]) -> None:
        """Note that calls of this function used these entries."""
        with self._lock:
            new_entries = [entry for entry in entries if (function, entry) not in self._noted]
            if not new_entries:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps([function, *entry]) + "\n" for entry in new_entries]
            with (self._folder / self._file).open("a", encoding="utf-8") as file:
                file.writelines(lines)
            self._noted |= {(function, entry) for entry in new_entries}


def read(folder: Path) -> set[FunctionEntry]:
    """Return the used entries that are noted in the folder."""
    used: set[FunctionEntry] = set()
    for file in folder.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            function, *entry = json.loads(line)
            used.add((function, PolicyEntry(*entry)))
    return used


def unused(policies: Policies, used: Iterable[FunctionEntry]) -> list[FunctionEntry]:
    """Return the entries that no call used, in the order of the policies."""
    used_entries = set(used)
    return [entry for entry in entries(policies) if entry not in used_entries]


def report(policies: Policies, folder: Path) -> Iterator[str]:
    """Yield one line for each entry that no call used."""
    for function, entry in unused(policies, read(folder)):
        yield f"{function}: {entry.statement}: {entry.kind} {entry.value}"


def entries(policies: Policies) -> Iterator[FunctionEntry]:
    """Yield every entry of the policies."""
    for function, policy in policies.items():
        for index, statement in enumerate(policy["Statement"], 1):
            for entry in entries_of(statement, index):
                yield function, entry


def entries_of(statement: Mapping[str, Any], index: int) -> Iterator[PolicyEntry]:
    """Yield the entries of one statement. Name the statement as the engine does: by its Sid, else by `index`."""
    name = statement.get("Sid", str(index))
    for kind in ("Action", "Resource"):
        for value in as_list(statement[kind]):
            yield PolicyEntry(name, kind, value)
    for keys in statement.get("Condition", {}).values():
        for key, values in keys.items():
            for value in as_list(values):
                yield PolicyEntry(name, key, value)


def as_list(value: Any) -> list[Any]:
    """Return the value as a list. In place of a list, a policy may have a single value."""
    return value if isinstance(value, list) else [value]


def _main() -> None:
    parser = ArgumentParser(prog="python -m stack.referee.ledger", description=__doc__)
    parser.add_argument("folder", type=Path)
    for line in report(resolved_policies(), parser.parse_args().folder):
        say(line)


if __name__ == "__main__":
    run_main(_main)
