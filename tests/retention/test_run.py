"""At the end of a petition's retention, its personal data goes and its numbers stay."""

from typing import Any

import pytest

from chalicelib.core import keys
from chalicelib.core.caching import forget_all
from chalicelib.petitions.edit import publish
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import PetitionState
from chalicelib.projections.recount import recount
from chalicelib.retention import run
from chalicelib.signatures.withdraw import withdraw
from chalicelib.tallies.count import Days, breakdowns
from tests.actors import ALICE, BOB, DAY, NOW, a_petition, a_published_petition, confirmed, identity_of, item_of, key_of
from tests.fake_site import FakeSite, stream_event
from tests.retention.retaining import (
    DUE,
    PATH_OF_RETENTION,
    PERSONAL,
    a_full_petition,
    report,
    run_jobs,
    start,
    wait_until_due,
)
from tests.updates.sending import ask

FOUND = {
    "signatures": 6, "names": 5, "addresses": 5, "postcodes": 4, "letters": 1, "receipts": 1, "list_entries": 2,
    "files": 3,
}  # fmt: skip
NOTHING = dict.fromkeys(FOUND, 0)


def personal_texts(fake_site: FakeSite) -> list[str]:
    """Return where the tables and files of the petition still have personal data."""
    items = {f"{key}": item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES}
    files = {key: value for key, value in fake_site.bucket.objects.items() if "another" not in key}
    stored = {name: f"{value!r}" for name, value in {**items, **files}.items()}
    return [name for name, text in stored.items() if any(personal in text for personal in PERSONAL)]


def numbers(fake_site: FakeSite) -> list[dict[str, int]]:
    petition = petition_as_stored("safe-children", fake_site.tables)
    return [dict(found.values) for found in breakdowns(petition, Days(), fake_site.clock(), fake_site.tables)]


def test_a_dry_run_counts_and_changes_nothing(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    before = {key: dict(item) for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES}
    files = dict(fake_site.bucket.objects)
    assert start(fake_site, "?dry_run=true").status_code == 202
    run_jobs(fake_site)
    [shown] = report(fake_site)["runs"]
    assert (shown["state"], shown["found"], shown["emptied"]) == ("done", FOUND, 0)
    assert {key: fake_site.tables.items[key] for key in before} == before
    assert fake_site.bucket.objects == files


def test_a_run_removes_the_personal_data_and_keeps_every_number(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PAGE_SIZE", 1)
    petition = a_full_petition(fake_site)
    states = {key: item["state"] for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES}
    wait_until_due(fake_site)
    before = numbers(fake_site)
    assert start(fake_site).status_code == 202
    run_jobs(fake_site)
    assert personal_texts(fake_site) == []
    assert [*fake_site.bucket.objects] == ["files/exports/another.1/file"]
    assert {key: fake_site.tables.items[key]["state"] for key in states} == states
    [receipt] = [item for key, item in fake_site.tables.items.items() if key.pk.startswith("RECEIPT#")]
    assert "signature_id" not in receipt
    assert numbers(fake_site) == before
    assert recount(petition, fake_site.clock, fake_site.tables).drift == {}
    shown = report(fake_site)
    assert (shown["months"], shown["is_kept"], shown["emptied_at"]) == (1, False, "2026-12-25T12:00:00Z")
    assert (shown["runs"][0]["found"], shown["runs"][0]["emptied"]) == (FOUND, 6)
    assert (shown["runs"][0]["requested_by"], shown["runs"][0]["state"]) == ("bob", "done")


def test_a_second_run_finds_nothing(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    wait_until_due(fake_site)
    for found in (FOUND, NOTHING):
        assert start(fake_site).status_code == 202
        run_jobs(fake_site)
        fake_site.clock.forward(DAY)
        assert report(fake_site)["runs"][0]["found"] == found


def test_a_cancelled_run_leaves_the_rest_to_another(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    wait_until_due(fake_site)
    run_id = start(fake_site).json_body["id"]
    assert ask(fake_site, "DELETE", f"/api/staff/retention/{run_id}").json_body["state"] == "cancelled"
    run_jobs(fake_site)
    assert personal_texts(fake_site)
    assert report(fake_site)["is_kept"] is False
    start(fake_site)
    run_jobs(fake_site)
    assert personal_texts(fake_site) == []


def test_the_projections_keep_what_was_counted_under_a_postcode(fake_site: FakeSite) -> None:
    petition = a_full_petition(fake_site)
    identity = identity_of(petition)
    before = item_of(fake_site.tables, petition, identity)
    fake_site.invoke("project_signatures", stream_event([("1", None, before)]))
    counted = keys.current_numbers(petition.slug, keys.bucket_of(identity))
    numbers_before = dict(fake_site.tables.items[counted])
    wait_until_due(fake_site)
    start(fake_site)
    run_jobs(fake_site)
    emptied = item_of(fake_site.tables, petition, identity)
    fake_site.invoke("project_signatures", stream_event([("2", before, emptied)]))
    assert numbers_before["a.SW"] == 1
    assert fake_site.tables.items[counted] == numbers_before


def test_who_was_emptied_can_still_withdraw(fake_site: FakeSite) -> None:
    petition = a_full_petition(fake_site)
    wait_until_due(fake_site)
    start(fake_site)
    run_jobs(fake_site)
    petition = petition_as_stored(petition.slug, fake_site.tables)
    for person in (ALICE, BOB):
        withdraw(key_of(petition, identity_of(petition, person)), petition, DUE, fake_site.tables)
    assert item_of(fake_site.tables, petition, identity_of(petition))["state"] == "withdrawn"
    assert recount(petition, fake_site.clock, fake_site.tables).drift == {}
    assert {sum(values.values()) for values in numbers(fake_site)} == {0}


TOO_EARLY: dict[str, dict[str, Any]] = {
    "First set after how many months": {"retention_months": None},
    "has not ended": {"closes_at": None},
    "is due to be removed on 8 February 2027": {"retention_months": 2, "closes_at": NOW + 14 * DAY},
    "is due to be removed on 1 February 2027": {"handed_in_at": NOW + 38 * DAY},
    "This petition is paused": {"state": "paused", "paused_at": NOW},
}


@pytest.mark.parametrize(("reason", "settings"), TOO_EARLY.items())
def test_a_run_is_refused_before_the_data_is_due(fake_site: FakeSite, reason: str, settings: dict[str, Any]) -> None:
    a_full_petition(fake_site)
    stored = fake_site.tables.items[keys.petition("safe-children")]
    for name, value in settings.items():
        stored[name] = value if isinstance(value, str | int | None) else value.strftime("%Y-%m-%dT%H:%M:%SZ")
        if value is None:
            del stored[name]
    wait_until_due(fake_site)
    answer = start(fake_site)
    assert (answer.status_code, reason in answer.json_body["detail"]) == (409, True), answer.json_body
    assert report(fake_site)["is_kept"] is True


def test_a_misspelt_parameter_removes_nothing(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    wait_until_due(fake_site)
    for query in ("?dry-run=true", "?dry_run=yes-please"):
        assert start(fake_site, query).status_code == 422
    assert report(fake_site)["runs"] == []


@pytest.mark.parametrize("kind", ["export", "list", "import"])
def test_a_run_waits_for_what_could_store_personal_data(fake_site: FakeSite, kind: str) -> None:
    a_full_petition(fake_site)
    wait_until_due(fake_site)
    job_id = "safe-children.1"
    times = {"requested_at": "2026-12-25T11:59:00Z", "touched_at": "2026-12-25T11:59:00Z"}
    fields = {"format": "csv", "columns": ["name"], "partner": "partner-oak"}
    job = {"job_id": job_id, "requested_by": "bob", "state": "running", **times, **fields}
    fake_site.tables.put(keys.job(kind, job_id), job)
    assert start(fake_site).status_code == 409
    assert "emptied_at" not in fake_site.tables.items[keys.petition("safe-children")]


def test_months_are_set_and_shown_on_the_notice(fake_site: FakeSite) -> None:
    a_full_petition(fake_site, retention_months=None)
    notice = "months after the petition has closed or was handed in"
    assert notice not in fake_site.get("/petitions/safe-children").body.decode()
    assert ask(fake_site, "PUT", PATH_OF_RETENTION, {"months": 36}).json_body["due_at"] == "2029-11-25T12:00:00Z"
    for wrong in (0, 121, "12", None):
        assert ask(fake_site, "PUT", PATH_OF_RETENTION, {"months": wrong}).status_code == 422
    forget_all()
    assert f"36 {notice}" in fake_site.get("/petitions/safe-children").body.decode()
    assert fake_site.get("/api/petitions/safe-children").json_body["privacy"]["retention_months"] == 36
    assert "36 mis ar ôl" in fake_site.get("/petitions/safe-children?lang=cy").body.decode()


def test_an_emptied_petition_never_opens_again(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    wait_until_due(fake_site)
    start(fake_site)
    petition = ask(fake_site, "GET", "/api/staff/petitions/safe-children").json_body
    assert [each["state"] for each in petition["transitions"]] == ["removed"]
    assert ask(fake_site, "PUT", PATH_OF_RETENTION, {"months": 12}).status_code == 409


def test_publishing_again_opens_no_emptied_petition(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    wait_until_due(fake_site)
    start(fake_site)
    again = publish(a_petition(state=PetitionState.OPEN, closes_at=None), DUE, fake_site.tables)
    assert again.state_at(DUE) is PetitionState.CLOSED
    assert again.is_confirmable_at(DUE) is False
    assert (again.retention_months, again.is_kept_at(DUE)) == (1, False)


def test_a_signature_that_expired_meanwhile_is_not_stored_again(fake_site: FakeSite) -> None:
    part = run.parts_of("safe-children", ())[0]
    assert fake_site.tables.try_update(run.removal(part, "expired", NOW)) is False


def test_nobody_else_is_emptied(fake_site: FakeSite) -> None:
    a_full_petition(fake_site)
    another = a_published_petition(fake_site.tables, slug="safe")
    identity = confirmed(fake_site.tables, another)
    wait_until_due(fake_site)
    start(fake_site)
    run_jobs(fake_site)
    assert item_of(fake_site.tables, another, identity)["name"] == ALICE.name
