"""Goals rise, and a goal is a whole number, never a text that could mean another one."""

import pytest
from pydantic import TypeAdapter, ValidationError

from chalicelib.petitions.goals import Goal, check_rising
from tests.actors import DAY, a_petition, confirmed
from tests.fake_site import FakeSite
from tests.petitions.test_staff_api import HERE, ask, typed


@pytest.mark.parametrize("goals", [[5000, 1000], [1000, 1000], [1, 2, 2]])
def test_goals_must_rise(goals: list[int]) -> None:
    with pytest.raises(ValueError, match=f"{goals[-1]:,} follows {goals[-2]:,}"):
        check_rising(goals)


@pytest.mark.parametrize("goals", [[], [1000], [1000, 5000, 10_000]])
def test_rising_goals_are_right(goals: list[int]) -> None:
    check_rising(goals)


@pytest.mark.parametrize("value", ["1000", "1,000", "1_000", 1000.0, 0, -1, 10**9, True])
def test_what_could_be_another_number_is_no_goal(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Goal).validate_python(value)


def test_the_next_goal_is_shown_on_every_route(fake_site: FakeSite) -> None:
    ask(fake_site, "PUT", HERE, typed(goal=1, goals=[500]))
    assert fake_site.get("/api/petitions/safe-children/count").json_body["goal"] == 1
    confirmed(fake_site.tables, a_petition())
    fake_site.clock.forward(DAY / 24)
    for path in ("/api/petitions/safe-children/count", "/api/petitions/safe-children"):
        assert fake_site.get(path).json_body["goal"] == 500
    assert "<span data-goal>500</span>" in fake_site.get("/petitions/safe-children").body.decode()
