"""Bob imports a partner's file, watches it, cancels it and undoes it."""

import json
import zoneinfo
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.errors import Invalid
from chalicelib.core.rights import Right
from chalicelib.edge.http import is_dry_run
from chalicelib.jobs.model import JobState
from chalicelib.jobs.request import advance
from chalicelib.partners.imports.api import read_query
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import ImportWork
from chalicelib.runner.worker import run_address_job
from tests.actors import DAY, NOW, bobs_token
from tests.asking import actions
from tests.fake_site import FakeSite, context, sqs_event
from tests.importing import CSV, rows
from tests.partnering import a_partner

PATH = "/api/staff/petitions/safe-children/imports"


@pytest.fixture(autouse=True)
def _oak(fake_site: FakeSite) -> None:
    a_partner(fake_site.tables)


@pytest.fixture
def token(fake_site: FakeSite) -> str:
    return bobs_token(fake_site.tables, NOW, Right.MANAGE)


def ask(fake_site: FakeSite, token: str, method: str, path: str = "", body: bytes = b"") -> HTTPResponse:
    headers = {"Authorization": f"Bearer {token}", **({"Content-Type": "text/csv"} if method == "POST" else {})}
    return fake_site.client.http.request(method, f"{PATH}{path}", headers=headers, body=body)


def start_import(fake_site: FakeSite, token: str, content: str, query: str = "") -> str:
    answer = ask(fake_site, token, "POST", f"?partner=partner-oak{query}", content.encode())
    assert answer.status_code == 202, answer.body
    return str(answer.json_body["id"])


def run_imports(fake_site: FakeSite) -> None:
    for message in list(fake_site.address_jobs.messages):  # A refused import has a message too, but no job.
        assert run_address_job(sqs_event([message]), context()) == {"batchItemFailures": []}


def read_import(fake_site: FakeSite, token: str, import_id: str) -> Any:
    return ask(fake_site, token, "GET", f"/{import_id}").json_body


def test_bob_tries_a_file_imports_it_and_undoes_the_import(fake_site: FakeSite, token: str) -> None:
    dry_id = start_import(fake_site, token, CSV + rows(1, 2), "&dry_run=true&zone=")
    report = read_import(fake_site, token, dry_id)
    assert (report["state"], report["rows"]) == ("waiting", 0)
    run_imports(fake_site)
    report = read_import(fake_site, token, dry_id)
    assert (report["accepted"], report["dry_run"], report["zone"]) == (2, True, "Europe/London")
    assert ask(fake_site, token, "POST", f"/{dry_id}/undo").status_code == 409
    real_id = start_import(fake_site, token, CSV + rows(1, 2))
    files = dict(fake_site.bucket.objects)
    assert ask(fake_site, token, "POST", "?partner=partner-oak", b"").status_code == 409
    assert fake_site.bucket.objects == files, "a refused import leaves no file"
    run_imports(fake_site)
    report = read_import(fake_site, token, real_id)
    assert (report["state"], report["rows"], report["accepted"], report["errors"]) == ("done", 2, 2, [])
    assert fake_site.get("/api/petitions/safe-children/count").json_body["count"] == 2
    undo_id = ask(fake_site, token, "POST", f"/{real_id}/undo").json_body["id"]
    run_imports(fake_site)
    assert read_import(fake_site, token, real_id)["undone_by"] == undo_id
    report = read_import(fake_site, token, undo_id)
    assert (report["state"], report["accepted"]) == ("done", 2)
    listed = ask(fake_site, token, "GET").json_body["imports"]
    assert {each["id"] for each in listed} == {dry_id, real_id, undo_id}
    assert {*actions(fake_site)} == {"import.started", "import.undone"}


def test_an_unreadable_file_ends_in_a_report_and_nothing_is_imported(fake_site: FakeSite, token: str) -> None:
    import_id = start_import(fake_site, token, CSV + rows(1) + 'oak-2,"open\n')
    run_imports(fake_site)
    report = read_import(fake_site, token, import_id)
    assert report["state"] == "failed"
    assert "Nothing was imported" in report["why"]
    assert not [key for key in fake_site.tables.items if key.table == "signatures"]
    assert fake_site.bucket.objects == {}


def test_a_cancelled_import_ends_and_its_file_is_deleted(fake_site: FakeSite, token: str) -> None:
    import_id = start_import(fake_site, token, CSV + rows(1))
    assert ask(fake_site, token, "DELETE", f"/{import_id}").json_body["state"] == "cancelled"
    run_imports(fake_site)
    assert fake_site.bucket.objects == {}
    assert read_import(fake_site, token, import_id)["accepted"] == 0


@pytest.mark.parametrize("end", ["cancelled", "stalled", "failed"])
def test_an_undo_takes_back_rows_that_a_late_step_of_an_ended_import_still_stores(
    fake_site: FakeSite, token: str, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    import_id = start_import(fake_site, token, CSV + rows(1, 2))
    take_rows = ImportWork._take_next_rows

    def end_and_undo_first(self: ImportWork, job: Import) -> Import:
        if end == "cancelled":
            ask(fake_site, token, "DELETE", f"/{import_id}")
        elif end == "stalled":
            fake_site.clock.forward(Import.patience)
        else:
            advance(job, job.in_end_state(JobState.FAILED), fake_site.clock(), fake_site.tables)
        assert ask(fake_site, token, "POST", f"/{import_id}/undo").status_code == 202
        run_imports(fake_site)
        return take_rows(self, job)

    monkeypatch.setattr(ImportWork, "_take_next_rows", end_and_undo_first)
    run_imports(fake_site)
    fake_site.clock.forward(timedelta(minutes=15))
    run_imports(fake_site)
    states = {item["state"] for key, item in fake_site.tables.items.items() if key.table == "signatures"}
    assert states == {"withdrawn"}


def test_the_file_is_read_in_the_zone_that_bob_names(fake_site: FakeSite, token: str) -> None:
    content = "Email,Name,Signed on\na@mail.example,Ann Lee,24/11/2026 11:00\n"
    states = []
    for zone in ("UTC", "Pacific/Honolulu"):
        import_id = start_import(fake_site, token, content, f"&dry_run=true&zone={zone}")
        run_imports(fake_site)
        report = read_import(fake_site, token, import_id)
        states.append((report["zone"], report["accepted"], [error["message"] for error in report["errors"]]))
    assert states == [("UTC", 1, []), ("Pacific/Honolulu", 0, ["This time is in the future"])]


def test_a_mapping_names_the_columns(fake_site: FakeSite, token: str) -> None:
    mapping = quote(json.dumps({"email": "E", "name": ["F", "L"]}))
    import_id = start_import(fake_site, token, "E,F,L\na@mail.example,Ann,Lee\n", f"&mapping={mapping}")
    run_imports(fake_site)
    assert read_import(fake_site, token, import_id)["accepted"] == 1


def test_the_first_person_of_a_file_without_headings_is_no_mapping(fake_site: FakeSite, token: str) -> None:
    mapping = quote(json.dumps({"email": "a@mail.example", "name": "Ann Lee"}))
    assert ask(fake_site, token, "POST", f"?partner=partner-oak&mapping={mapping}").status_code == 422
    assert not [key for key in fake_site.tables.items if key.pk.startswith("JOB#")]


def test_a_larger_file_is_uploaded_first(fake_site: FakeSite, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    path = PATH.replace("imports", "uploads")
    form = fake_site.client.http.request("POST", path, headers=headers, body=b"").json_body
    for content, state in {CSV + rows(1): "done", "": "failed"}.items():
        if content:
            fake_site.bucket.objects[form["fields"]["key"]] = content.encode()
        import_id = start_import(fake_site, token, "", f"&upload={form['upload']}")
        run_imports(fake_site)
        assert read_import(fake_site, token, import_id)["state"] == state
        assert fake_site.bucket.objects == {}
    assert ask(fake_site, token, "POST", "?partner=partner-oak&upload=../x").status_code == 422


@pytest.mark.parametrize("unclear", ["on", "y", "dry", ""])
def test_a_dry_run_is_read_and_refused_if_it_is_unclear(unclear: str) -> None:
    assert [is_dry_run({"dry_run": value}) for value in ("true", "YES", "1", "false")] == [True, True, True, False]
    with pytest.raises(Invalid) as refused:
        is_dry_run({"dry_run": unclear})
    assert [error.field for error in refused.value.errors] == ["dry_run"]


def test_unknown_parameters_are_named(fake_site: FakeSite, token: str) -> None:
    refused = ask(fake_site, token, "POST", "?partner=partner-oak&dry-run=true&page=2")
    assert [error["field"] for error in refused.json_body["errors"]] == ["dry-run", "page"]


@pytest.mark.parametrize("zone", ["BST", "Europe", "europe/london", "../UTC", "/etc/localtime", "+01:00", "London"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_query({"zone": zone})
    assert [(error.field, error.message) for error in refused.value.errors] == [
        ("zone", "Enter the name of a time zone, such as Europe/London or UTC")
    ]


def test_zones_are_known_on_a_machine_without_them() -> None:
    """Lambda's machines have none: they come with the package tzdata."""
    zoneinfo.reset_tzpath([])
    try:
        assert read_query({"zone": "Europe/Dublin"}).zone == "Europe/Dublin"
        assert zoneinfo.ZoneInfo.no_cache("Europe/Dublin").key == "Europe/Dublin"
    finally:
        zoneinfo.reset_tzpath()


FIRST_ROWS = [
    {"row": 3, "name": "Zoë Müller", "email": "zoe@mail.example", "country": "GB", "postcode": "SW1A 1AA",
     "updates": True, "obtained_at": "2026-10-24T11:00:00Z"},
    {"row": 4, "name": "Ann Lee", "email": "ann@mail.example", "country": "GB", "postcode": None,
     "updates": False, "obtained_at": "2026-11-24T12:00:00Z"},
]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_dry_run_shows_the_first_rows_as_they_would_be_stored(fake_site: FakeSite, token: str, encoding: str) -> None:
    content = "Email,Name,Postcode,Updates,Signed on\nnobody,No Body,,,\n"
    content += "zoe@mail.example, Zoë Müller,sw1a1aa,yes,24/10/2026 12:00\nann@mail.example,Ann Lee,,,\n"
    path = "?partner=partner-oak&dry_run=true"
    import_id = ask(fake_site, token, "POST", path, content.encode(encoding)).json_body["id"]
    assert read_import(fake_site, token, import_id)["first_rows"] == []
    run_imports(fake_site)
    assert read_import(fake_site, token, import_id)["first_rows"] == FIRST_ROWS
    stored = [item for key, item in fake_site.tables.items.items() if key.pk.startswith("JOB#")]
    assert "Müller" not in repr(stored)
    fake_site.clock.forward(7 * DAY)
    fake_site.bucket.objects.clear()
    new_token = bobs_token(fake_site.tables, fake_site.clock(), Right.MANAGE)
    assert read_import(fake_site, new_token, import_id)["first_rows"] == []


def test_a_dry_run_shows_five_rows_and_an_import_none(fake_site: FakeSite, token: str) -> None:
    shown = []
    for dry_run in ("true", "false"):
        import_id = start_import(fake_site, token, CSV + rows(*range(7)), f"&dry_run={dry_run}")
        run_imports(fake_site)
        shown.append([row["row"] for row in read_import(fake_site, token, import_id)["first_rows"]])
    assert shown == [[2, 3, 4, 5, 6], []]
