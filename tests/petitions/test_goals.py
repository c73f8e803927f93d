"""Goals rise. A goal is a whole number, never a text such as "1,000", which could mean another number."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.petitions.model import Goal, check_rising
from tests.actors import DAY, a_petition, confirmed
from tests.fake_site import FakeSite
from tests.petitions.test_staff_api import PETITION_URL, ask, petition_fields


@pytest.mark.parametrize("goals", [[5000, 1000], [1000, 1000], [1, 2, 2]])
def test_goals_must_rise(goals: list[int]) -> None:
    with pytest.raises(ValueError, match=f"{goals[-1]:,} follows {goals[-2]:,}"):
        check_rising(goals)


@pytest.mark.parametrize("goals", [[], [1000], [1000, 5000, 10_000]])
def test_rising_goals_are_accepted(goals: list[int]) -> None:
    check_rising(goals)


@pytest.mark.parametrize("value", ["1000", "1,000", "1_000", 1000.0, 0, -1, 10**9, True])
def test_a_goal_must_be_a_whole_number_in_range(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Goal).validate_python(value)


def test_the_next_goal_is_shown_on_every_route(fake_site: FakeSite) -> None:
    ask(fake_site, "PUT", PETITION_URL, petition_fields(goal=1, goals=[500]))
    assert fake_site.get("/api/petitions/safe-children/count").json_body["goal"] == 1
    confirmed(fake_site.tables, a_petition())
    fake_site.clock.forward(DAY / 24)
    for path in ("/api/petitions/safe-children/count", "/api/petitions/safe-children"):
        assert fake_site.get(path).json_body["goal"] == 500
    assert "<span data-goal>500</span>" in fake_site.get("/petitions/safe-children").body.decode()
