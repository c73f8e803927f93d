"""`manage.py petition` checks and loads files, and prints a failure in one line."""

import logging
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import manage
from chalicelib.aws.failures import translate_errors
from chalicelib.core.errors import FieldError, Invalid, Stale, Throttled
from tests.fakes import FakeTables
from tests.test_manage import actions

pytestmark = pytest.mark.usefixtures("commands_on_fakes")


def test_commands_are_audited_and_tokens_listed_without_secrets(
    petition_file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["petition", "load", str(petition_file)]) == 0
    assert "loaded safe-children (open)" in capsys.readouterr().out
    assert manage.main(["token", "issue", "--owner", "bob", "--rights", "counts,people"]) == 0
    secret = capsys.readouterr().out.strip().split("_")[-1]
    assert manage.main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert listed.split()[-2:] == ["counts,people", "bob"]
    assert manage.main(["token", "revoke", listed.split()[0]]) == 0
    assert actions(tables) == ["petition.loaded", "token.issued", "token.revoked"]


def test_checking_a_file_without_settings_makes_no_aws_call(
    petition_file: Path, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COUNTS_TABLE", raising=False)
    assert manage.main(["petition", "check", str(petition_file)]) == 0
    assert "safe-children is valid" in capsys.readouterr().out
    assert tables.calls == []


def test_checking_a_file_warns_if_it_would_replace_a_petition(
    petition_file: Path, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTS_TABLE", "counts")
    assert manage.main(["petition", "check", str(petition_file)]) == 0
    assert capsys.readouterr().err == ""
    assert manage.main(["petition", "load", str(petition_file)]) == 0
    assert manage.main(["petition", "check", str(petition_file), str(petition_file)]) == 0
    warnings = capsys.readouterr().err.splitlines()
    assert warnings[0] == "warning: there is a petition safe-children already: loading this file replaces its text"
    assert "the same slug" in warnings[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('slug = "safe-children"', 'slug = "Safe Children"', "slug"),
        ("goal = 1000", "goal = 0", "goal"),
        ("goal = 1000", "goal = 1000\nextra = 1", "extra"),
        ('title = "', "title = ", "petition.toml"),
        ('title = "', 'title = "[Do what] ', "[square brackets] in the title"),
        ('charity = "', 'charity = "=?utf-8?b?cGF5?=', "charity"),
        ("opened_at = 2026-11-20T08:00:00Z", "opened_at = 2026-11-20T08:00:00", "opened_at"),
    ],
)
def test_an_invalid_file_is_reported_by_name_and_field(
    petition_file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str], old: str, new: str, expected: str
) -> None:
    valid = petition_file.read_text(encoding="utf-8")
    petition_file.write_text(valid.replace(old, new), encoding="utf-8")
    assert manage.main(["petition", "load", str(petition_file)]) == 1
    err = capsys.readouterr().err
    assert petition_file.name in err
    assert expected in err
    assert "Traceback" not in err
    assert tables.items == {}


def test_a_file_may_begin_with_the_byte_order_mark_of_an_editor_on_windows(
    petition_file: Path, tables: FakeTables
) -> None:
    petition_file.write_bytes(b"\xef\xbb\xbf" + petition_file.read_bytes())
    assert manage.main(["petition", "load", str(petition_file)]) == 0


def test_a_file_may_have_square_brackets_elsewhere_or_be_a_draft(
    petition_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    valid = petition_file.read_text(encoding="utf-8")
    petition_file.write_text(valid.replace("We ask", "[We] ask"), encoding="utf-8")
    assert manage.main(["petition", "check", str(petition_file)]) == 0
    assert "text in [square brackets] in the text" in capsys.readouterr().err
    petition_file.write_text(valid.replace('title = "', 'title = "[Do what] ') + 'state = "draft"\n', encoding="utf-8")
    assert manage.main(["petition", "check", str(petition_file)]) == 0


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_unreadable_file_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "missing.toml"
    if content is not None:
        path.write_bytes(content)
    assert manage.main(["petition", "check", str(path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_exit_code_of_a_throttled_call_is_three(
    petition_file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.fail_next(Throttled("storage"))
    assert manage.main(["petition", "load", str(petition_file)]) == 3
    assert "repeating is safe" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Stale(), 3, "somebody else changed this at the same time; try again"),
        (Invalid([FieldError("slug", "This slug is taken")]), 1, "slug: This slug is taken"),
    ],
)
def test_a_petition_that_somebody_else_stores_meanwhile_prints_no_traceback(
    petition_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    message: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("commands.petitions.publish", fail)
    assert manage.main(["petition", "load", str(petition_file)]) == code
    assert capsys.readouterr().err == f"{message}\n"


def test_a_denied_call_names_the_operation_and_prints_no_traceback(
    petition_file: Path, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        with translate_errors("storage"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "Not yours"}}, "UpdateItem")

    monkeypatch.setattr(tables, "get", refuse)
    monkeypatch.setattr(logging.root, "handlers", [])  # As outside of pytest.
    assert manage.main(["petition", "load", str(petition_file)]) == 3
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("AWS refused")
    assert "UpdateItem" in line
