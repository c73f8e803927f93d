"""The route of the public count."""

from datetime import timedelta

from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.actors import (
    DAY,
    OPENED,
    a_published_petition,
    confirmed,
)
from tests.served import Served

COUNT = "/api/petitions/safe-children/count"
COUNTS = "/api/staff/petitions/safe-children/counts"


def test_the_public_count_follows_the_contract(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition)
    answer = served.get(COUNT)
    assert answer.json_body == {
        "slug": "safe-children",
        "count": 1,
        "goal": 10000,
        "as_of": "2026-11-24T12:00:00Z",
    }
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_unchanged_count_is_304(served: Served, petition: Petition) -> None:
    etag = served.get(COUNT).headers["ETag"]
    served.clock.forward(DAY)
    answer = served.get(COUNT, if_none_match=etag)
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert "max-age=5" in answer.headers["Cache-Control"]
    confirmed(served.tables, petition, now=served.clock())
    served.clock.forward(DAY)
    assert served.get(COUNT, if_none_match=etag).status_code == 200


def test_another_goal_has_another_etag(served: Served) -> None:
    etag = served.get(COUNT).headers["ETag"]
    a_published_petition(served.tables, slug="another", goal=5)
    forget_petitions()
    assert served.get("/api/petitions/another/count").headers["ETag"] != etag


def test_a_closed_petition_has_a_count_and_a_removed_one_is_410(served: Served) -> None:
    a_published_petition(served.tables, slug="another", state="closed", closes_at=OPENED + timedelta(days=1))
    a_published_petition(served.tables, slug="removed", state="removed")
    assert served.get("/api/petitions/another/count").status_code == 200
    assert served.get("/api/petitions/removed/count").status_code == 410


def test_a_request_to_a_warm_function_is_one_read(served: Served) -> None:
    served.get(COUNT)
    served.tables.calls.clear()
    served.get(COUNT)
    assert served.tables.calls == ["get"]
