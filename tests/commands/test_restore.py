"""`manage.py restore` over fakes: what it prints, crashes, retries, races."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import manage
from chalicelib.aws import clients
from chalicelib.aws.expressions import to_wire
from chalicelib.aws.table import NewItem
from chalicelib.core import keys, times
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from chalicelib.staff.audit.model import Action, Actor
from chalicelib.staff.audit.record import entries, record
from chalicelib.tallies.count import exact_count
from commands import common, copies, restore
from commands.damage import Known, RestoreOutcome
from commands.trail import Trail
from tests.actors import DAY, MINUTE, NOW, confirmed
from tests.fakes import FakeTables

AT = "2026-11-24T12:00:00Z"
COPY = "signatures-test-restored-20261124T120000Z"
LATER = NOW + timedelta(hours=2)
PEOPLE = 5


class FakeRecovery:
    """The calls of DynamoDB that are about whole tables. The copy holds what `items` hold when it is begun."""

    def __init__(self, tables: FakeTables) -> None:
        self.tables = tables
        self.copies: dict[str, list[dict[str, Any]]] = {}
        self.looks = ["CREATING", "ACTIVE"]
        self.is_on = True
        self.failures: list[str] = []

    def describe_continuous_backups(self, **_: Any) -> Any:
        status = {"PointInTimeRecoveryStatus": "ENABLED" if self.is_on else "DISABLED"}
        span = {"EarliestRestorableDateTime": NOW - DAY, "LatestRestorableDateTime": NOW + MINUTE}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {**status, **span}}}

    def describe_table(self, TableName: str) -> Any:  # noqa: N803
        if TableName not in self.copies:
            raise refusal("ResourceNotFoundException")
        status = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if status == "GONE":
            raise refusal("ResourceNotFoundException")
        return {"Table": {"TableStatus": status}}

    def restore_table_to_point_in_time(self, **request: Any) -> None:
        assert request["SourceTableName"] == "signatures-test"
        if request["TargetTableName"] in self.copies:
            raise refusal("TableAlreadyExistsException")
        there = [item for key, item in self.tables.items.items() if key.table == keys.SIGNATURES]
        self.copies[request["TargetTableName"]] = [to_wire(item) for item in there]
        if self.failures:
            raise refusal(self.failures.pop())

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_tables"
        return self

    def paginate(self) -> list[dict[str, list[str]]]:
        """One table a page."""
        return [{"TableNames": [name]} for name in ("signatures-test", "other-restored-x", *self.copies)]

    def scan(self, **request: Any) -> Any:
        """Two items a page."""
        if self.failures:
            raise refusal(self.failures.pop())
        items, first = self.copies[request["TableName"]], int(request.get("ExclusiveStartKey", {"n": 0})["n"])
        more = {"LastEvaluatedKey": {"n": first + 2}} if first + 2 < len(items) else {}
        return {"Items": items[first : first + 2], **more}

    def delete_table(self, TableName: str) -> None:  # noqa: N803
        if self.copies.pop(TableName, None) is None:
            raise refusal("ResourceNotFoundException")


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not now"}}, "Restore")


@pytest.fixture(autouse=True)
def aws(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> FakeRecovery:
    recovery = FakeRecovery(tables)
    for number in range(PEOPLE):
        confirmed(tables, petition, email=f"p{number}@mail.example", now=NOW - MINUTE)
    monkeypatch.setattr(common, "tables", lambda: tables)
    monkeypatch.setattr(clients, "dynamodb", lambda: recovery)
    monkeypatch.setattr(times, "now", lambda: LATER)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return recovery


def signatures(tables: FakeTables) -> list[dict[str, Any]]:
    return [item for key, item in tables.items.items() if key.table == keys.SIGNATURES]


def lose_signatures(tables: FakeTables) -> None:
    for key in [key for key in tables.items if key.table == keys.SIGNATURES]:
        del tables.items[key]


def test_a_dry_run_makes_the_copy_and_writes_no_signature(
    tables: FakeTables, aws: FakeRecovery, capsys: pytest.CaptureFixture[str]
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
    assert list(aws.copies) == [COPY]
    assert [entry.action.name for entry in entries(NOW, LATER, tables)] == ["table.copied"]


def test_signatures_come_back_and_the_next_steps_are_named(
    tables: FakeTables, aws: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    lose_signatures(tables)
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    out = capsys.readouterr().out
    assert len(signatures(tables)) == PEOPLE
    assert "manage.py recount safe-children" in out
    assert "repeat with new ids" in out
    assert f"manage.py restore signatures --at {AT} --finish" in out
    assert manage.main(["restore", "signatures", "--at", AT, "--finish"]) == 0
    assert manage.main(["restore", "signatures", "--at", AT, "--finish"]) == 0
    assert capsys.readouterr().out == f"deleted {COPY}\nthere is no {COPY}\n"
    assert aws.copies == {}
    done = sorted(entry.action.name for entry in entries(NOW, LATER, tables))
    assert done == ["copy.deleted", "copy.deleted", "table.copied", "table.restored"]


def test_a_crashed_run_continues_and_writes_nothing_twice(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    lose_signatures(tables)
    puts = tables.put_new

    def dies_after_three(new: NewItem) -> None:
        if len(signatures(tables)) == 3 and new.key.table == keys.SIGNATURES:
            raise Unavailable("storage")
        puts(new)

    monkeypatch.setattr(tables, "put_new", dies_after_three)
    assert manage.main(["restore", "signatures", "--at", AT]) == 3
    assert "repeating is safe" in capsys.readouterr().err
    first = {item["sk"]: item["restored_at"] for item in signatures(tables)}
    monkeypatch.setattr(tables, "put_new", puts)
    monkeypatch.setattr(times, "now", lambda: LATER + MINUTE)
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    assert "3 unchanged\n          2 put back" in capsys.readouterr().out
    after = {item["sk"]: item["restored_at"] for item in signatures(tables)}
    assert len(after) == PEOPLE
    assert first.items() <= after.items()


def test_throttled_calls_are_retried(tables: FakeTables, aws: FakeRecovery) -> None:
    aws.failures = ["ThrottlingException"]  # And the restore has begun all the same.
    assert manage.main(["restore", "signatures", "--at", AT, "--dry-run"]) == 0
    lose_signatures(tables)
    aws.failures = ["ProvisionedThroughputExceededException"] * 5
    pages = copies.Copy(aws, "signatures-test", NOW).pages()  # type: ignore[arg-type]
    tables.fail_next(*[Throttled("storage")] * 5)
    seen = list(restore.restored(pages, tables, keys.SIGNATURES, lambda: Known(LATER), write=True))
    assert [each.outcome for each in seen] == [RestoreOutcome.PUT_BACK] * PEOPLE


def test_a_write_whose_answer_was_lost_counts_as_put_back(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = signatures(tables)[:1]
    lose_signatures(tables)
    puts, silent = tables.put_new, [True]

    def put_new(new: NewItem) -> None:
        puts(new)
        if silent and silent.pop():
            raise Unavailable("storage")

    monkeypatch.setattr(tables, "put_new", put_new)
    [seen] = restore.restored([kept], tables, keys.SIGNATURES, lambda: Known(LATER), write=True)
    assert seen.outcome is RestoreOutcome.PUT_BACK


def test_a_signature_made_at_the_same_instant_is_not_overwritten(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    [kept, *_] = signatures(tables)
    lose_signatures(tables)
    puts = tables.put_new

    def too_late(new: NewItem) -> None:
        tables.put(new.key, {**new.item, "name": "Somebody Newer"})
        puts(new)

    monkeypatch.setattr(tables, "put_new", too_late)
    [seen] = restore.restored([[kept]], tables, keys.SIGNATURES, lambda: Known(LATER), write=True)
    assert seen.outcome is RestoreOutcome.NEWER
    assert signatures(tables)[0]["name"] == "Somebody Newer"


def test_people_erased_by_staff_during_the_run_stay_away(tables: FakeTables) -> None:
    """The trail is read again for each page."""
    kept = signatures(tables)
    lose_signatures(tables)
    trail = Trail(NOW, frozenset(), frozenset())
    seen = restore.restored([[each] for each in kept], tables, keys.SIGNATURES, trail.known, write=True)
    assert next(seen).outcome is RestoreOutcome.PUT_BACK
    action = Action(name="signature.erased", subject=kept[1]["sk"])
    record(Actor(token_id="t", owner="bob"), action, LATER, tables)
    assert next(seen).outcome is RestoreOutcome.GONE
    assert [item["sk"] for item in signatures(tables)] == [kept[0]["sk"]]


def test_who_leaves_while_the_item_is_missing_is_withdrawn_by_a_second_run(
    tables: FakeTables, petition: Petition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    gone, silent, *_ = signatures(tables)
    lose_signatures(tables)
    key, before = keys.signature(petition.slug, gone["sk"]), exact_count(petition, LATER, tables).confirmed
    withdraw(key, petition, LATER, tables)  # By the link. The page says that it is done.
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    ids = tmp_path / "withdrawn"
    ids.write_text(gone["sk"])
    command = ["restore", "signatures", "--at", AT, "--leave-out", str(ids)]
    for words, said in (
        ([*command, "--dry-run"], "1 withdrawn: in"),
        (command, "1 withdrawn: in"),
        (command, "1 kept"),
    ):
        assert manage.main(words) == 0
        assert said in capsys.readouterr().out
    assert tables.items[key]["state"] == "withdrawn"
    assert "email" not in tables.items[key]
    assert exact_count(petition, LATER, tables).confirmed == before - 1
    assert tables.items[keys.signature(petition.slug, silent["sk"])]["state"] == "confirmed"


def test_who_unsubscribes_while_the_item_is_missing_is_unsubscribed_by_a_second_run(
    tables: FakeTables, petition: Petition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = confirmed(tables, petition, email="updates@mail.example", now=NOW - MINUTE, updates=True)
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    lose_signatures(tables)
    manage.main(["restore", "signatures", "--at", AT])
    assert tables.items[keys.signature(petition.slug, identity)]["updates"] is True
    ids = tmp_path / "unsubscribed"
    ids.write_text(identity)
    assert manage.main(["restore", "signatures", "--at", AT, "--unsubscribed", str(ids)]) == 0
    assert "1 unsubscribed: in" in capsys.readouterr().out
    assert tables.items[keys.signature(petition.slug, identity)]["updates"] is False


def test_people_erased_by_staff_since_stay_away(tables: FakeTables, capsys: pytest.CaptureFixture[str]) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    [gone, *_] = signatures(tables)
    action = Action(name="signature.erased", subject=gone["sk"])
    record(Actor(token_id="t", owner="bob"), action, NOW + MINUTE, tables)
    lose_signatures(tables)
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    out = capsys.readouterr().out
    assert "1 left out: withdrawn or erased since" in out
    assert f"left out: withdrawn or erased since\t{gone['pk']}\t{gone['sk']}" in out, "the act may have failed"
    assert gone["sk"] not in {item["sk"] for item in signatures(tables)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "2026-11-23T11:59:59Z"], "2026-11-23T12:00:00Z to 2026-11-24T12:01:00Z"),
        (["--at", "2026-11-24T12:01:01Z"], "2026-11-23T12:00:00Z to 2026-11-24T12:01:00Z"),
        (["--at", AT, "--leave-out", "nowhere"], "nowhere cannot be read"),
    ],
)
def test_wrong_input_is_refused_before_a_copy_is_made(
    words: list[str], said: str, aws: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["restore", "signatures", *words]) == 1
    assert said in capsys.readouterr().err
    assert aws.copies == {}


def test_an_existing_copy_is_used_although_its_moment_has_left_the_window(aws: FakeRecovery) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    aws.is_on = False
    assert manage.main(["restore", "signatures", "--at", AT]) == 0


def test_without_recovery_it_says_so(aws: FakeRecovery, capsys: pytest.CaptureFixture[str]) -> None:
    aws.is_on = False
    assert manage.main(["restore", "signatures", "--at", AT]) == 1
    assert "point-in-time recovery is off for signatures-test" in capsys.readouterr().err


def test_a_cancelled_restore_and_a_slow_one_have_different_messages(
    aws: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.looks = ["CREATING", "GONE"]
    assert manage.main(["restore", "signatures", "--at", AT]) == 1
    assert "AWS cancelled the restore" in capsys.readouterr().err
    aws.looks = ["CREATING"]
    assert manage.main(["restore", "signatures", "--at", AT]) == 1
    assert "still being restored; repeat" in capsys.readouterr().err


def test_latest_says_its_time_before_it_waits_and_makes_no_second_copy(
    aws: FakeRecovery, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        manage.main(["restore", "signatures", "--at", "latest", "--dry-run"])
    assert "continue with --at 2026-11-24T12:01:00Z" in capsys.readouterr().out
    made = list(aws.copies)
    assert manage.main(["restore", "signatures", "--at", "latest", "--dry-run"]) == 1
    err = capsys.readouterr().err
    assert (made[0] in err, "other" in err, list(aws.copies)) == (True, False, made)


def test_latest_cannot_name_the_copy_to_delete(aws: FakeRecovery, capsys: pytest.CaptureFixture[str]) -> None:
    assert manage.main(["restore", "signatures", "--at", "latest", "--finish"]) == 1
    assert "--finish needs the time of the copy" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["yesterday", "2026-11-24T12:00:00", ""])
def test_a_time_without_a_zone_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        manage.main(["restore", "signatures", "--at", text])
    assert ended.value.code == 2
    assert "2026-11-25T18:00:00Z" in capsys.readouterr().err


def test_a_time_of_another_zone_names_the_same_copy(aws: FakeRecovery) -> None:
    manage.main(["restore", "signatures", "--at", "2026-11-24T13:00:00.9+01:00", "--dry-run"])
    assert list(aws.copies) == [COPY]
    assert copies.Copy(aws, "signatures-test", datetime(2026, 11, 24, 12, tzinfo=UTC)).name == COPY  # type: ignore[arg-type]


def test_pages_are_read_one_at_a_time(tables: FakeTables) -> None:
    """A page is asked for only when the one before is done."""
    asked = 0

    def pages() -> Iterator[list[dict[str, Any]]]:
        nonlocal asked
        for item in signatures(tables):
            asked += 1
            yield [item]

    seen = restore.restored(pages(), tables, keys.SIGNATURES, lambda: Known(LATER), write=True)
    next(seen)
    assert asked == 1


def test_ids_are_read_by_line_or_word(tmp_path: Path) -> None:
    path = tmp_path / "ids"
    path.write_text("aa\nbb cc\n\n")
    assert restore._ids(path) == {"aa", "bb", "cc"}
