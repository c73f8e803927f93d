"""The engineer's commands: clear messages, clear exit codes, no tracebacks."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import manage
from chalicelib.aws import clients
from chalicelib.aws.failures import translated
from chalicelib.aws.table import Change
from chalicelib.core import keys, times
from chalicelib.core.errors import Throttled
from chalicelib.core.rights import Right
from chalicelib.mail.pause import is_paused
from chalicelib.petitions.find import petition_as_stored
from chalicelib.shedding.level import Level, stored_level
from chalicelib.staff.audit.record import entries
from chalicelib.staff.tokens import recognise
from chalicelib.tallies.count import exact_count
from commands import common
from tests.actors import BOB, DAY, NOW, a_published_petition, confirmed
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER

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


@pytest.fixture(autouse=True)
def _over_fakes(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "tables", lambda: tables)
    monkeypatch.setattr(times, "now", lambda: NOW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "petition.toml"
    path.write_text(PETITION, encoding="utf-8")
    return path


def actions(tables: FakeTables) -> list[str]:
    return sorted(entry.action.name for entry in entries(NOW - DAY, NOW, tables))


def test_commands_are_audited_and_tokens_listed_without_secrets(
    file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["petition", "load", str(file)]) == 0
    capsys.readouterr()
    assert manage.main(["token", "issue", "--owner", "bob", "--rights", "counts,people"]) == 0
    secret = capsys.readouterr().out.strip().split("_")[-1]
    assert manage.main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert listed.split()[-2:] == ["counts,people", "bob"]
    assert manage.main(["token", "revoke", listed.split()[0]]) == 0
    assert actions(tables) == ["petition.loaded", "token.issued", "token.revoked"]


def test_a_petition_is_loaded_and_may_be_loaded_again(
    file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert manage.main(["petition", "load", str(file)]) == 0
        assert "loaded safe-children (open)" in capsys.readouterr().out
    assert petition_as_stored("safe-children", tables).goal == 1000


def test_checking_a_file_without_settings_makes_no_aws_call(
    file: Path, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COUNTS_TABLE", raising=False)
    assert manage.main(["petition", "check", str(file)]) == 0
    assert "safe-children is valid" in capsys.readouterr().out
    assert tables.calls == []


def test_checking_a_file_warns_if_it_would_replace_a_petition(
    file: Path, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUNTS_TABLE", "counts")
    assert manage.main(["petition", "check", str(file)]) == 0
    assert capsys.readouterr().err == ""
    assert manage.main(["petition", "load", str(file)]) == 0
    assert manage.main(["petition", "check", str(file), str(file)]) == 0
    warned = capsys.readouterr().err.splitlines()
    assert warned[0] == "warning: there is a petition safe-children already: loading this file replaces its text"
    assert "the same slug" in warned[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('slug = "safe-children"', 'slug = "Safe Children"', "slug"),
        ("goal = 1000", "goal = 0", "goal"),
        ("goal = 1000", "goal = 1000\nextra = 1", "extra"),
        ('title = "', "title = ", "petition.toml"),
        ("opened_at = 2026-11-20T08:00:00Z", "opened_at = 2026-11-20T08:00:00", "opened_at"),
    ],
)
def test_an_invalid_file_is_reported_by_name_and_field(
    file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    file.write_text(PETITION.replace(old, new), encoding="utf-8")
    assert manage.main(["petition", "load", str(file)]) == 1
    told = capsys.readouterr().err
    assert file.name in told
    assert said in told
    assert "Traceback" not in told
    assert tables.items == {}


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_an_unreadable_file_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "missing.toml"
    if content is not None:
        path.write_bytes(content)
    assert manage.main(["petition", "check", str(path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


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
        ["petition"],
        ["petition", "load"],
        ["recount"],
        ["shards", "safe-children"],
        ["shards", "safe-children", "0"],
        ["shards", "safe-children", "91"],
        ["shards", "safe-children", "many"],
        ["token", "issue"],
        ["shed", "everything"],
        ["token", "issue", "--owner", "bob", "--rights", "everything"],
        ["token", "issue", "--owner", "bob", "--days", "soon"],
        ["token", "issue", "--owner", "bob", "--days", "0"],
        ["token", "issue", "--owner", "bob", "--days", "-1"],
        ["token", "issue", "--owner", "bob", "--days", "9999999999"],
        ["export"],
        ["export", "safe-children"],
        ["export", "safe-children", "--unencrypted", "--recipient-file", "key"],
        ["export", "safe-children", "--unencrypted", "--columns", "email"],
        ["export", "safe-children", "--unencrypted", "--format", "xlsx"],
        ["redrive"],
        ["redrive", "stream"],
        ["redrive", "mail", "--most", "0"],
        ["mail"],
        ["mail", "pause", "--hours", "0"],
        ["mail", "pause", "--hours", "1000"],
    ],
)
def test_a_wrong_command_line_is_exit_code_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
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


def test_aws_that_does_not_answer_is_exit_code_three(
    file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.fail_next(Throttled("storage"))
    assert manage.main(["petition", "load", str(file)]) == 3
    assert "repeating is safe" in capsys.readouterr().err


def test_a_denied_call_names_the_operation_and_prints_no_traceback(
    file: Path, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        with translated("storage"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "Not yours"}}, "UpdateItem")

    monkeypatch.setattr(tables, "get", refuse)
    monkeypatch.setattr(logging.root, "handlers", [])  # As outside of pytest.
    assert manage.main(["petition", "load", str(file)]) == 3
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith("AWS refused")
    assert "UpdateItem" in said


def test_sending_is_paused_and_resumed_by_hand(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["mail", "pause", "--hours", "2"]) == 0
    assert "2026-11-24T14:00:00Z" in capsys.readouterr().out
    assert is_paused(NOW, tables)
    assert manage.main(["mail", "resume"]) == 0
    assert not is_paused(NOW, tables)


def test_a_redrive_needs_both_queue_urls(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MAIL_DEAD_LETTER_QUEUE_URL", raising=False)
    monkeypatch.setattr(clients, "sqs", lambda: None)
    assert manage.main(["redrive", "mail"]) == 1
    assert "MAIL_DEAD_LETTER_QUEUE_URL" in capsys.readouterr().err


@pytest.fixture
def counted(tables: FakeTables) -> str:
    """One signature, confirmed a day ago."""
    petition = a_published_petition(tables)
    confirmed(tables, petition, now=NOW - DAY)
    return petition.slug


def broken(tables: FakeTables, slug: str) -> None:
    tables.update(Change(keys.tally_shard(slug, 0, NOW.date()), add={"total": 1, "cGB": 1}))


def test_a_tally_without_drift_is_reported(counted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["recount", counted]) == 0
    out = capsys.readouterr().out
    assert "1 confirmed signatures" in out
    assert "the tally agrees" in out


def test_a_drift_is_reported_and_nothing_is_changed(
    counted: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(tables, counted)
    before = dict(tables.items)
    assert manage.main(["recount", counted]) == 1
    out, err = capsys.readouterr()
    assert "off by +1 in country GB" in out
    assert "off by +1 in count all" in out
    assert "--repair" in err
    assert tables.items == before


def test_a_repair_is_explicit_and_printed(counted: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    broken(tables, counted)
    assert manage.main(["recount", counted, "--repair"]) == 0
    assert "adjusting entry: total -1, cGB -1" in capsys.readouterr().out
    assert manage.main(["recount", counted]) == 0


def test_a_repair_reopens_days_that_a_clock_ahead_has_closed(
    counted: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    petition = petition_as_stored(counted, tables)
    exact_count(petition, NOW + timedelta(hours=25), tables)
    confirmed(tables, petition, BOB, NOW - timedelta(minutes=10))
    assert exact_count(petition, NOW, tables).confirmed == 1
    assert manage.main(["recount", counted, "--repair"]) == 0
    assert f"reopened, because they were closed before they were over: {NOW.date()}" in capsys.readouterr().out
    assert exact_count(petition, NOW, tables).confirmed == 2
    assert exact_count(petition, NOW + timedelta(days=2), tables).confirmed == 2
    assert manage.main(["recount", counted]) == 0


def test_a_repair_without_effect_fails(
    counted: str, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(tables, counted)
    monkeypatch.setattr("commands.tallies.repair", lambda *_: {})
    assert manage.main(["recount", counted, "--repair"]) == 1
    assert "still wrong" in capsys.readouterr().err


def test_nothing_is_repaired_while_signatures_change(
    counted: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    petition = petition_as_stored(counted, tables)
    confirmed(tables, petition, BOB)
    tables.update(Change(keys.tally_shard(counted, 0, NOW.date()), add={"cGB": 5}))
    before = dict(tables.items)
    assert manage.main(["recount", counted, "--repair"]) == 1
    out, err = capsys.readouterr()
    assert "repeat when it is quiet" in out
    assert "not repaired" in err
    assert tables.items == before


def test_pending_counters_are_checked_and_repaired(
    counted: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.put(keys.pending(counted, "00"), {"pending": 4, "projected_to": "1"})
    assert manage.main(["recount", counted]) == 1
    assert "pending 00: 4 kept, 0 found" in capsys.readouterr().out
    assert manage.main(["recount", counted, "--repair"]) == 0
    assert "set: 1 of 1" in capsys.readouterr().out
    assert tables.items[keys.pending(counted, "00")] == {
        "pk": "PENDING#safe-children#00",
        "sk": "COUNT",
        "pending": 0,
        "projected_to": "1",
    }


def test_shards_are_raised_and_never_lowered(
    counted: str, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["shards", counted, "40"]) == 0
    assert "has 40 shards" in capsys.readouterr().out
    for fewer in ("40", "2"):
        assert manage.main(["shards", counted, fewer]) == 0
        assert "never lowered" in capsys.readouterr().out
    assert petition_as_stored(counted, tables).shards == 40


def test_a_file_with_fewer_shards_lowers_nothing(
    counted: str, file: Path, tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["shards", counted, "40"]) == 0
    assert manage.main(["petition", "load", str(file)]) == 0
    kept = petition_as_stored(counted, tables)
    assert (kept.shards, kept.goal) == (40, 1000)


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


def test_lost_letters_to_members_are_not_looked_for_without_their_tables(
    tables: FakeTables, capsys: pytest.CaptureFixture[str]
) -> None:
    members = {"key": "my-mp", "name": "Your MP", "members": True}
    petition = a_published_petition(tables, letter=LETTER | {"targets": [members]})
    confirmed(tables, petition, letter={"send": True}, postcode="SW1A 1AA")
    assert manage.main(["letters", petition.slug]) == 0
    assert "0 letters were missing" in (printed := capsys.readouterr().out)
    assert "letters to members of parliament are not looked for" in printed
