"""A petition's states, times, zone and versions."""

from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.petitions.model import PetitionState
from tests.actors import DAY, NOW, OPENED, WELSH, a_petition, a_published_petition
from tests.fake_site import FakeSite


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


@pytest.mark.parametrize(
    ("zone", "closes", "shown"),
    [
        ("Europe/London", "2026-12-24T22:00:00Z", "24 December 2026 at 22:00 GMT<"),
        ("Europe/London", "2027-06-24T23:30:00Z", "25 June 2027 at 00:30 BST (23:30 UTC)"),
        ("Europe/Paris", "2026-12-24T22:00:00Z", "24 December 2026 at 23:00 CET (22:00 UTC)"),
        ("UTC", "2027-06-24T22:00:00Z", "24 June 2027 at 22:00 UTC<"),
    ],
)
def test_the_closing_is_said_in_the_petitions_zone(fake_site: FakeSite, zone: str, closes: str, shown: str) -> None:
    a_published_petition(fake_site.tables, slug="elsewhere", time_zone=zone, closes_at=closes)
    assert shown in fake_site.get("/petitions/elsewhere", Accept="text/html").body.decode()


@pytest.mark.parametrize("wrong", ["", "Mars", "Europe", "../../etc/passwd", "/etc/localtime", "A" * 61, "Europe/\0"])
def test_a_zone_that_does_not_exist_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="time_zone"):
        a_petition(time_zone=wrong)
