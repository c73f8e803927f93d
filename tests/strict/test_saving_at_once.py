"""A save that is killed while it writes leaves all files of the save before. A change of any service is saved.

The emulator is a mock here.
"""

import copy
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

MODULES = ("ministack", "ministack.core", "ministack.core.responses", "ministack.services")


class Killed(BaseException):
    pass


@pytest.fixture
def saving(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, MagicMock())
    monkeypatch.delitem(sys.modules, "stack.strict.saving", raising=False)
    module = importlib.import_module("stack.strict.saving")
    del sys.modules["stack.strict.saving"]
    return module


@pytest.mark.parametrize(
    ("method", "path", "target", "is_enough"),
    [
        ("POST", "/", "DynamoDB_20120810.PutItem", True),
        ("POST", "/", "AmazonSQS.SendMessage", True),
        ("POST", "/v2/email/outbound-emails", "", True),
        ("POST", "/", "secretsmanager.PutSecretValue", False),
        ("POST", "/", "", False),
    ],
)
def test_a_call_of_another_service_than_dynamodb_and_sqs_saves_all_services(
    saving: Any, method: str, path: str, target: str, *, is_enough: bool
) -> None:
    headers = [(b"X-Amz-Target", target.encode())] if target else []
    assert saving._changes_data_only({"method": method, "path": path, "headers": headers}) is is_enough


def test_a_save_that_is_killed_changes_no_file(saving: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy, "deepcopy", copy.deepcopy)  # A save replaces it; the end of the test restores it.
    monkeypatch.setattr(saving.persistence, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(saving.persistence, "_state_format_version", lambda _: 1)
    monkeypatch.setattr(saving, "_unread_streams", dict)
    synced: list[int] = []

    def save(moment: str) -> None:
        states = {"dynamodb": lambda: {"at": moment}, "sqs": lambda: {"at": moment}}
        monkeypatch.setattr(saving.app, "_build_persistence_save_dict", lambda: states)
        saving._write([], everything=False)

    def die_at_the_second_file(file: int) -> None:
        synced.append(file)
        if len(synced) == 2:
            raise Killed

    save("one")
    monkeypatch.setattr(os, "fsync", die_at_the_second_file)
    with pytest.raises(Killed):
        save("two")
    for name in ("dynamodb", "sqs"):
        saved = json.loads((tmp_path / f"{name}.json").read_bytes())
        assert saved["payload"] == {"at": "one"}
