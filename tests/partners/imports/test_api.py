"""Bob imports a partner's file, watches it, cancels it and undoes it."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.partners.imports import worker
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import ImportWork
from chalicelib.staff.audit.record import entries
from tests.actors import DAY, NOW, bobs_token
from tests.fake_site import FakeSite, sqs_event
from tests.importing import CSV, rows
from tests.partnering import a_partner

PATH = "/api/staff/petitions/safe-children/imports"


@pytest.fixture
def bob(fake_site: FakeSite) -> str:
    a_partner(fake_site.tables)
    return bobs_token(fake_site.tables, NOW, Right.MANAGE)


def asked(fake_site: FakeSite, bob: str, method: str, path: str = "", body: bytes = b"") -> HTTPResponse:
    headers = {"Authorization": f"Bearer {bob}", **({"Content-Type": "text/csv"} if method == "POST" else {})}
    return fake_site.client.http.request(method, f"{PATH}{path}", headers=headers, body=body)


def started(fake_site: FakeSite, bob: str, content: str, query: str = "") -> str:
    answer = asked(fake_site, bob, "POST", f"?partner=partner-oak{query}", content.encode())
    assert answer.status_code == 202, answer.body
    return str(answer.json_body["id"])


def run(fake_site: FakeSite) -> None:
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    for message in list(fake_site.imports.messages):  # Also that of an import that was refused: there is no such job.
        assert worker.run_import(sqs_event([message]), context) == {"batchItemFailures": []}


def shown(fake_site: FakeSite, bob: str, number: str) -> Any:
    return asked(fake_site, bob, "GET", f"/{number}").json_body


def test_bob_tries_imports_and_undoes(fake_site: FakeSite, bob: str) -> None:
    dry = started(fake_site, bob, CSV + rows(1, 2), "&dry_run=true")
    assert (shown(fake_site, bob, dry)["state"], shown(fake_site, bob, dry)["rows"]) == ("waiting", 0)
    run(fake_site)
    assert (shown(fake_site, bob, dry)["accepted"], shown(fake_site, bob, dry)["dry_run"]) == (2, True)
    assert asked(fake_site, bob, "POST", f"/{dry}/undo").status_code == 409
    real = started(fake_site, bob, CSV + rows(1, 2))
    assert asked(fake_site, bob, "POST", "?partner=partner-oak", b"").status_code == 409
    run(fake_site)
    found = shown(fake_site, bob, real)
    assert (found["state"], found["rows"], found["accepted"], found["errors"]) == ("done", 2, 2, [])
    assert fake_site.get("/api/petitions/safe-children/count").json_body["count"] == 2
    undo = asked(fake_site, bob, "POST", f"/{real}/undo").json_body["id"]
    run(fake_site)
    assert shown(fake_site, bob, real)["undone_by"] == undo
    assert (shown(fake_site, bob, undo)["state"], shown(fake_site, bob, undo)["accepted"]) == ("done", 2)
    listed = asked(fake_site, bob, "GET").json_body["imports"]
    assert {each["id"] for each in listed} == {dry, real, undo}
    actions = [entry.action.name for entry in entries(NOW - DAY, NOW + DAY, fake_site.tables)]
    assert {*actions} == {"import.started", "import.undone"}


def test_an_import_that_is_refused_leaves_no_file(fake_site: FakeSite, bob: str) -> None:
    started(fake_site, bob, CSV + rows(1))
    files = dict(fake_site.bucket.objects)
    assert asked(fake_site, bob, "POST", "?partner=partner-oak", (CSV + rows(2)).encode()).status_code == 409
    assert fake_site.bucket.objects == files


def test_a_dirty_file_ends_in_a_report_and_nothing_is_imported(fake_site: FakeSite, bob: str) -> None:
    number = started(fake_site, bob, CSV + rows(1) + 'oak-2,"open\n')
    run(fake_site)
    found = shown(fake_site, bob, number)
    assert found["state"] == "failed"
    assert "Nothing was imported" in found["why"]
    assert not [key for key in fake_site.tables.items if key.table == "signatures"]
    assert fake_site.bucket.objects == {}


def test_a_cancelled_import_ends_and_its_file_is_deleted(fake_site: FakeSite, bob: str) -> None:
    number = started(fake_site, bob, CSV + rows(1))
    assert asked(fake_site, bob, "DELETE", f"/{number}").json_body["state"] == "cancelled"
    run(fake_site)
    assert fake_site.bucket.objects == {}
    assert shown(fake_site, bob, number)["accepted"] == 0


def test_an_undo_misses_no_row_that_a_cancelled_import_still_stores(
    fake_site: FakeSite, bob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = started(fake_site, bob, CSV + rows(1, 2))
    take_rows = ImportWork._take_next_rows

    def cancelled_meanwhile(self: ImportWork, job: Import) -> Import:
        asked(fake_site, bob, "DELETE", f"/{number}")
        assert asked(fake_site, bob, "POST", f"/{number}/undo").status_code == 202
        run(fake_site)
        return take_rows(self, job)

    monkeypatch.setattr(ImportWork, "_take_next_rows", cancelled_meanwhile)
    run(fake_site)
    fake_site.clock.forward(timedelta(minutes=15))
    run(fake_site)
    states = {item["state"] for key, item in fake_site.tables.items.items() if key.table == "signatures"}
    assert states == {"withdrawn"}


def test_a_mapping_names_the_columns(fake_site: FakeSite, bob: str) -> None:
    mapping = quote(json.dumps({"email": "E", "name": ["F", "L"]}))
    number = started(fake_site, bob, "E,F,L\na@mail.example,Ann,Lee\n", f"&mapping={mapping}")
    run(fake_site)
    assert shown(fake_site, bob, number)["accepted"] == 1


def test_a_file_in_utf_16_is_read_as_sent(fake_site: FakeSite, bob: str) -> None:
    content = ("Email\tName\na@mail.example\tZoë\n").encode("utf-16")
    headers = {"Authorization": f"Bearer {bob}", "Content-Type": "application/octet-stream"}
    answer = fake_site.client.http.request("POST", f"{PATH}?partner=partner-oak", headers=headers, body=content)
    run(fake_site)
    assert shown(fake_site, bob, answer.json_body["id"])["accepted"] == 1


def test_a_larger_file_is_uploaded_first(fake_site: FakeSite, bob: str) -> None:
    headers = {"Authorization": f"Bearer {bob}"}
    path = PATH.replace("imports", "uploads")
    form = fake_site.client.http.request("POST", path, headers=headers, body=b"").json_body
    for content, state in {CSV + rows(1): "done", "": "failed"}.items():
        if content:
            fake_site.bucket.objects[form["fields"]["key"]] = content.encode()
        number = started(fake_site, bob, "", f"&upload={form['upload']}")
        run(fake_site)
        assert shown(fake_site, bob, number)["state"] == state
        assert fake_site.bucket.objects == {}
    assert asked(fake_site, bob, "POST", "?partner=partner-oak&upload=../x").status_code == 422
