"""`manage.py restore` makes a copy at a time in the past, waits for it, and deletes it only by name."""

from datetime import UTC, datetime

import pytest

import manage
from chalicelib.staff.audit.record import entries
from commands import copies
from tests.actors import NOW
from tests.commands.recovery import AT, COPY_NAME, LATER, PEOPLE, FakeRecovery, lose_signatures, signatures
from tests.fakes import FakeTables

pytestmark = pytest.mark.usefixtures("recovery")


def test_an_unreadable_file_is_refused_before_a_copy_is_made(
    recovery: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["restore", "signatures", "--at", AT, "--leave-out", "nowhere"]) == 1
    assert "nowhere cannot be read" in capsys.readouterr().err
    assert recovery.copies == {}


@pytest.mark.parametrize("code", ["InvalidRestoreTimeException", "PointInTimeRecoveryUnavailableException"])
def test_a_moment_that_aws_does_not_keep_is_refused_by_aws(
    code: str, recovery: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    recovery.failures = [code]
    assert manage.main(["restore", "signatures", "--at", AT]) == 3
    assert code in capsys.readouterr().err


def test_a_missing_permission_is_reported_at_once(
    recovery: FakeRecovery, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    recovery.failures = ["AccessDeniedException"]
    assert manage.main(["restore", "signatures", "--at", AT]) == 3
    assert "AWS refused" in capsys.readouterr().err
    assert waits == []


def test_a_cancelled_restore_and_a_slow_one_have_different_messages(
    recovery: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    recovery.statuses = ["CREATING", "GONE"]
    assert manage.main(["restore", "signatures", "--at", AT]) == 1
    assert "AWS cancelled the restore" in capsys.readouterr().err
    recovery.statuses = ["CREATING"]
    assert manage.main(["restore", "signatures", "--at", AT]) == 1
    assert "still being restored; repeat" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["yesterday", "2026-11-24T12:00:00", ""])
def test_a_time_without_a_zone_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        manage.main(["restore", "signatures", "--at", text])
    assert caught.value.code == 2
    assert "2026-11-25T18:00:00Z" in capsys.readouterr().err


def test_a_time_of_another_zone_names_the_same_copy(recovery: FakeRecovery) -> None:
    manage.main(["restore", "signatures", "--at", "2026-11-24T13:00:00.9+01:00", "--dry-run"])
    assert list(recovery.copies) == [COPY_NAME]
    assert copies.Copy(recovery, "signatures-test", datetime(2026, 11, 24, 12, tzinfo=UTC)).name == COPY_NAME  # type: ignore[arg-type]


def test_a_dry_run_makes_the_copy_and_writes_no_signature(
    tables: FakeTables, recovery: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["restore", "signatures", "--at", AT, "--dry-run"]) == 0
    lose_signatures(tables)
    assert manage.main(["restore", "signatures", "--at", AT, "--dry-run", "--list"]) == 0
    out, err = capsys.readouterr()
    assert "dry run, nothing is written" in out
    assert "5 put back" in out
    assert out.count("put back\tsafe-children#") == PEOPLE
    assert "@" not in out + err
    assert signatures(tables) == []
    assert list(recovery.copies) == [COPY_NAME]
    assert [entry.action.name for entry in entries(NOW, LATER, tables)] == ["table.copied"]
