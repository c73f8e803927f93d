"""The funnel over HTTP for staff, as JSON and CSV."""

import csv
import io

import pytest

from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, confirmed, key_of, signed
from tests.fake_site import FakeSite, stream_event
from tests.projections.test_api import COUNTS_URL, get_as_bob
from tests.streaming import Streaming

FUNNEL_URL = "/api/staff/petitions/safe-children/funnel"
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


def test_the_rows_are_available_as_csv(projected_site: FakeSite) -> None:
    text = get_as_bob(projected_site, f"{FUNNEL_URL}?format=csv").body.decode()
    first, _ = csv.DictReader(io.StringIO(text))
    assert first["received"] == "3"
    assert get_as_bob(projected_site, FUNNEL_URL, accept="text/csv").body.decode() == text


def test_counts_by_version_and_area_sum_to_confirmed(projected_site: FakeSite, petition: Petition) -> None:
    rows = get_as_bob(projected_site, f"{COUNTS_URL}?by=postcode-area").json_body["breakdown"]
    assert rows == [{"key": "SW", "confirmed": 1}]
    rows = get_as_bob(projected_site, f"{COUNTS_URL}?by=version").json_body["breakdown"]
    assert rows == [{"key": petition.text_version, "confirmed": 1}]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{FUNNEL_URL}?by=country", "by"),
        (f"{FUNNEL_URL}?from=yesterday", "from"),
        (f"{COUNTS_URL}?by=version&from={NOW.date()}", "by"),
        (f"{COUNTS_URL}?by=postcode-area&to={NOW.date()}", "by"),
    ],
)
def test_an_invalid_parameter_is_a_422_with_its_name(fake_site: FakeSite, path: str, field: str) -> None:
    answer = get_as_bob(fake_site, path)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]
