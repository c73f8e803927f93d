"""The funnel over HTTP: for Bob, as JSON and in his spreadsheet."""

import csv
import io

import pytest
from chalice.test import HTTPResponse

from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import withdraw
from tests.actors import ALICE, BOB, CHARLIE, DAY, NOW, bobs_token, confirmed, key_of, signed
from tests.served import Served, stream_event
from tests.streaming import Streaming

FUNNEL = "/api/staff/petitions/safe-children/funnel"
COUNTS = "/api/staff/petitions/safe-children/counts"
NOTHING = {"received": 0, "mailed": 0, "confirmed": 0, "bounced": 0, "expired": 0, "withdrawn": 0}


def by_bob(served: Served, path: str, **headers: str) -> HTTPResponse:
    return served.get(path, authorization=f"Bearer {bobs_token(served.tables, served.clock())}", **headers)


@pytest.fixture
def followed(served: Served, petition: Petition) -> Served:
    """Alice and Bob confirm, Charlie waits; a day later Bob withdraws."""
    streaming = Streaming()
    streaming.items = served.tables.items
    streaming.clock = served.clock
    confirmed(streaming, petition, ALICE, postcode="SW1A 1AA")
    bob = confirmed(streaming, petition, BOB, country="NL")
    signed(streaming, petition, CHARLIE)
    served.clock.forward(DAY)
    withdraw(key_of(petition, bob), petition, served.clock(), streaming)
    served.invoke("project_signatures", stream_event(streaming.log, streaming.moments))
    return served


def test_each_day_says_what_was_passed_and_they_sum_up(followed: Served) -> None:
    answer = by_bob(followed, f"{FUNNEL}?by=day")
    assert answer.json_body == {
        "slug": "safe-children",
        "as_of": "2026-11-25T12:00:00Z",
        "totals": {**NOTHING, "received": 3, "confirmed": 2, "withdrawn": 1},
        "rate": {"per_minute_now": 0.0, "over_minutes": 10, "peak_per_minute": 0.2, "peak_at": "2026-11-24T12:00:00Z"},
        "rows": [
            {"key": "2026-11-24", **NOTHING, "received": 3, "confirmed": 2},
            {"key": "2026-11-25", **NOTHING, "withdrawn": 1},
        ],
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_hours_and_days_are_chosen_as_for_the_counts(followed: Served) -> None:
    body = by_bob(followed, f"{FUNNEL}?by=hour&from=2026-11-25&to=2026-11-25").json_body
    assert body["rows"] == [{"key": "2026-11-25T12:00:00Z", **NOTHING, "withdrawn": 1}]
    assert body["totals"] == {**NOTHING, "withdrawn": 1}
    assert body["rate"]["peak_at"] is None


def test_a_spreadsheet_gets_its_rows(followed: Served) -> None:
    text = by_bob(followed, f"{FUNNEL}?format=csv").body.decode()
    first, _ = csv.DictReader(io.StringIO(text))
    assert first["received"] == "3"
    assert by_bob(followed, FUNNEL, accept="text/csv").body.decode() == text


def test_an_empty_funnel_has_its_header(served: Served) -> None:
    header = b"key,received,mailed,confirmed,bounced,expired,withdrawn\r\n"
    assert by_bob(served, f"{FUNNEL}?format=csv").body == header


def test_counts_by_version_and_area_sum_to_what_is_confirmed(followed: Served, petition: Petition) -> None:
    rows = by_bob(followed, f"{COUNTS}?by=postcode-area").json_body["breakdown"]
    assert rows == [{"key": "SW", "confirmed": 1}]
    rows = by_bob(followed, f"{COUNTS}?by=version").json_body["breakdown"]
    assert rows == [{"key": petition.text_version, "confirmed": 1}]


def test_who_is_not_sorted_yet_has_a_row(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition)
    body = by_bob(served, f"{COUNTS}?by=postcode-area").json_body
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
def test_a_question_nobody_understands_is_a_422_that_names_it(served: Served, path: str, field: str) -> None:
    answer = by_bob(served, path)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json_body["errors"]] == [field]


def test_a_petition_nobody_knows_is_404(served: Served) -> None:
    assert by_bob(served, "/api/staff/petitions/nothing/funnel").status_code == 404
