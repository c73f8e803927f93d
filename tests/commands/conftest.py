"""Fixtures of the commands."""

from pathlib import Path

import pytest

from chalicelib.aws import clients
from chalicelib.core import times
from chalicelib.petitions.model import Petition
from commands import common
from tests.actors import MINUTE, NOW, confirmed
from tests.commands.recovery import LATER, PEOPLE, FakeRecovery
from tests.fakes import FakeTables

PETITION = """
slug = "safe-children"
title = "Keep trafficked children safe"
summary = "Children need people who keep them safe."
text = "We ask for specialist support."
target = "the Home Secretary"
charity = "Harbour for Children"
privacy_contact = "privacy@harbour.example"
sign_wording = "I sign"
updates_wording = "Send me updates"
goal = 1000
opened_at = 2026-11-20T08:00:00Z
"""


@pytest.fixture
def commands_on_fakes(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands use fakes, at NOW."""
    monkeypatch.setattr(common, "tables", lambda: tables)
    monkeypatch.setattr(times, "now", lambda: NOW)


@pytest.fixture
def petition_file(tmp_path: Path) -> Path:
    path = tmp_path / "petition.toml"
    path.write_text(PETITION, encoding="utf-8")
    return path


@pytest.fixture
def recovery(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> FakeRecovery:
    """The commands use fakes, at LATER. A table with recovery has five confirmed signatures."""
    fake_recovery = FakeRecovery(tables)
    for number in range(PEOPLE):
        confirmed(tables, petition, email=f"p{number}@mail.example", now=NOW - MINUTE)
    monkeypatch.setattr(common, "tables", lambda: tables)
    monkeypatch.setattr(clients, "dynamodb", lambda: fake_recovery)
    monkeypatch.setattr(times, "now", lambda: LATER)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return fake_recovery
