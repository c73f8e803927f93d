"""Counts for staff, as JSON and CSV."""

import csv
import io
from datetime import timedelta

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.times import iso
from chalicelib.petitions.model import Petition
from chalicelib.projections.by_constituency import counter_of
from chalicelib.projections.project import Increment, project
from tests.actors import ALICE, BOB, CHARLIE, DAY, Person, a_published_petition, bobs_token, confirmed
from tests.fake_site import FakeSite
from tests.located import give_table, remove_table
from tests.streaming import pending

COUNT = "/api/petitions/safe-children/count"
COUNTS = "/api/staff/petitions/safe-children/counts"


def by_bob(fake_site: FakeSite, path: str, **headers: str) -> HTTPResponse:
    return fake_site.get(path, authorization=f"Bearer {bobs_token(fake_site.tables, fake_site.clock())}", **headers)


def rows(answer: HTTPResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def test_staff_see_every_petition_with_its_numbers(three: FakeSite) -> None:
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


def test_the_list_starts_with_the_open_petitions_and_in_each_state_with_the_newest(three: FakeSite) -> None:
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
def test_unchanged_numbers_are_304(three: FakeSite, petition: Petition, path: str) -> None:
    etag = by_bob(three, path).headers["ETag"]
    three.clock.forward(timedelta(minutes=1))
    again = by_bob(three, path, if_none_match=etag)
    assert (again.status_code, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Cache-Control"] == "private, no-cache"
    confirmed(three.tables, petition, Person("Dora", "dora@mail.example"), three.clock())
    changed = by_bob(three, path, if_none_match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_different_queries_have_different_etags(three: FakeSite) -> None:
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


def test_the_top_sources_and_all_others_still_sum_to_the_count(three: FakeSite, petition: Petition) -> None:
    for number, source in enumerate(["bbc", "bbc", "itv", "-1"]):
        confirmed(three.tables, petition, Person("Fan", f"fan{number}@mail.example"), three.clock(), source=source)
    body = by_bob(three, f"{COUNTS}?by=source&top=1").json_body
    assert body["breakdown"] == [{"key": "bbc", "confirmed": 3}, {"key": "(others)", "confirmed": 3}]
    assert body["confirmed"] == 6
    assert "(others)" not in by_bob(three, f"{COUNTS}?by=source&top=4").body.decode()


def test_the_exact_count_is_not_cached(three: FakeSite) -> None:
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
def test_every_breakdown_sums_to_confirmed(three: FakeSite, by: str, values: dict[str, int]) -> None:
    body = by_bob(three, f"{COUNTS}?by={by}").json_body
    assert {row["key"]: row["confirmed"] for row in body["breakdown"]} == values
    assert sum(values.values()) == body["confirmed"] == 2


def test_all_breakdowns_are_of_one_moment_and_sum_to_one_number(three: FakeSite) -> None:
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


def test_all_breakdowns_cost_as_many_calls_as_one(three: FakeSite) -> None:
    calls = {}
    for by in ("day", "all", "day", "all"):  # The first response also closes past days.
        three.tables.calls.clear()
        by_bob(three, f"{COUNTS}?by={by}")
        calls[by] = list(three.tables.calls)
    assert calls["all"] == calls["day"]


def test_an_unknown_petition_is_404(fake_site: FakeSite) -> None:
    assert by_bob(fake_site, "/api/staff/petitions/nothing/counts").status_code == 404


def test_staff_can_read_the_counts_of_a_removed_petition(fake_site: FakeSite) -> None:
    a_published_petition(fake_site.tables, slug="removed", state="removed")
    assert by_bob(fake_site, "/api/staff/petitions/removed/counts").status_code == 200


@pytest.mark.parametrize("path", [COUNTS, "/api/staff/petitions"])
def test_counts_contain_no_names_or_addresses(three: FakeSite, path: str) -> None:
    body = by_bob(three, path).body.decode()
    assert not [person for person in (ALICE, BOB, CHARLIE) if person.name in body or person.email in body]


def test_constituencies_and_not_yet_assigned_sum_to_confirmed(
    three: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
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
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_table(monkeypatch)
    answer = by_bob(fake_site, f"{COUNTS}?by=constituency")
    assert answer.status_code == 422
    assert "no table of constituencies" in answer.json_body["errors"][0]["message"]
