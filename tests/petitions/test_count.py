"""The route of the public count."""

from chalicelib.petitions.find import forget_petitions
from chalicelib.petitions.model import Petition
from tests.actors import DAY, a_published_petition, confirmed
from tests.fake_site import FakeSite

COUNT_URL = "/api/petitions/safe-children/count"


def test_the_public_count_follows_the_contract(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition)
    answer = fake_site.get(COUNT_URL)
    assert answer.json_body == {
        "slug": "safe-children",
        "count": 1,
        "goal": 10000,
        "as_of": "2026-11-24T12:00:00Z",
    }
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_unchanged_count_is_304(fake_site: FakeSite, petition: Petition) -> None:
    etag = fake_site.get(COUNT_URL).headers["ETag"]
    fake_site.clock.forward(DAY)
    answer = fake_site.get(COUNT_URL, if_none_match=etag)
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert "max-age=5" in answer.headers["Cache-Control"]
    confirmed(fake_site.tables, petition, now=fake_site.clock())
    fake_site.clock.forward(DAY)
    assert fake_site.get(COUNT_URL, if_none_match=etag).status_code == 200


def test_another_goal_has_another_etag(fake_site: FakeSite) -> None:
    etag = fake_site.get(COUNT_URL).headers["ETag"]
    a_published_petition(fake_site.tables, slug="another", goal=5)
    forget_petitions()
    assert fake_site.get("/api/petitions/another/count").headers["ETag"] != etag


def test_a_request_to_a_warm_function_is_one_read(fake_site: FakeSite) -> None:
    fake_site.get(COUNT_URL)
    fake_site.tables.calls.clear()
    fake_site.get(COUNT_URL)
    assert fake_site.tables.calls == ["get"]
