"""A petition's states, times and versions."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.petitions.model import PetitionState
from tests.actors import DAY, NOW, OPENED, WELSH, a_petition


@pytest.mark.parametrize(
    ("changes", "moment", "state"),
    [
        ({}, OPENED, PetitionState.OPEN),
        ({}, OPENED - DAY, PetitionState.DRAFT),
        ({"closes_at": NOW}, NOW - DAY, PetitionState.OPEN),
        ({"closes_at": NOW}, NOW, PetitionState.CLOSED),
        ({"state": "draft"}, NOW, PetitionState.DRAFT),
        ({"state": "removed"}, NOW, PetitionState.REMOVED),
        ({"state": "closed", "closes_at": NOW + DAY}, NOW, PetitionState.CLOSED),
        ({"state": "paused", "closes_at": NOW}, NOW + DAY, PetitionState.PAUSED),
    ],
)
def test_the_state_follows_the_opening_and_closing_times(
    changes: dict[str, Any], moment: Any, state: PetitionState
) -> None:
    assert a_petition(**changes).state_at(moment) is state


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Safe Children"}, {"slug": "-x"}, {"slug": "x-"}, {"slug": "x" * 61}, {"slug": "a/b"}, {"slug": "a\n"},
        {"title": " "}, {"goal": 0}, {"shards": 0}, {"shards": 91}, {"state": "closed"}, {"state": "open!"},
        {"opened_at": "2026-11-20T08:00:00"}, {"privacy_url": "http://plain.example"}, {"unknown": 1},
        {"goals": [20_002, 20_001]}, {"goals": [0]}, {"goals": ["x"]}, {"goals": [*range(10_001, 10_022)]},
        {"goal": 5000, "goals": [1000]}, {"goal": 5000, "goals": [5000]}, {"goal": "1_000"}, {"goal": 1000.0},
        {"closes_at": OPENED}, {"goal": "1000"}, {"goal": "1,000"}, {"goal": -1}, {"goal": 10**9}, {"goal": True},
        {"translations": {"cy": {"title": "x"}}}, {"translations": {"en": WELSH}}, {"translations": {"xx": WELSH}},
        {"translations": {"../languages/cy": WELSH}}, {"language": "xx"},
        {"language": "cy", "translations": {"cy": WELSH}},
    ],
)  # fmt: skip
def test_invalid_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_petition(**wrong)


@pytest.mark.parametrize("changed", [{"sign_wording": "x"}, {"updates_wording": "x"}])
def test_a_changed_wording_has_another_consent_version(changed: dict[str, str]) -> None:
    assert a_petition(**changed).consent_version != a_petition().consent_version
    assert a_petition(**changed).text_version == a_petition().text_version


def test_the_version_separates_title_and_text() -> None:
    assert a_petition(title="ab", text="c").text_version != a_petition(title="a", text="bc").text_version


@pytest.mark.parametrize(
    ("goals", "count", "goal"),
    [
        ([], 0, 100), ([], 100, 100), ([], 500, 100),
        ([200, 300], 0, 100), ([200, 300], 99, 100), ([200, 300], 100, 200), ([200, 300], 299, 300),
        ([200, 300], 300, 300), ([200, 300], 999, 300),
    ],
)  # fmt: skip
def test_a_reached_goal_is_replaced_by_the_next_one(goals: list[int], count: int, goal: int) -> None:
    assert a_petition(goal=100, goals=goals).goal_at(count) == goal
