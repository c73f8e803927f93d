"""Counts and the funnel for staff, as JSON and CSV, also of chosen days."""

import csv
import io
import re
from datetime import timedelta

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.projections.changes import Increment, project
from chalicelib.projections.dimensions import counter_of
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    MINUTE,
    NOW,
    Person,
    a_published_petition,
    bobs_token,
    confirmed,
    key_of,
    signed,
)
from tests.fake_site import FakeSite, stream_event
from tests.located import give_table, remove_table
from tests.streaming import Streaming, pending

COUNTS_URL, FUNNEL_URL = (f"/api/staff/petitions/safe-children/{name}" for name in ("counts", "funnel"))


def get_as_bob(fake_site: FakeSite, path: str, **headers: str) -> HTTPResponse:
    return fake_site.get(path, authorization=f"Bearer {bobs_token(fake_site.tables, fake_site.clock())}", **headers)


def csv_rows(answer: HTTPResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def test_staff_see_every_petition_with_its_numbers(signed_site: FakeSite) -> None:
    project([pending("safe-children", "00", "1", 1)], signed_site.tables)
    [petition] = get_as_bob(signed_site, "/api/staff/petitions").json_body["petitions"]
    assert petition == {
        "slug": "safe-children",
        "title": "Keep trafficked children safe",
        "state": "open",
        "scheduled_opening": None,
        "confirmed": 2,
        "pending": 1,
        "elsewhere": 0,
        "goals": [10000],
        "milestones": [1000, 10000, 100000, 1000000, 10000000],
        "last_days": [*[0] * 11, 2, 1, -1],
    }


def test_staff_never_see_a_number_of_pending_signatures_below_zero(signed_site: FakeSite) -> None:
    """Changes are missing, for example because the local site was killed, until a recount repairs the number."""
    project([pending("safe-children", "00", "1", -3)], signed_site.tables)
    [listed] = get_as_bob(signed_site, "/api/staff/petitions").json_body["petitions"]
    shown = [get_as_bob(signed_site, url).json_body for url in (COUNTS_URL, f"{COUNTS_URL}?by=all")]
    assert [each["pending"] for each in (listed, *shown)] == [0, 0, 0]


def test_open_petitions_are_first_in_the_list_and_the_newest_is_first_in_each_state(signed_site: FakeSite) -> None:
    now = signed_site.clock()
    a_published_petition(
        signed_site.tables, slug="aa-closed", state="closed", opened_at=now - 3 * DAY, closes_at=now - DAY
    )
    a_published_petition(signed_site.tables, slug="bb-planned", opened_at=now + DAY)
    a_published_petition(signed_site.tables, slug="zz-open", opened_at=now - DAY)
    petitions = get_as_bob(signed_site, "/api/staff/petitions").json_body["petitions"]
    assert [each["slug"] for each in petitions] == ["zz-open", "safe-children", "bb-planned", "aa-closed"]
    assert [each["scheduled_opening"] for each in petitions] == [None, None, iso(now + DAY), None]


@pytest.mark.parametrize(
    "path",
    ["/api/staff/petitions", COUNTS_URL, f"{COUNTS_URL}?by=source", f"{COUNTS_URL}?by=all", f"{COUNTS_URL}?format=csv"],
)
def test_unchanged_numbers_are_304(signed_site: FakeSite, petition: Petition, path: str) -> None:
    etag = get_as_bob(signed_site, path).headers["ETag"]
    signed_site.clock.forward(timedelta(minutes=1))
    again = get_as_bob(signed_site, path, if_none_match=etag)
    assert (again.status_code, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    confirmed(signed_site.tables, petition, Person("Dora", "dora@mail.example"), signed_site.clock())
    changed = get_as_bob(signed_site, path, if_none_match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_different_queries_have_different_etags(signed_site: FakeSite) -> None:
    paths = [
        COUNTS_URL,
        f"{COUNTS_URL}?by=source",
        f"{COUNTS_URL}?by=source&top=5",
        f"{COUNTS_URL}?by=all",
        f"{COUNTS_URL}?format=csv",
        f"{COUNTS_URL}?to=2027-01-01",
    ]
    etags = {get_as_bob(signed_site, path).headers["ETag"] for path in paths}
    etags.add(get_as_bob(signed_site, COUNTS_URL, accept="text/csv").headers["ETag"])
    assert len(etags) == len(paths) + 1


def test_the_top_sources_and_all_others_still_sum_to_the_count(signed_site: FakeSite, petition: Petition) -> None:
    for number, source in enumerate(["bbc", "bbc", "itv", "-1"]):
        confirmed(
            signed_site.tables, petition, Person("Fan", f"fan{number}@mail.example"), signed_site.clock(), source=source
        )
    body = get_as_bob(signed_site, f"{COUNTS_URL}?by=source&top=1").json_body
    assert body["breakdown"] == [{"key": "bbc", "confirmed": 3}, {"key": "(others)", "confirmed": 3}]
    assert body["confirmed"] == 6
    assert "(others)" not in get_as_bob(signed_site, f"{COUNTS_URL}?by=source&top=4").body.decode()


def test_all_breakdowns_have_the_same_time_and_the_same_sum(signed_site: FakeSite) -> None:
    body = get_as_bob(signed_site, f"{COUNTS_URL}?by=all").json_body
    assert {**body, "breakdowns": set(body["breakdowns"])} == {
        "slug": "safe-children",
        "confirmed": 2,
        "withdrawn": 1,
        "pending": 0,
        "as_of": "2026-11-26T12:00:00Z",
        "breakdowns": {"day", "hour", "country", "source", "version", "postcode-area"},
    }
    for by, breakdown in body["breakdowns"].items():
        assert sum(row["confirmed"] for row in breakdown) == 2
        assert breakdown == get_as_bob(signed_site, f"{COUNTS_URL}?by={by}").json_body["breakdown"]


def test_all_breakdowns_cost_as_many_calls_as_one(signed_site: FakeSite) -> None:
    calls = {}
    for by in ("day", "all", "day", "all"):  # The first response also closes past days.
        signed_site.tables.calls.clear()
        get_as_bob(signed_site, f"{COUNTS_URL}?by={by}")
        calls[by] = list(signed_site.tables.calls)
    assert calls["all"] == calls["day"]


def test_constituencies_and_unassigned_signatures_sum_to_confirmed(
    signed_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_table(monkeypatch)
    project([Increment(counter_of(petition.slug, "00", "Upper Zed"), "1", {"k.Upper Zed": 1})], signed_site.tables)
    body = get_as_bob(signed_site, f"{COUNTS_URL}?by=constituency").json_body
    assert body["breakdown"] == [
        {"key": "Upper Zed", "confirmed": 1},
        {"key": "not yet assigned", "confirmed": 1},
    ]
    assert body["confirmed"] == 2


def test_constituencies_without_a_table_are_a_422_with_the_reason(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_table(monkeypatch)
    answer = get_as_bob(fake_site, f"{COUNTS_URL}?by=constituency")
    assert answer.status_code == 422
    assert "no table of constituencies" in answer.json_body["errors"][0]["message"]


def test_a_csv_of_all_breakdowns_names_the_breakdown_of_each_row(signed_site: FakeSite) -> None:
    rows = csv_rows(get_as_bob(signed_site, f"{COUNTS_URL}?by=all&format=csv"))
    assert {"by": "country", "key": "NL", "confirmed": "1"} in rows


def test_csv_is_chosen_by_format_or_accept(signed_site: FakeSite) -> None:
    by_format = get_as_bob(signed_site, f"{COUNTS_URL}?by=country&format=csv")
    by_accept = get_as_bob(signed_site, f"{COUNTS_URL}?by=country", accept="text/csv")
    assert by_format.body == by_accept.body
    assert by_accept.headers["Vary"] == "Authorization, Accept"
    assert by_format.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert csv_rows(by_format) == [{"key": "GB", "confirmed": "1"}, {"key": "NL", "confirmed": "1"}]
    assert (
        get_as_bob(signed_site, f"{COUNTS_URL}?format=json", accept="text/csv").headers["Content-Type"]
        == "application/json"
    )


@pytest.mark.parametrize("source", ["-2", "-a1", "--", "-"])
def test_a_source_is_never_a_formula_in_csv(fake_site: FakeSite, petition: Petition, source: str) -> None:
    """A source may start with a hyphen, which a spreadsheet would read as a formula."""
    assert re.fullmatch(SOURCE_PATTERN, source)
    confirmed(fake_site.tables, petition, source=source)
    (row,) = csv_rows(get_as_bob(fake_site, f"{COUNTS_URL}?by=source&format=csv"))
    assert row["key"][0] not in "=+-@\t\r"
    assert source in row["key"]


def test_chosen_days_have_only_breakdowns_with_daily_counts(signed_site: FakeSite) -> None:
    body = get_as_bob(signed_site, f"{COUNTS_URL}?by=all&from=2026-11-24&to=2026-11-24").json_body
    sums = {}
    for by, rows in body["breakdowns"].items():
        sums[by] = sum(row["confirmed"] for row in rows)
    assert sums == {"day": 2, "hour": 2, "country": 2, "source": 2}


@pytest.mark.parametrize(
    ("query", "confirmed"),
    [
        ("from=2026-11-25", 0),
        ("to=2026-11-25", 3),
        ("from=2026-11-24&to=2026-11-24", 2),
        ("from=2026-11-26", -1),
        ("from=2027-01-01", 0),
        ("to=2020-01-01", 0),
        ("from=0001-01-01&to=9999-12-31", 2),
    ],
)
def test_from_and_to_are_utc_and_inclusive(signed_site: FakeSite, query: str, confirmed: int) -> None:
    for by in ("", "&by=day", "&by=source"):
        body = get_as_bob(signed_site, f"{COUNTS_URL}?{query}{by}").json_body
        assert body["confirmed"] == confirmed
        if by:
            assert sum(row["confirmed"] for row in body["breakdown"]) == confirmed


def test_a_day_may_be_given_by_two_midnights(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    day = NOW.date()
    by_date = get_as_bob(fake_site, f"{COUNTS_URL}?from={day}&to={day}").json_body
    midnights = f"from={day}T00:00:00Z&to={day + timedelta(days=1)}T00:00:00Z&by="
    assert get_as_bob(fake_site, f"{COUNTS_URL}?{midnights}").json_body == by_date
    assert by_date["confirmed"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=name", "by"),
        (f"by=version&from={NOW.date()}", "by"),
        (f"by=postcode-area&to={NOW.date()}", "by"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-11-25&to=2026-11-24", "to"),
        ("from=2026-11-24T10:00:00Z", "from"),
        ("to=0001-01-01T00:00:00Z", "to"),
        ("top=3", "top"),
        ("by=day&top=3", "top"),
        ("by=all&top=3", "top"),
        ("by=source&top=0", "top"),
        ("by=source&top=1000", "top"),
        ("by=source&top=٣", "top"),
    ],
)
def test_an_invalid_parameter_is_a_422_with_its_name(fake_site: FakeSite, query: str, field: str) -> None:
    answer = get_as_bob(fake_site, f"{COUNTS_URL}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]


@pytest.mark.parametrize("query", ["by=country", "from=yesterday"])
def test_an_invalid_parameter_of_the_funnel_is_a_422_with_its_name(fake_site: FakeSite, query: str) -> None:
    answer = get_as_bob(fake_site, f"{FUNNEL_URL}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [query.partition("=")[0]]


ZEROS = {"received": 0, "mailed": 0, "confirmed": 0, "bounced": 0, "expired": 0, "withdrawn": 0}


@pytest.fixture
def projected_site(fake_site: FakeSite, petition: Petition) -> FakeSite:
    """Alice and Bob confirm, Charlie is pending. A day later Bob withdraws."""
    streaming = Streaming()
    streaming.items = fake_site.tables.items
    streaming.clock = fake_site.clock
    confirmed(streaming, petition, ALICE, postcode="SW1A 1AA")
    bobs_id = confirmed(streaming, petition, BOB, country="NL")
    signed(streaming, petition, CHARLIE)
    fake_site.clock.forward(DAY)
    withdraw(key_of(petition, bobs_id), petition, fake_site.clock(), streaming)
    fake_site.invoke("project_signatures", stream_event(streaming.log, streaming.times_by_sequence))
    return fake_site


def test_the_days_sum_to_the_totals(projected_site: FakeSite) -> None:
    answer = get_as_bob(projected_site, f"{FUNNEL_URL}?by=day")
    assert answer.json_body == {
        "slug": "safe-children",
        "as_of": "2026-11-25T12:00:00Z",
        "totals": {**ZEROS, "received": 3, "confirmed": 2, "withdrawn": 1},
        "rate": {"this_hour": 0, "hour_before": 0, "peak": 2, "peak_at": "2026-11-24T12:00:00Z"},
        "rows": [
            {"key": "2026-11-24", **ZEROS, "received": 3, "confirmed": 2},
            {"key": "2026-11-25", **ZEROS, "withdrawn": 1},
        ],
    }
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("minutes", "this_hour", "hour_before"), [(59, 2, 0), (60, 0, 2), (120, 0, 0)])
def test_the_pace_is_that_of_this_hour_and_of_the_hour_before(
    projected_site: FakeSite, minutes: int, this_hour: int, hour_before: int
) -> None:
    projected_site.clock.moment = NOW + minutes * MINUTE
    rate = get_as_bob(projected_site, FUNNEL_URL).json_body["rate"]
    assert (rate["this_hour"], rate["hour_before"], rate["peak"]) == (this_hour, hour_before, 2)


def test_the_rows_are_available_as_csv(projected_site: FakeSite) -> None:
    text = get_as_bob(projected_site, f"{FUNNEL_URL}?format=csv").body.decode()
    first, _ = csv.DictReader(io.StringIO(text))
    assert first["received"] == "3"
    assert get_as_bob(projected_site, FUNNEL_URL, accept="text/csv").body.decode() == text
