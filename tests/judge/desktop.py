"""An engineer's computer, on which `manage.py` uses fakes. It collects the IAM questions that the AWS calls raise."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

import manage
from commands import common
from stack.judge.model import Question
from stack.judge.questions import questions
from stack.judge.resolve import HERE, resolver
from stack.template.merge import merge_template
from tests.commands.recovery import FakeRecovery
from tests.fake_site import FakeSite
from tests.judge import witness
from tests.judge.replay import Replay, environment
from tests.judge.witness import RecordedCall, recording

# AWS restores a table in the caller's name (docs/aws-facts.md).
RESTORING = ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")


class Desktop:
    """Runs `manage.py` on a fake site. `questions`: those of all calls so far, by their text."""

    def __init__(self, site: FakeSite, patch: pytest.MonkeyPatch, folder: Path) -> None:
        declared = environment(resolver(), merge_template())
        # Names of the stage prod: petitions-prod-MailQueue-1x for petitions-MailQueue.
        self.names = {name: re.sub("^petitions-(.*)", r"petitions-prod-\1-1x", text) for name, text in declared.items()}
        self.site, self.patch, self.folder = site, patch, folder
        self.questions: dict[str, Question] = {}
        self.replay = Replay(self.names, folder)
        patch.setattr(common, "tables", lambda: site.tables)

    def manage(self, *words: str, code: int = 0) -> None:
        self.record(lambda: self._run(words, code))

    def record(self, run: Callable[[], object]) -> None:
        """Run it, and note the questions of its calls on the fakes."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(witness, "_calling_function", lambda: "manage.py")
            with recording(self._note):
                run()

    def add(self, found: Iterable[Question]) -> None:
        self.questions |= {repr(question): question for question in found}

    def table(self, name: str) -> str:
        """Return the ARN of a table or of its copy. The fakes call the signatures table `signatures-test`."""
        real_name = name.replace("signatures-test", self.names["SIGNATURES_TABLE"])
        return HERE.arn("dynamodb", f"table/{real_name}")

    def _run(self, words: tuple[str, ...], code: int) -> None:
        assert manage.main(words) == code, words

    def _note(self, call: RecordedCall) -> None:
        self.replay.play(call, self.site)
        for made in self.replay.calls:
            self.add(questions(made, HERE))


class WatchedRecovery:
    """Passes each call about a whole table to the fake, and notes its questions."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._fake = FakeRecovery(desktop.site.tables)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*arguments: str, **request: Any) -> Any:
            self._desktop.add(self._questions(operation, request))
            return getattr(self._fake, operation)(*arguments, **request)

        return call

    def _questions(self, operation: str, request: Mapping[str, Any]) -> Iterable[Question]:
        action = operation.title().replace("_", "")
        source = request.get("SourceTableName") or request["TableName"]
        found = [Question(f"dynamodb:{action}", self._desktop.table(source), {})]
        if "TargetTableName" in request:
            target = self._desktop.table(request["TargetTableName"])
            found += [Question(f"dynamodb:{implied}", target, {}) for implied in RESTORING]
        return found
