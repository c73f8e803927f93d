"""A restore, end to end on the emulator: copy, damage, put back, recount.

The emulator copies the present state and ignores the requested time. So the copy is made before the damage; on AWS it
is made afterwards.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

import manage
from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys, times
from chalicelib.core.tokens import Subject
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.signatures.withdraw import erase, withdraw
from chalicelib.staff.audit.record import Action, Actor, record
from chalicelib.tallies.count import exact_count
from tests.emulated import EmulatedAws
from tests.flows.handlers import EmulatedSite
from tests.flows.restoring import copied_tables, copy_table, delete_item, run_manage, table_name, without_restore_mark
from tests.flows.test_funnel import funnel_totals, press_button
from tests.flows.test_races import all_signatures, sign_as
from tests.flows.test_recount import confirm_crowd, two_minutes_later

CONFIRMED, PENDING = 9, 4


@pytest.fixture(autouse=True)
def point_in_time_recovery(emulated_aws: EmulatedAws) -> Iterator[None]:
    """Point-in-time recovery is on, as in the template. Copies are deleted after the test."""
    client = boto3.client("dynamodb")
    for table in (keys.SIGNATURES, keys.COUNTS, keys.AUDIT):
        client.update_continuous_backups(
            TableName=table_name(emulated_aws.tables, table),
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    yield
    for name in copied_tables():
        client.delete_table(TableName=name)


def test_deleted_and_damaged_signatures_come_back_without_drift_or_a_second_email(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(CONFIRMED + PENDING):
        site.sign(email=f"p{number}@example.org", postcode="SW1A 1AA")
    for mail in site.deliver()[:CONFIRMED]:
        press_button(site, mail, "confirm")
    site.deliver()
    before = {item["sk"]: item for item in all_signatures(petition, emulator_tables)}
    funnel = funnel_totals(site)
    copied_at = copy_table(capsys)

    confirmed = [item for item in before.values() if item["state"] == "confirmed"]
    pending = [item for item in before.values() if item["state"] == "pending"]
    for item in (*confirmed[:5], *pending[:2]):
        delete_item(emulator_tables, item)
    changed_key, emptied_key = [keys.signature(petition.slug, str(item["sk"])) for item in confirmed[5:7]]
    emulator_tables.update(Change(changed_key, assign={"name": "x"}, remove=["email"]))
    names = ("state", "signed_at", "confirmed_at", "text_version", "country")
    emulator_tables.update(Change(emptied_key, remove=names))
    site.deliver()
    assert pending_count(petition.slug, emulator_tables) == PENDING - 2
    assert exact_count(petition, times.now(), emulator_tables).confirmed == CONFIRMED, "deleting changes no tally"

    out = run_manage(capsys, "restore", "signatures", "--at", copied_at)
    assert re.findall(r"^ +(\d+) (.+)$", out, re.M) == [("4", "unchanged"), ("7", "put back"), ("2", "repaired")]
    assert f"manage.py recount {petition.slug}" in out
    assert site.deliver() == [], "no second email"
    after = {item["sk"]: item for item in all_signatures(petition, emulator_tables)}
    assert sum("restored_at" in item for item in after.values()) == 9
    unmarked = {identity: without_restore_mark(item) for identity, item in after.items()}
    assert unmarked == before
    found = recount(petition, two_minutes_later, emulator_tables)
    assert (found.drift, found.wrong_pending, found.confirmed) == ({}, {}, CONFIRMED)
    assert exact_count(petition, times.now(), emulator_tables).confirmed == CONFIRMED
    assert pending_count(petition.slug, emulator_tables) == PENDING
    assert funnel_totals(site) == funnel, "damage and restore must not count in the funnel"
    assert site.breakdown("postcode-area") == {"SW": CONFIRMED}

    assert "13 unchanged" in run_manage(capsys, "restore", "signatures", "--at", copied_at)
    assert "deleted" in run_manage(capsys, "restore", "signatures", "--at", copied_at, "--finish")
    assert copied_tables() == []


def test_an_email_that_was_not_sent_before_the_restore_is_sent_once(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    site.sign()
    copied_at = copy_table(capsys)
    [item] = all_signatures(petition, emulator_tables)
    delete_item(emulator_tables, item)
    assert site.deliver() == [], "the signature is deleted, so no email is sent"
    run_manage(capsys, "restore", "signatures", "--at", copied_at)
    [mail] = site.deliver()
    assert site.deliver() == []
    press_button(site, mail, "confirm")
    assert site.count() == 1


def test_withdrawn_and_erased_signatures_are_not_restored(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Staff withdrew Alice and erased Bob, Charlie withdrew by his link, then all items were deleted."""
    names = ("alice", "bob", "charlie", "dora")
    alice, bob, charlie, dora = [sign_as(name, petition, emulator_tables) for name in names]
    copied_at = copy_table(capsys)
    record_action("signature.withdrawn", alice, emulator_tables)
    withdraw(alice.key, petition, times.now(), emulator_tables)
    record_action("signature.erased", bob, emulator_tables)
    erase(bob.key, petition, times.now(), emulator_tables)
    withdraw(charlie.key, petition, times.now(), emulator_tables)
    out = run_manage(capsys, "restore", "signatures", "--at", copied_at)
    assert re.findall(r"^ +(\d+) (.+)$", out, re.M) == [
        ("1", "unchanged"),
        ("3", "kept: the live item has changed since"),
    ]
    for item in all_signatures(petition, emulator_tables):
        delete_item(emulator_tables, item)
    ids = tmp_path / "withdrawn-in-the-logs"
    ids.write_text(charlie.signature_id)
    run_manage(capsys, "restore", "signatures", "--at", copied_at, "--leave-out", str(ids))
    [item] = all_signatures(petition, emulator_tables)
    assert item["sk"] == dora.signature_id


def record_action(action: str, subject: Subject, tables: Tables) -> None:
    """Write the audit entry, as the staff API does before the action."""
    entry = Action(name=action, subject=subject.signature_id, details={"petition": subject.slug})
    record(Actor(token_id="t", owner="bob"), entry, times.now(), tables)


def test_signing_again_after_the_deletion_does_not_undo_the_confirmation(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    site.sign()
    press_button(site, site.deliver()[0], "confirm")
    copied_at = copy_table(capsys)
    [item] = all_signatures(petition, emulator_tables)
    delete_item(emulator_tables, item)
    site.sign(name="Somebody Else")
    run_manage(capsys, "restore", "signatures", "--at", copied_at)
    assert site.deliver() == []
    [back] = all_signatures(petition, emulator_tables)
    assert (back["name"], back["state"], "mail_kind" in back) == ("Alice", "confirmed", False)
    assert recount(petition, two_minutes_later, emulator_tables).drift == {}


def test_deleted_counts_come_back_without_drift(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    confirm_crowd(petition, emulator_tables, 12)
    copied_at = copy_table(capsys, keys.COUNTS)
    name = table_name(emulator_tables, keys.COUNTS)
    client = boto3.client("dynamodb")
    for item in client.scan(TableName=name)["Items"]:
        delete_item(emulator_tables, {"pk": item["pk"]["S"], "sk": item["sk"]["S"]}, keys.COUNTS)
    out = run_manage(capsys, "restore", "counts", "--at", copied_at)
    assert f"manage.py recount {petition.slug}" in out
    found = recount(petition, two_minutes_later, emulator_tables)
    assert (found.drift, found.confirmed) == ({}, 12)
    items = client.scan(TableName=name)["Items"]
    partitions = {item["pk"]["S"] for item in items}
    assert "PETITIONS" in partitions
    assert keys.TOKENS_PARTITION not in partitions, "a revoked token must not come back"


def test_deleted_audit_entries_come_back(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    record_action("signature.erased", sign_as("alice", petition, emulator_tables), emulator_tables)
    copied_at = copy_table(capsys, keys.AUDIT)
    month = keys.audit_partition(copied_at)
    kept = {item["sk"]: item for item in emulator_tables.query(keys.AUDIT, month)}
    for item in kept.values():
        delete_item(emulator_tables, item, keys.AUDIT)
    run_manage(capsys, "restore", "audit", "--at", copied_at)
    back = {item["sk"]: item for item in emulator_tables.query(keys.AUDIT, month)}
    assert kept.items() <= back.items()


def test_a_table_without_point_in_time_recovery_is_refused(
    emulator_tables: Tables, site: EmulatedSite, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("dynamodb").update_continuous_backups(
        TableName=table_name(emulator_tables, keys.SIGNATURES),
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )
    assert manage.main(["restore", "signatures", "--at", "latest"]) == 1
    assert "point-in-time recovery is off" in capsys.readouterr().err
