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
from tests.importing import CSV, rows
from tests.partnering import a_partner
from tests.served import Served, sqs_event

PATH = "/api/staff/petitions/safe-children/imports"


@pytest.fixture
def bob(served: Served) -> str:
    a_partner(served.tables)
    return bobs_token(served.tables, NOW, Right.MANAGE)


def asked(served: Served, bob: str, method: str, path: str = "", body: bytes = b"") -> HTTPResponse:
    headers = {"Authorization": f"Bearer {bob}", **({"Content-Type": "text/csv"} if method == "POST" else {})}
    return served.client.http.request(method, f"{PATH}{path}", headers=headers, body=body)


def started(served: Served, bob: str, content: str, query: str = "") -> str:
    answer = asked(served, bob, "POST", f"?partner=partner-oak{query}", content.encode())
    assert answer.status_code == 202, answer.body
    return str(answer.json_body["id"])


def run(served: Served) -> None:
    context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 900_000)
    for message in list(served.imports.messages):  # Also that of an import that was refused: there is no such job.
        assert worker.run_import(sqs_event([message]), context) == {"batchItemFailures": []}


def shown(served: Served, bob: str, number: str) -> Any:
    return asked(served, bob, "GET", f"/{number}").json_body


def test_bob_tries_imports_and_undoes(served: Served, bob: str) -> None:
    dry = started(served, bob, CSV + rows(1, 2), "&dry_run=true")
    assert (shown(served, bob, dry)["state"], shown(served, bob, dry)["rows"]) == ("waiting", 0)
    run(served)
    assert (shown(served, bob, dry)["accepted"], shown(served, bob, dry)["dry_run"]) == (2, True)
    assert asked(served, bob, "POST", f"/{dry}/undo").status_code == 409
    real = started(served, bob, CSV + rows(1, 2))
    assert asked(served, bob, "POST", "?partner=partner-oak", b"").status_code == 409
    run(served)
    found = shown(served, bob, real)
    assert (found["state"], found["rows"], found["accepted"], found["errors"]) == ("done", 2, 2, [])
    assert served.get("/api/petitions/safe-children/count").json_body["count"] == 2
    undo = asked(served, bob, "POST", f"/{real}/undo").json_body["id"]
    run(served)
    assert shown(served, bob, real)["undone_by"] == undo
    assert (shown(served, bob, undo)["state"], shown(served, bob, undo)["accepted"]) == ("done", 2)
    listed = asked(served, bob, "GET").json_body["imports"]
    assert {each["id"] for each in listed} == {dry, real, undo}
    actions = [entry.action.name for entry in entries(NOW - DAY, NOW + DAY, served.tables)]
    assert {*actions} == {"import.started", "import.undone"}


def test_an_import_that_is_refused_leaves_no_file(served: Served, bob: str) -> None:
    started(served, bob, CSV + rows(1))
    files = dict(served.bucket.objects)
    assert asked(served, bob, "POST", "?partner=partner-oak", (CSV + rows(2)).encode()).status_code == 409
    assert served.bucket.objects == files


def test_a_dirty_file_ends_in_a_report_and_nothing_is_imported(served: Served, bob: str) -> None:
    number = started(served, bob, CSV + rows(1) + 'oak-2,"open\n')
    run(served)
    found = shown(served, bob, number)
    assert found["state"] == "failed"
    assert "Nothing was imported" in found["why"]
    assert not [key for key in served.tables.items if key.table == "signatures"]
    assert served.bucket.objects == {}


def test_a_cancelled_import_ends_and_its_file_is_deleted(served: Served, bob: str) -> None:
    number = started(served, bob, CSV + rows(1))
    assert asked(served, bob, "DELETE", f"/{number}").json_body["state"] == "cancelled"
    run(served)
    assert served.bucket.objects == {}
    assert shown(served, bob, number)["accepted"] == 0


def test_an_undo_misses_no_row_that_a_cancelled_import_still_stores(
    served: Served, bob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = started(served, bob, CSV + rows(1, 2))
    take_rows = ImportWork._take_next_rows

    def cancelled_meanwhile(self: ImportWork, job: Import) -> Import:
        asked(served, bob, "DELETE", f"/{number}")
        assert asked(served, bob, "POST", f"/{number}/undo").status_code == 202
        run(served)
        return take_rows(self, job)

    monkeypatch.setattr(ImportWork, "_take_next_rows", cancelled_meanwhile)
    run(served)
    served.clock.forward(timedelta(minutes=15))
    run(served)
    states = {item["state"] for key, item in served.tables.items.items() if key.table == "signatures"}
    assert states == {"withdrawn"}


def test_a_mapping_names_the_columns(served: Served, bob: str) -> None:
    mapping = quote(json.dumps({"email": "E", "name": ["F", "L"]}))
    number = started(served, bob, "E,F,L\na@mail.example,Ann,Lee\n", f"&mapping={mapping}")
    run(served)
    assert shown(served, bob, number)["accepted"] == 1


def test_a_file_in_utf_16_is_read_as_sent(served: Served, bob: str) -> None:
    content = ("Email\tName\na@mail.example\tZoë\n").encode("utf-16")
    headers = {"Authorization": f"Bearer {bob}", "Content-Type": "application/octet-stream"}
    answer = served.client.http.request("POST", f"{PATH}?partner=partner-oak", headers=headers, body=content)
    run(served)
    assert shown(served, bob, answer.json_body["id"])["accepted"] == 1


def test_a_larger_file_is_uploaded_first(served: Served, bob: str) -> None:
    headers = {"Authorization": f"Bearer {bob}"}
    path = PATH.replace("imports", "uploads")
    form = served.client.http.request("POST", path, headers=headers, body=b"").json_body
    for content, state in {CSV + rows(1): "done", "": "failed"}.items():
        if content:
            served.bucket.objects[form["fields"]["key"]] = content.encode()
        number = started(served, bob, "", f"&upload={form['upload']}")
        run(served)
        assert shown(served, bob, number)["state"] == state
        assert served.bucket.objects == {}
    assert asked(served, bob, "POST", "?partner=partner-oak&upload=../x").status_code == 422
