"""The public count, the goals, which rise, and the figures from elsewhere."""

from datetime import datetime, timedelta

from chalicelib.petitions.figure import Figure, FigureKind, current_figures
from chalicelib.petitions.model import Petition
from tests.actors import DAY, NOW, a_petition, confirmed
from tests.fake_site import FakeSite
from tests.petitions.test_staff_api import PETITION_URL, ask, petition_fields

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


def test_a_request_to_a_warm_function_is_one_read(fake_site: FakeSite) -> None:
    fake_site.get(COUNT_URL)
    fake_site.tables.calls.clear()
    fake_site.get(COUNT_URL)
    assert fake_site.tables.calls == ["get"]


def test_the_next_goal_is_shown_on_every_route(fake_site: FakeSite) -> None:
    ask(fake_site, "PUT", PETITION_URL, petition_fields(goal=1, goals=[500]))
    assert fake_site.get("/api/petitions/safe-children/count").json_body["goal"] == 1
    confirmed(fake_site.tables, a_petition())
    fake_site.clock.forward(DAY / 24)
    for path in ("/api/petitions/safe-children/count", "/api/petitions/safe-children"):
        assert fake_site.get(path).json_body["goal"] == 500
    assert "<span data-goal>500</span>" in fake_site.get("/petitions/safe-children").body.decode()


def a_figure(source: str, count: int, as_of: datetime = NOW, entered_at: datetime = NOW) -> Figure:
    return Figure(
        source=source, kind=FigureKind.PARTNER, count=count, as_of=as_of, evidence="A letter", entered_at=entered_at
    )


def test_the_last_entered_of_two_figures_with_the_same_time_is_current() -> None:
    wrong, right = a_figure("paper", 412), a_figure("paper", 421, entered_at=NOW + timedelta(minutes=1))
    assert current_figures([right, wrong]) == [right]
