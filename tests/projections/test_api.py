"""Counts for staff, as JSON and CSV."""

import csv
import io
import re
from datetime import timedelta

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.sources import SOURCE_PATTERN
from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.projections.by_constituency import counter_of
from chalicelib.projections.project import Increment, project
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    NOW,
    Person,
    a_published_petition,
    bobs_token,
    confirmed,
    key_of,
)
from tests.located import give_table, remove_table
from tests.served import Served
from tests.streaming import pending

COUNT = "/api/petitions/safe-children/count"
COUNTS = "/api/staff/petitions/safe-children/counts"


def by_bob(served: Served, path: str, **headers: str) -> HTTPResponse:
    return served.get(path, authorization=f"Bearer {bobs_token(served.tables, served.clock())}", **headers)


def rows(answer: HTTPResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


@pytest.fixture
def three(served: Served, petition: Petition) -> Served:
    """Alice and Bob confirm on the 24th, Charlie on the 25th. Charlie withdraws on the 26th."""
    confirmed(served.tables, petition, ALICE, NOW, country="NL", source="bbc")
    confirmed(served.tables, petition, BOB, NOW)
    charlie = confirmed(served.tables, petition, CHARLIE, NOW + DAY)
    withdraw(key_of(petition, charlie), petition, NOW + 2 * DAY, served.tables)
    served.clock.moment = NOW + 2 * DAY
    return served


def test_staff_see_every_petition_with_its_numbers(three: Served) -> None:
    a_published_petition(three.tables, slug="a-draft", title="A draft", state="draft")
    project([pending("safe-children", "00", "1", 1)], three.tables)
    assert by_bob(three, "/api/staff/petitions").json_body == {
        "petitions": [
            {
                "slug": "safe-children",
                "title": "Keep trafficked children safe",
                "state": "open",
                "scheduled_opening": None,
                "confirmed": 2,
                "pending": 1,
            },
            {
                "slug": "a-draft",
                "title": "A draft",
                "state": "draft",
                "scheduled_opening": None,
                "confirmed": 0,
                "pending": 0,
            },
        ]
    }


def test_the_list_starts_with_the_open_petitions_and_in_each_state_with_the_newest(three: Served) -> None:
    now = three.clock()
    a_published_petition(three.tables, slug="aa-closed", state="closed", opened_at=now - 3 * DAY, closes_at=now - DAY)
    a_published_petition(three.tables, slug="bb-planned", opened_at=now + DAY)
    a_published_petition(three.tables, slug="zz-open", opened_at=now - DAY)
    listed = by_bob(three, "/api/staff/petitions").json_body["petitions"]
    assert [each["slug"] for each in listed] == ["zz-open", "safe-children", "bb-planned", "aa-closed"]
    assert [each["scheduled_opening"] for each in listed] == [None, None, iso(now + DAY), None]


@pytest.mark.parametrize(
    "path", ["/api/staff/petitions", COUNTS, f"{COUNTS}?by=source", f"{COUNTS}?by=all", f"{COUNTS}?format=csv"]
)
def test_unchanged_numbers_are_304(three: Served, petition: Petition, path: str) -> None:
    etag = by_bob(three, path).headers["ETag"]
    three.clock.forward(timedelta(minutes=1))
    again = by_bob(three, path, if_none_match=etag)
    assert (again.status_code, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    confirmed(three.tables, petition, Person("Dora", "dora@mail.example"), three.clock())
    changed = by_bob(three, path, if_none_match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_different_queries_have_different_etags(three: Served) -> None:
    paths = [
        COUNTS,
        f"{COUNTS}?by=source",
        f"{COUNTS}?by=source&top=5",
        f"{COUNTS}?by=all",
        f"{COUNTS}?format=csv",
        f"{COUNTS}?to=2027-01-01",
    ]
    tags = {by_bob(three, path).headers["ETag"] for path in paths}
    tags.add(by_bob(three, COUNTS, accept="text/csv").headers["ETag"])
    assert len(tags) == len(paths) + 1


def test_the_top_sources_and_all_others_still_sum_to_the_count(three: Served, petition: Petition) -> None:
    for number, source in enumerate(["bbc", "bbc", "itv", "-1"]):
        confirmed(three.tables, petition, Person("Fan", f"fan{number}@mail.example"), three.clock(), source=source)
    body = by_bob(three, f"{COUNTS}?by=source&top=1").json_body
    assert body["breakdown"] == [{"key": "bbc", "confirmed": 3}, {"key": "(others)", "confirmed": 3}]
    assert body["confirmed"] == 6
    assert "(others)" not in by_bob(three, f"{COUNTS}?by=source&top=4").body.decode()


def test_the_exact_count_is_not_cached(three: Served) -> None:
    answer = by_bob(three, COUNTS)
    assert answer.json_body == {
        "slug": "safe-children",
        "confirmed": 2,
        "pending": 0,
        "as_of": "2026-11-26T12:00:00Z",
    }
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Authorization, Accept"


@pytest.mark.parametrize(
    ("by", "values"),
    [
        ("day", {"2026-11-24": 2, "2026-11-25": 1, "2026-11-26": -1}),
        ("hour", {"2026-11-24T12:00:00Z": 2, "2026-11-25T12:00:00Z": 1, "2026-11-26T12:00:00Z": -1}),
        ("country", {"GB": 1, "NL": 1}),
        ("source", {"bbc": 1, "direct": 1}),
    ],
)
def test_every_breakdown_sums_to_confirmed(three: Served, by: str, values: dict[str, int]) -> None:
    body = by_bob(three, f"{COUNTS}?by={by}").json_body
    assert {row["key"]: row["confirmed"] for row in body["breakdown"]} == values
    assert sum(values.values()) == body["confirmed"] == 2


def test_all_breakdowns_are_of_one_moment_and_sum_to_one_number(three: Served) -> None:
    body = by_bob(three, f"{COUNTS}?by=all").json_body
    assert {**body, "breakdowns": set(body["breakdowns"])} == {
        "slug": "safe-children",
        "confirmed": 2,
        "pending": 0,
        "as_of": "2026-11-26T12:00:00Z",
        "breakdowns": {"day", "hour", "country", "source", "version", "postcode-area"},
    }
    for by, breakdown in body["breakdowns"].items():
        assert sum(row["confirmed"] for row in breakdown) == 2
        assert breakdown == by_bob(three, f"{COUNTS}?by={by}").json_body["breakdown"]


def test_all_breakdowns_cost_as_many_calls_as_one(three: Served) -> None:
    calls = {}
    for by in ("day", "all", "day", "all"):  # The first response also closes past days.
        three.tables.calls.clear()
        by_bob(three, f"{COUNTS}?by={by}")
        calls[by] = list(three.tables.calls)
    assert calls["all"] == calls["day"]


def test_chosen_days_have_only_breakdowns_with_daily_counts(three: Served) -> None:
    body = by_bob(three, f"{COUNTS}?by=all&from=2026-11-24&to=2026-11-24").json_body
    assert {by: sum(row["confirmed"] for row in rows) for by, rows in body["breakdowns"].items()} == {
        "day": 2, "hour": 2, "country": 2, "source": 2,
    }  # fmt: skip


def test_a_csv_of_all_breakdowns_names_the_breakdown_of_each_row(three: Served) -> None:
    found = rows(by_bob(three, f"{COUNTS}?by=all&format=csv"))
    assert {"by": "country", "key": "NL", "confirmed": "1"} in found


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
def test_from_and_to_are_utc_and_inclusive(three: Served, query: str, confirmed: int) -> None:
    for by in ("", "&by=day", "&by=source"):
        body = by_bob(three, f"{COUNTS}?{query}{by}").json_body
        assert body["confirmed"] == confirmed
        if by:
            assert sum(row["confirmed"] for row in body["breakdown"]) == confirmed


def test_a_day_may_be_given_by_its_midnights(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition)
    day = NOW.date()
    by_date = by_bob(served, f"{COUNTS}?from={day}&to={day}").json_body
    midnights = f"from={day}T00:00:00Z&to={day + timedelta(days=1)}T00:00:00Z&by="
    assert by_bob(served, f"{COUNTS}?{midnights}").json_body == by_date
    assert by_date["confirmed"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=name", "by"),
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
def test_an_invalid_parameter_is_a_422_that_names_it(served: Served, query: str, field: str) -> None:
    answer = by_bob(served, f"{COUNTS}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]


def test_csv_is_chosen_by_format_or_accept(three: Served) -> None:
    asked = by_bob(three, f"{COUNTS}?by=country&format=csv")
    accepted = by_bob(three, f"{COUNTS}?by=country", accept="text/csv")
    assert asked.body == accepted.body
    assert asked.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert rows(asked) == [{"key": "GB", "confirmed": "1"}, {"key": "NL", "confirmed": "1"}]
    assert by_bob(three, f"{COUNTS}?format=json", accept="text/csv").headers["Content-Type"] == "application/json"


def test_totals_are_available_as_csv(three: Served) -> None:
    (row,) = rows(by_bob(three, f"{COUNTS}?format=csv"))
    assert row == {"slug": "safe-children", "confirmed": "2", "pending": "0", "as_of": "2026-11-26T12:00:00Z"}


def test_an_empty_csv_has_a_header(served: Served) -> None:
    assert by_bob(served, f"{COUNTS}?by=day&format=csv").body == b"key,confirmed\r\n"


@pytest.mark.parametrize("source", ["-2", "-a1", "--", "-"])
def test_a_source_is_never_a_formula_in_csv(served: Served, petition: Petition, source: str) -> None:
    """A source may start with a hyphen, which a spreadsheet would read as a formula."""
    assert re.fullmatch(SOURCE_PATTERN, source)
    confirmed(served.tables, petition, source=source)
    (row,) = rows(by_bob(served, f"{COUNTS}?by=source&format=csv"))
    assert row["key"][0] not in "=+-@\t\r"
    assert source in row["key"]


def test_an_unknown_petition_is_404(served: Served) -> None:
    assert by_bob(served, "/api/staff/petitions/nothing/counts").status_code == 404


def test_staff_can_read_the_counts_of_a_removed_petition(served: Served) -> None:
    a_published_petition(served.tables, slug="removed", state="removed")
    assert by_bob(served, "/api/staff/petitions/removed/counts").status_code == 200


@pytest.mark.parametrize("path", [COUNTS, "/api/staff/petitions"])
def test_counts_contain_no_names_or_addresses(three: Served, path: str) -> None:
    body = by_bob(three, path).body.decode()
    assert not [person for person in (ALICE, BOB, CHARLIE) if person.name in body or person.email in body]


def test_constituencies_and_not_yet_assigned_sum_to_confirmed(
    three: Served, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_table(monkeypatch)
    project([Increment(counter_of(petition.slug, "00", "Upper Zed"), "1", {"k.Upper Zed": 1})], three.tables)
    body = by_bob(three, f"{COUNTS}?by=constituency").json_body
    assert body["breakdown"] == [
        {"key": "Upper Zed", "confirmed": 1},
        {"key": "not yet assigned", "confirmed": 1},
    ]
    assert body["confirmed"] == 2


def test_without_a_table_constituencies_are_a_422_that_says_why(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_table(monkeypatch)
    answer = by_bob(served, f"{COUNTS}?by=constituency")
    assert answer.status_code == 422
    assert "no table of constituencies" in answer.json_body["errors"][0]["message"]
