"""A petition's states, times and versions."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.petitions.model import State, text_of
from tests.actors import DAY, NOW, OPENED, a_petition


@pytest.mark.parametrize(
    ("changes", "moment", "state"),
    [
        ({}, OPENED, State.OPEN),
        ({}, OPENED - DAY, State.DRAFT),
        ({"closes_at": NOW}, NOW - DAY, State.OPEN),
        ({"closes_at": NOW}, NOW, State.CLOSED),
        ({"state": "draft"}, NOW, State.DRAFT),
        ({"state": "removed"}, NOW, State.REMOVED),
        ({"state": "closed", "closes_at": NOW + DAY}, NOW, State.CLOSED),
        ({"state": "paused", "closes_at": NOW}, NOW + DAY, State.PAUSED),
    ],
)
def test_the_stored_state_moves_on_with_the_times(changes: dict[str, Any], moment: Any, state: State) -> None:
    assert a_petition(**changes).state_at(moment) is state


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Safe Children"}, {"slug": "-x"}, {"slug": "x-"}, {"slug": "x" * 61}, {"slug": "a/b"}, {"slug": "a\n"},
        {"title": " "}, {"goal": 0}, {"shards": 0}, {"shards": 91}, {"state": "closed"}, {"state": "open!"},
        {"opened_at": "2026-11-20T08:00:00"}, {"privacy_url": "http://plain.example"}, {"unknown": 1},
        {"goals": [2, 1]}, {"goals": [0]}, {"goals": ["x"]}, {"goals": [*range(1, 22)]}, {"closes_at": OPENED},
    ],
)  # fmt: skip
def test_what_cannot_be_a_petition_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_petition(**wrong)


@pytest.mark.parametrize("changed", [{"title": "x"}, {"text": "x"}, {"target": "x"}])
def test_another_text_is_another_version_to_sign(changed: dict[str, str]) -> None:
    assert a_petition(**changed).text_version != a_petition().text_version
    assert a_petition(**changed).consent_version == a_petition().consent_version


@pytest.mark.parametrize("changed", [{"sign_wording": "x"}, {"updates_wording": "x"}])
def test_another_wording_is_another_consent(changed: dict[str, str]) -> None:
    assert a_petition(**changed).consent_version != a_petition().consent_version
    assert a_petition(**changed).text_version == a_petition().text_version


def test_a_new_goal_or_closing_date_is_no_new_text() -> None:
    assert a_petition(goal=5, closes_at=NOW, summary="x").text_version == a_petition().text_version


def test_texts_are_not_glued_together() -> None:
    assert a_petition(title="ab", text="c").text_version != a_petition(title="a", text="bc").text_version


def test_a_kept_text_is_named_as_a_signature_names_it() -> None:
    petition = a_petition()
    assert text_of(petition, NOW).version == f"{petition.text_version}.{petition.consent_version}"


def test_confirming_holds_for_a_day_after_the_closing() -> None:
    assert a_petition().confirmable_at(NOW + 900 * DAY)
    assert a_petition(closes_at=NOW).confirmable_at(NOW + DAY * 0.99)
    assert not a_petition(closes_at=NOW).confirmable_at(NOW + DAY)


@pytest.mark.parametrize(
    ("goals", "count", "goal"),
    [
        ([], 0, 100), ([], 100, 100), ([], 500, 100),
        ([200, 300], 0, 100), ([200, 300], 99, 100), ([200, 300], 100, 200), ([200, 300], 299, 300),
        ([200, 300], 300, 300), ([200, 300], 999, 300), ([50, 100, 150], 60, 100), ([50, 100, 150], 100, 150),
    ],
)  # fmt: skip
def test_the_goal_steps_up_when_it_is_reached_and_stays_at_the_last(goals: list[int], count: int, goal: int) -> None:
    assert a_petition(goal=100, goals=goals).goal_at(count) == goal
