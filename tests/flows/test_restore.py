"""A restore, end to end on the emulator: copy, damage, put back, recount.

The emulator copies the present state and ignores the requested time. So the copy is made before the damage; on AWS it
is made afterwards.
"""

import re
from collections.abc import Iterator

import boto3
import pytest

from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys, times
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.staff.audit.record import Action, Actor, record
from chalicelib.tallies.count import exact_count
from tests.emulated import EmulatedAws
from tests.flows.handlers import EmulatedSite
from tests.flows.restoring import (
    copied_tables,
    copy_table,
    delete_item,
    funnel_totals,
    press_button,
    run_manage,
    table_name,
    without_restore_mark,
)
from tests.flows.test_races import all_signatures
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
    entry = Action(name="signature.erased", subject="1", details={"petition": petition.slug})
    record(Actor(token_id="t", owner="bob"), entry, times.now(), emulator_tables)
    copied_at = copy_table(capsys, keys.AUDIT)
    month = keys.audit_partition(copied_at)
    kept = {item["sk"]: item for item in emulator_tables.query(keys.AUDIT, month)}
    for item in kept.values():
        delete_item(emulator_tables, item, keys.AUDIT)
    run_manage(capsys, "restore", "audit", "--at", copied_at)
    back = {item["sk"]: item for item in emulator_tables.query(keys.AUDIT, month)}
    assert kept.items() <= back.items()
