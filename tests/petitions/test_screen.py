"""The counter on a whole screen."""

import pytest

from chalicelib.core.caching import forget_all
from tests.actors import DAY, NOW, a_published_petition, confirmed
from tests.fake_site import FakeSite
from tests.pages.parsed import Page
from tests.totals.test_api import enter_figure

PATH = "/petitions/safe-children/screen"


def screen(fake_site: FakeSite, path: str = PATH) -> Page:
    forget_all()
    return Page(fake_site.get(path).body.decode())


def test_it_shows_the_number_without_a_token_or_a_script_and_writes_nothing(fake_site: FakeSite) -> None:
    confirmed(fake_site.tables, a_published_petition(fake_site.tables, goal=2_000, goals=[5_000]))
    page = screen(fake_site)
    assert "1 of 2,000 signatures" in page.text
    assert (
        page.one("div", **{"class": "screen"}).attrs["data-milestones"]
        == "1000 2000 5000 10000 100000 1000000 10000000"
    )
    assert page.one("div", **{"class": "progress"}).attrs["data-count-url"] == "/api/petitions/safe-children/count"
    fake_site.tables.calls.clear()
    answer = fake_site.get(PATH)
    assert (answer.status_code, answer.headers["Cache-Control"][:17]) == (200, "public, max-age=5")
    assert not {"update", "put", "transact"} & {*fake_site.tables.calls}


def test_it_says_at_least_so_many_as_on_the_page(fake_site: FakeSite) -> None:
    assert enter_figure(fake_site, count=8_501).status_code == 201
    page = screen(fake_site)
    assert "At least 8,501 people have signed" in page.text
    assert page.one("div", **{"class": "progress"}).attrs["data-elsewhere"] == "8501"


def test_it_keeps_the_chosen_language_in_its_link(fake_site: FakeSite) -> None:
    page = screen(fake_site, f"{PATH}?lang=cy")
    [link] = [each for each in page.all("a") if "source=screen" in each.attrs["href"]]
    assert link.attrs["href"] == "/petitions/safe-children?source=screen&lang=cy"


@pytest.mark.parametrize("state", ["closed", "paused"])
def test_a_petition_that_nobody_can_sign_does_not_tick(fake_site: FakeSite, state: str) -> None:
    a_published_petition(fake_site.tables, state=state, closes_at=NOW - DAY if state == "closed" else None)
    page = screen(fake_site)
    assert f"This petition is {state}." in page.text
    assert "data-count-url" not in page.one("div", **{"class": "progress"}).attrs
    assert "Sign this petition" not in page.text
