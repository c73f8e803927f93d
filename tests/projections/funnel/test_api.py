"""The funnel over HTTP for staff, as JSON and CSV."""

import csv
import io

import pytest
from chalice.test import HTTPResponse

from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, bobs_token, confirmed, key_of, signed
from tests.fake_site import FakeSite, stream_event
from tests.streaming import Streaming

FUNNEL = "/api/staff/petitions/safe-children/funnel"
COUNTS = "/api/staff/petitions/safe-children/counts"
NOTHING = {"received": 0, "mailed": 0, "confirmed": 0, "bounced": 0, "expired": 0, "withdrawn": 0}


def by_bob(fake_site: FakeSite, path: str, **headers: str) -> HTTPResponse:
    return fake_site.get(path, authorization=f"Bearer {bobs_token(fake_site.tables, fake_site.clock())}", **headers)


@pytest.fixture
def projected(fake_site: FakeSite, petition: Petition) -> FakeSite:
    """Alice and Bob confirm, Charlie is pending. A day later Bob withdraws."""
    streaming = Streaming()
    streaming.items = fake_site.tables.items
    streaming.clock = fake_site.clock
    confirmed(streaming, petition, ALICE, postcode="SW1A 1AA")
    bob = confirmed(streaming, petition, BOB, country="NL")
    signed(streaming, petition, CHARLIE)
    fake_site.clock.forward(DAY)
    withdraw(key_of(petition, bob), petition, fake_site.clock(), streaming)
    fake_site.invoke("project_signatures", stream_event(streaming.log, streaming.times_by_sequence))
    return fake_site


def test_the_days_sum_to_the_totals(projected: FakeSite) -> None:
    answer = by_bob(projected, f"{FUNNEL}?by=day")
    assert answer.json_body == {
        "slug": "safe-children",
        "as_of": "2026-11-25T12:00:00Z",
        "totals": {**NOTHING, "received": 3, "confirmed": 2, "withdrawn": 1},
        "rate": {"per_minute_now": 0.0, "over_minutes": 10, "peak_per_minute": 0.2, "peak_at": "2026-11-24T12:00:00Z"},
        "rows": [
            {"key": "2026-11-24", **NOTHING, "received": 3, "confirmed": 2},
            {"key": "2026-11-25", **NOTHING, "withdrawn": 1},
        ],
        "last_day": [],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_hours_of_chosen_days(projected: FakeSite) -> None:
    body = by_bob(projected, f"{FUNNEL}?by=hour&from=2026-11-25&to=2026-11-25").json_body
    assert body["rows"] == [{"key": "2026-11-25T12:00:00Z", **NOTHING, "withdrawn": 1}]
    assert body["totals"] == {**NOTHING, "withdrawn": 1}
    assert body["rate"]["peak_at"] is None


def test_the_rows_are_available_as_csv(projected: FakeSite) -> None:
    text = by_bob(projected, f"{FUNNEL}?format=csv").body.decode()
    first, _ = csv.DictReader(io.StringIO(text))
    assert first["received"] == "3"
    assert by_bob(projected, FUNNEL, accept="text/csv").body.decode() == text


def test_an_empty_csv_has_a_header(fake_site: FakeSite) -> None:
    header = b"key,received,mailed,confirmed,bounced,expired,withdrawn\r\n"
    assert by_bob(fake_site, f"{FUNNEL}?format=csv").body == header


def test_counts_by_version_and_area_sum_to_confirmed(projected: FakeSite, petition: Petition) -> None:
    rows = by_bob(projected, f"{COUNTS}?by=postcode-area").json_body["breakdown"]
    assert rows == [{"key": "SW", "confirmed": 1}]
    rows = by_bob(projected, f"{COUNTS}?by=version").json_body["breakdown"]
    assert rows == [{"key": petition.text_version, "confirmed": 1}]


def test_not_yet_assigned_signatures_have_a_row(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    body = by_bob(fake_site, f"{COUNTS}?by=postcode-area").json_body
    assert body["breakdown"] == [{"key": "not yet assigned", "confirmed": 1}]
    assert body["confirmed"] == 1


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{FUNNEL}?by=country", "by"),
        (f"{FUNNEL}?from=yesterday", "from"),
        (f"{COUNTS}?by=version&from={NOW.date()}", "by"),
        (f"{COUNTS}?by=postcode-area&to={NOW.date()}", "by"),
    ],
)
def test_an_invalid_parameter_is_a_422_that_names_it(fake_site: FakeSite, path: str, field: str) -> None:
    answer = by_bob(fake_site, path)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]


def test_an_unknown_petition_is_404(fake_site: FakeSite) -> None:
    assert by_bob(fake_site, "/api/staff/petitions/nothing/funnel").status_code == 404
