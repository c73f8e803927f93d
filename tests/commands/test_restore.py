"""`manage.py restore` on fakes: what it prints, crashes, retries, races, and the engineer's files of ids."""

from pathlib import Path

import pytest

import manage
from chalicelib.aws.table import NewItem
from chalicelib.core import keys, times
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from chalicelib.staff.audit.record import Action, Actor, entries, record
from chalicelib.tallies.count import exact_count
from commands import copies, restore
from commands.decision import RestoreOutcome, SinceCopy
from commands.withdrawn_since import WithdrawnSince, ids_in_file
from tests.actors import MINUTE, NOW, confirmed
from tests.commands.recovery import AT, COPY_NAME, LATER, PEOPLE, FakeRecovery, lose_signatures, signatures
from tests.fakes import FakeTables

pytestmark = pytest.mark.usefixtures("recovery")


def test_signatures_come_back_and_the_next_steps_are_named(
    tables: FakeTables, recovery: FakeRecovery, capsys: pytest.CaptureFixture[str]
) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    lose_signatures(tables)
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    out = capsys.readouterr().out
    assert len(signatures(tables)) == PEOPLE
    assert "manage.py recount safe-children" in out
    assert "run this command again with the ids" in out
    assert f"manage.py restore signatures --at {AT} --finish" in out
    assert manage.main(["restore", "signatures", "--at", AT, "--finish"]) == 0
    assert manage.main(["restore", "signatures", "--at", AT, "--finish"]) == 0
    assert capsys.readouterr().out == f"deleted {COPY_NAME}\nthere is no {COPY_NAME}\n"
    assert recovery.copies == {}
    actions = sorted(entry.action.name for entry in entries(NOW, LATER, tables))
    assert actions == ["copy.deleted", "copy.deleted", "table.copied", "table.restored"]


def test_a_crashed_run_continues_and_writes_nothing_twice(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    lose_signatures(tables)
    put_new = tables.put_new

    def fail_after_three(new: NewItem) -> None:
        if len(signatures(tables)) == 3 and new.key.table == keys.SIGNATURES:
            raise Unavailable("storage")
        put_new(new)

    monkeypatch.setattr(tables, "put_new", fail_after_three)
    assert manage.main(["restore", "signatures", "--at", AT]) == 3
    assert "repeating is safe" in capsys.readouterr().err
    first = {item["sk"]: item["restored_at"] for item in signatures(tables)}
    monkeypatch.setattr(tables, "put_new", put_new)
    monkeypatch.setattr(times, "now", lambda: LATER + MINUTE)
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    assert "3 unchanged\n          2 put back" in capsys.readouterr().out
    after = {item["sk"]: item["restored_at"] for item in signatures(tables)}
    assert len(after) == PEOPLE
    assert first.items() <= after.items()


def test_throttled_calls_are_retried(tables: FakeTables, recovery: FakeRecovery) -> None:
    recovery.failures = ["ThrottlingException"]  # The restore begins although the call fails.
    assert manage.main(["restore", "signatures", "--at", AT, "--dry-run"]) == 0
    lose_signatures(tables)
    recovery.failures = ["ProvisionedThroughputExceededException"] * 5
    pages = copies.Copy(recovery, "signatures-test", NOW).pages()  # type: ignore[arg-type]
    tables.fail_next(*[Throttled("storage")] * 5)
    results = restore.restore_items(pages, tables, keys.SIGNATURES, lambda: SinceCopy(LATER), write=True)
    assert [each.outcome for each in results] == [RestoreOutcome.PUT_BACK] * PEOPLE


def test_a_write_whose_answer_was_lost_counts_as_put_back(tables: FakeTables, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = signatures(tables)[:1]
    lose_signatures(tables)
    put_new, errors = tables.put_new, [Unavailable("storage")]

    def put_and_lose_the_answer(new: NewItem) -> None:
        put_new(new)
        if errors:
            raise errors.pop()

    monkeypatch.setattr(tables, "put_new", put_and_lose_the_answer)
    [result] = restore.restore_items([kept], tables, keys.SIGNATURES, lambda: SinceCopy(LATER), write=True)
    assert result.outcome is RestoreOutcome.PUT_BACK


def test_a_signature_made_at_the_same_instant_is_not_overwritten(
    tables: FakeTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    [kept, *_] = signatures(tables)
    lose_signatures(tables)
    put_new = tables.put_new

    def put_after_a_newer_one(new: NewItem) -> None:
        tables.put(new.key, {**new.item, "name": "Somebody Newer"})
        put_new(new)

    monkeypatch.setattr(tables, "put_new", put_after_a_newer_one)
    [result] = restore.restore_items([[kept]], tables, keys.SIGNATURES, lambda: SinceCopy(LATER), write=True)
    assert result.outcome is RestoreOutcome.NEWER
    assert signatures(tables)[0]["name"] == "Somebody Newer"


def test_people_erased_by_staff_during_the_run_are_not_put_back(tables: FakeTables) -> None:
    """A page is requested only after the page before it is done, and the activity log is read again for each."""
    kept = signatures(tables)
    lose_signatures(tables)
    withdrawn = WithdrawnSince(NOW, frozenset(), frozenset())
    pages = ([item] for item in kept)
    results = restore.restore_items(pages, tables, keys.SIGNATURES, withdrawn.read, write=True)
    assert next(results).outcome is RestoreOutcome.PUT_BACK
    action = Action(name="signature.erased", subject=kept[1]["sk"])
    record(Actor(token_id="t", owner="bob"), action, LATER, tables)
    assert next(results).outcome is RestoreOutcome.GONE
    assert [item["sk"] for item in signatures(tables)] == [kept[0]["sk"]]
    assert [*pages] == [[item] for item in kept[2:]]


def test_a_person_who_withdraws_while_the_item_is_missing_is_withdrawn_by_a_second_run(
    tables: FakeTables, petition: Petition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manage.main(["restore", "signatures", "--at", AT, "--dry-run"])
    withdrawn, other, *_ = signatures(tables)
    lose_signatures(tables)
    key = keys.signature(petition.slug, withdrawn["sk"])
    before = exact_count(petition, LATER, tables).confirmed
    withdraw(key, petition, LATER, tables)  # By the link in an email. The page confirms it.
    assert manage.main(["restore", "signatures", "--at", AT]) == 0
    ids = tmp_path / "withdrawn"
    ids.write_text(withdrawn["sk"])
    command = ["restore", "signatures", "--at", AT, "--leave-out", str(ids)]
    for words, expected in (
        ([*command, "--dry-run"], "1 withdrawn: in"),
        (command, "1 withdrawn: in"),
        (command, "1 kept"),
    ):
        assert manage.main(words) == 0
        assert expected in capsys.readouterr().out
    assert tables.items[key]["state"] == "withdrawn"
    assert "email" not in tables.items[key]
    assert exact_count(petition, LATER, tables).confirmed == before - 1
    assert tables.items[keys.signature(petition.slug, other["sk"])]["state"] == "confirmed"


def test_a_person_who_unsubscribes_while_the_item_is_missing_is_unsubscribed_by_a_second_run(
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


ONE, TWO = "0" * 31 + "1", "0" * 31 + "2"


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}\n{TWO}\n\n", f"{ONE} {TWO}", f"\ufeffsignature\r\n{ONE}\r\n{TWO}\r\n",
        f'"signature"\n"{ONE}"\n"{TWO}"\n',
        f'[[{{"field": "signature", "value": "{ONE}"}}], [{{"field": "signature", "value": "{TWO}"}}]]',
    ],
)  # fmt: skip
def test_ids_are_found_in_every_format_of_cloudwatch(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id that was not found would bring back a person who has withdrawn."""
    path = tmp_path / "ids"
    path.write_text(text, encoding="utf-8")
    assert ids_in_file(path) == {ONE, TWO}
    assert capsys.readouterr().out == f"signature ids in {path}: 2\n"
