"""A restore, end to end on the emulator: copy, damage, put back, recount.

The emulator copies the present state and ignores the requested time. So the copy is made before the damage; on AWS it
is made afterwards.
"""

import re
from collections.abc import Iterator

import boto3
import pytest

import manage
from chalicelib.aws.expressions import wire_key
from chalicelib.aws.table import Change, Tables
from chalicelib.core import keys, times
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import pending_count
from chalicelib.projections.recount import recount
from chalicelib.staff.audit.record import Action, Actor, record
from chalicelib.tallies.count import exact_count
from tests.actors import Person
from tests.emulated import EmulatedAws
from tests.fake_site import link_in, token_in
from tests.flows.handlers import EmulatedSite
from tests.flows.ledger import checked_totals
from tests.flows.test_races import all_signatures, confirm_crowd, two_minutes_later

CONFIRMED, PENDING = 9, 4


@pytest.fixture(autouse=True)
def point_in_time_recovery(emulated_aws: EmulatedAws) -> Iterator[None]:
    """Point-in-time recovery is on, as in the template. Copies are deleted after the test."""
    client = boto3.client("dynamodb")
    for table in (keys.SIGNATURES, keys.COUNTS, keys.AUDIT):
        client.update_continuous_backups(
            TableName=emulated_aws.tables._names[table],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    yield
    for name in copied_tables():
        client.delete_table(TableName=name)


def copied_tables() -> list[str]:
    """Return the names of the copies that exist."""
    names = boto3.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if "-restored-" in name]


def run_manage(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run manage.py with these words and return what it prints."""
    capsys.readouterr()
    assert manage.main(words) == 0, capsys.readouterr()
    return capsys.readouterr().out


def copy_table(capsys: pytest.CaptureFixture[str], table: str) -> str:
    """Copy the table as it is now, and return the time of the copy for the option --at."""
    out = run_manage(capsys, "restore", table, "--at", times.iso(times.now()), "--dry-run")
    found = re.search(r"--at (\S+) --finish", out)
    assert found
    return found[1]


def delete_item(tables: Tables, key: keys.Key) -> None:
    boto3.client("dynamodb").delete_item(TableName=tables._names[key.table], Key=wire_key(key))


def test_deleted_and_damaged_signatures_come_back_without_drift_or_a_second_email(
    emulator_tables: Tables, site: EmulatedSite, petition: Petition, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(CONFIRMED + PENDING):
        site.sign(Person("Alice", f"p{number}@example.org"), postcode="SW1A 1AA")
    for mail in site.new_mails()[:CONFIRMED]:
        answer = site.post_form("/confirm", {"token": token_in(link_in(mail, "confirm"))})
        assert answer.status_code == 200, answer.body
    site.relay()
    before = {item["sk"]: item for item in all_signatures(petition, emulator_tables)}
    funnel = checked_totals(site.read("funnel?by=hour"))
    copied_at = copy_table(capsys, keys.SIGNATURES)

    confirmed = [item for item in before.values() if item["state"] == "confirmed"]
    pending = [item for item in before.values() if item["state"] == "pending"]
    for item in (*confirmed[:5], *pending[:2]):
        delete_item(emulator_tables, keys.signature(petition.slug, str(item["sk"])))
    changed_key, emptied_key = [keys.signature(petition.slug, str(item["sk"])) for item in confirmed[5:7]]
    emulator_tables.update(Change(changed_key, assign={"name": "x"}, remove=["email"]))
    names = ("state", "signed_at", "confirmed_at", "text_version", "country")
    emulator_tables.update(Change(emptied_key, remove=names))
    site.relay()
    assert pending_count(petition.slug, emulator_tables) == PENDING - 2
    assert exact_count(petition, times.now(), emulator_tables).confirmed == CONFIRMED, "deleting changes no tally"

    out = run_manage(capsys, "restore", "signatures", "--at", copied_at)
    assert re.findall(r"^ +(\d+) (.+)$", out, re.M) == [("4", "unchanged"), ("7", "put back"), ("2", "repaired")]
    assert f"manage.py recount {petition.slug}" in out
    assert site.new_mails() == [], "no second email"
    after = {item["sk"]: item for item in all_signatures(petition, emulator_tables)}
    assert sum(item.pop("restored_at", None) is not None for item in after.values()) == 9
    assert after == before
    found = recount(petition, two_minutes_later, emulator_tables)
    assert (found.drift, found.wrong_pending, found.confirmed) == ({}, {}, CONFIRMED)
    assert exact_count(petition, times.now(), emulator_tables).confirmed == CONFIRMED
    assert pending_count(petition.slug, emulator_tables) == PENDING
    assert checked_totals(site.read("funnel?by=hour")) == funnel, "damage and restore must not count in the funnel"
    assert site.read("counts?by=postcode-area")["breakdown"] == [{"key": "SW", "confirmed": CONFIRMED}]

    assert "13 unchanged" in run_manage(capsys, "restore", "signatures", "--at", copied_at)
    assert "deleted" in run_manage(capsys, "restore", "signatures", "--at", copied_at, "--finish")
    assert copied_tables() == []


@pytest.mark.parametrize(
    ("table", "lost"),
    # A revoked token must not come back.
    [(keys.COUNTS, {keys.TOKENS_PARTITION, "SNAPSHOT#safe-children"}), (keys.AUDIT, set())],
)
def test_deleted_counts_and_audit_entries_come_back_without_drift(
    emulator_tables: Tables,
    site: EmulatedSite,
    petition: Petition,
    capsys: pytest.CaptureFixture[str],
    table: str,
    lost: set[str],
) -> None:
    confirm_crowd(petition, emulator_tables, 12)
    entry = Action(name="signature.erased", subject="1", details={"petition": petition.slug})
    record(Actor(token_id="t", owner="bob"), entry, times.now(), emulator_tables)
    copied_at = copy_table(capsys, table)
    before = stored_keys(emulator_tables, table)
    for key in before:
        delete_item(emulator_tables, key)
    run_manage(capsys, "restore", table, "--at", copied_at)
    assert {key.pk for key in before - stored_keys(emulator_tables, table)} == lost
    found = recount(petition, two_minutes_later, emulator_tables)
    assert (found.drift, found.confirmed) == ({}, 12)


def stored_keys(tables: Tables, table: str) -> set[keys.Key]:
    items = boto3.client("dynamodb").scan(TableName=tables._names[table])["Items"]
    return {keys.Key(table, item["pk"]["S"], item["sk"]["S"]) for item in items}
