"""The engineer's commands: clear messages, clear exit codes, no tracebacks."""

import re

import pytest

import manage
from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.mail.sending import is_paused
from chalicelib.shedding.level import Level, stored_level
from chalicelib.staff.audit.record import entries
from chalicelib.staff.tokens import recognise
from commands import common
from stack.paths import ROOT
from stack.shell import queue_urls
from stack.template.merge import merge_template
from tests.actors import DAY, NOW, a_published_petition, confirmed
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _use_fakes(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "tables", lambda: tables)
    monkeypatch.setattr(times, "now", lambda: NOW)


def actions(tables: FakeTables) -> list[str]:
    return sorted(entry.action.name for entry in entries(NOW - DAY, NOW, tables))


def test_an_issued_token_is_printed_once_and_works(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["token", "issue", "--owner", "bob", "--rights", "counts,manage", "--days", "2"]) == 0
    out, err = capsys.readouterr()
    token = recognise(f"Bearer {out.strip()}", NOW, tables)
    assert (token.owner, sorted(token.rights), token.expires_at) == ("bob", ["counts", "manage"], NOW + 2 * DAY)
    assert "2026-11-26" in err


def test_a_token_reads_only_counts_by_default(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["token", "issue", "--owner", "bob"]) == 0
    assert recognise(f"Bearer {capsys.readouterr().out.strip()}", NOW, tables).rights == {Right.COUNTS}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["petition", "load"],
        ["shards", "safe-children", "0"],
        ["shards", "safe-children", "91"],
        ["token", "issue"],
        ["shed", "everything"],
        ["token", "issue", "--owner", "bob", "--rights", "everything"],
        ["token", "issue", "--owner", "bob", "--days", "0"],
        ["token", "issue", "--owner", "bob", "--days", "9999999999"],
        ["mail", "pause", "--hours", "0"],
        ["mail", "pause", "--hours", "1000"],
    ],
)
def test_a_wrong_command_line_ends_with_exit_code_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        manage.main(words)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_shedding_level_is_set_and_shown(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["shed"]) == 0
    assert capsys.readouterr().out == "load shedding: normal\n"
    for level in reversed(Level):
        assert manage.main(["shed", level]) == 0
        assert capsys.readouterr().out == f"load shedding: {level}\n"
        assert stored_level(tables) is level


def test_sending_is_paused_and_resumed_by_hand(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["mail", "pause", "--hours", "2"]) == 0
    assert "2026-11-24T14:00:00Z" in capsys.readouterr().out
    assert is_paused(NOW, tables)
    assert manage.main(["mail", "resume"]) == 0
    assert not is_paused(NOW, tables)
    assert "within two minutes" in capsys.readouterr().out


@pytest.mark.parametrize("name", re.findall(r"[A-Z]+_DEAD_LETTER_QUEUE_URL", RUNBOOK))
def test_the_shell_has_the_url_of_each_dead_letter_queue_of_the_runbook(name: str) -> None:
    assert name in queue_urls(dict.fromkeys(merge_template()["Outputs"], ""))


@pytest.mark.parametrize("words", [["recount", "nobody"], ["shards", "nobody", "20"]])
def test_an_unknown_petition_is_reported_in_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(words) == 1
    assert capsys.readouterr().err == "there is no petition nobody\n"


def test_letters_that_were_lost_are_requested(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    petition = a_published_petition(tables, letter=LETTER)
    confirmed(tables, petition, letter={"send": True})
    for missing, since in ((0, ["--since", times.iso(NOW + DAY)]), (1, ["--since", times.iso(NOW)]), (0, [])):
        assert manage.main(["letters", petition.slug, *since]) == 0
        assert f"{missing} letters were missing" in capsys.readouterr().out


def test_without_the_table_of_members_lost_letters_to_members_are_not_looked_for(
    tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    members = {"key": "my-mp", "name": "Your MP", "members": True}
    petition = a_published_petition(tables, letter=LETTER | {"targets": [members]})
    confirmed(tables, petition, letter={"send": True}, postcode="SW1A 1AA")
    assert manage.main(["letters", petition.slug]) == 0
    assert "0 letters were missing" in (printed := capsys.readouterr().out)
    assert "letters to members of parliament are not looked for" in printed
