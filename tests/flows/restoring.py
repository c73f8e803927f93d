"""Delete items without the application, copy a table, and run `manage.py`."""

import re
from collections.abc import Mapping
from typing import Any

import boto3
import pytest

import manage
from chalicelib.aws.expressions import wire_key
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso, now
from tests.flows.handlers import EmulatedSite, link_in, token_in
from tests.flows.ledger import checked_totals


def table_name(tables: Tables, table: str) -> str:
    return tables._names[table]


def delete_item(tables: Tables, item: dict[str, Any], table: str = keys.SIGNATURES) -> None:
    key = wire_key(keys.Key(table, item["pk"], item["sk"]))
    boto3.client("dynamodb").delete_item(TableName=table_name(tables, table), Key=key)


def run_manage(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """Run manage.py with these words and return what it prints. Assert its exit code."""
    capsys.readouterr()
    assert manage.main(words) == code, capsys.readouterr()
    return capsys.readouterr().out


def copy_table(capsys: pytest.CaptureFixture[str], table: str = keys.SIGNATURES) -> str:
    """Copy the table as it is now, and return the time of the copy for the option --at."""
    # The emulator copies the table as it is, whatever the time.
    out = run_manage(capsys, "restore", table, "--at", iso(now()), "--dry-run")
    found = re.search(r"--at (\S+) --finish", out)
    assert found
    return found[1]


def copied_tables() -> list[str]:
    """Return the names of the copies that exist."""
    names = boto3.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if "-restored-" in name]


def without_restore_mark(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "restored_at"}


def funnel_totals(site: EmulatedSite) -> Mapping[str, int]:
    """Return the funnel's totals that are not zero."""
    headers = {"Authorization": f"Bearer {site.staff_token}"}
    body = site.get(f"/api/staff/petitions/{site.slug}/funnel?by=hour", headers).json_body
    return checked_totals(body)


def press_button(site: EmulatedSite, mail: dict[str, Any], purpose: str, **fields: str) -> None:
    """Press the button on the page of an email's link. `fields`: what the person types on this page."""
    token = token_in(link_in(mail, purpose))
    answer = site.post_form(f"/{purpose}", {"token": token, **fields})
    assert answer.status_code == 200, answer.body
