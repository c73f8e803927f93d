"""Transitions between all pairs of states, and what else they change."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Invalid, InvalidTransition
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.petitions.transition import SCHEDULED, Transition, apply, transitions
from tests.actors import DAY, NOW, OPENED, a_petition

HOUR = timedelta(hours=1)

# Key: the current state. Value: the states that may follow.
ALLOWED = {
    "draft": {"draft", "open", "removed"},
    "open": {"paused", "closed", "removed"},
    "paused": {"open", "closed", "removed"},
    "closed": {"open", "removed"},
    "removed": {"draft"},
}
PAIRS = [(was, to) for was in PetitionState for to in PetitionState]


def a_petition_that_is(state: str, **changes: Any) -> Petition:
    more: dict[str, dict[str, Any]] = {
        "closed": {"closes_at": NOW - HOUR},
        "paused": {"paused_at": NOW - HOUR},
        "removed": {"removed_reason": "It was a copy."},
    }
    return a_petition(state=state, **{**more.get(state, {}), **changes})


def to(state: PetitionState, at: datetime | None = None) -> Transition:
    return Transition(state, at, "It breaks a rule." if state is PetitionState.REMOVED else None)


def refused_fields(petition: Petition, transition: Transition) -> list[str]:
    with pytest.raises(Invalid) as caught:
        apply(petition, transition, NOW)
    return [error.field for error in caught.value.errors]


@pytest.mark.parametrize(("was", "then"), PAIRS)
def test_only_allowed_transitions_are_accepted(was: PetitionState, then: PetitionState) -> None:
    petition = a_petition_that_is(was)
    if then in ALLOWED[was]:
        assert apply(petition, to(then), NOW).state_at(NOW) is then
    else:
        with pytest.raises(InvalidTransition) as caught:
            apply(petition, to(then), NOW)
        assert (caught.value.state, caught.value.new_state) == (was, then)


@pytest.mark.parametrize(("was", "then"), [pair for pair in PAIRS if pair[1] in ALLOWED[pair[0]]])
def test_only_opening_and_closing_can_be_scheduled(was: PetitionState, then: PetitionState) -> None:
    petition = a_petition_that_is(was)
    if (was, then) not in SCHEDULED:
        assert refused_fields(petition, to(then, NOW + DAY)) == ["at"]
        return
    scheduled = apply(petition, to(then, NOW + DAY), NOW)
    assert scheduled.state_at(NOW) is was
    assert scheduled.state_at(NOW + DAY) is then


@pytest.mark.parametrize("at", [NOW, NOW - DAY])
def test_a_schedule_must_be_in_the_future(at: datetime) -> None:
    assert refused_fields(a_petition(), Transition(PetitionState.CLOSED, at)) == ["at"]


def test_a_schedule_can_be_changed_and_cancelled() -> None:
    later = apply(a_petition(state="draft"), Transition(PetitionState.OPEN, NOW + DAY), NOW)
    earlier = apply(later, Transition(PetitionState.OPEN, NOW + HOUR), NOW)
    assert earlier.state_at(NOW + HOUR) is PetitionState.OPEN
    never = apply(earlier, Transition(PetitionState.DRAFT), NOW)
    assert never.state_at(NOW + 900 * DAY) is PetitionState.DRAFT


def test_opening_a_draft_sets_opened_at_to_now() -> None:
    assert apply(a_petition(state="draft", opened_at=NOW + DAY), Transition(PetitionState.OPEN), NOW).opened_at == NOW


def test_opening_a_draft_after_its_closing_time_is_a_field_error() -> None:
    assert refused_fields(a_petition(state="draft", closes_at=NOW), Transition(PetitionState.OPEN)) == ["closes_at"]


def test_a_pause_extends_the_closing_time() -> None:
    closes = NOW + DAY
    paused = apply(a_petition(closes_at=closes), Transition(PetitionState.PAUSED), NOW)
    assert paused.state_at(closes + DAY) is PetitionState.PAUSED, "a paused petition must not close"
    again = apply(paused, Transition(PetitionState.OPEN), NOW + 3 * DAY)
    assert again.closes_at == closes + 3 * DAY
    assert again.paused_at is None
    assert again.opened_at == OPENED


def test_a_pause_without_a_closing_time_sets_none() -> None:
    assert apply(a_petition_that_is("paused"), Transition(PetitionState.OPEN), NOW).closes_at is None


def test_signatures_can_be_confirmed_during_a_long_pause() -> None:
    paused = apply(a_petition(closes_at=NOW + HOUR), Transition(PetitionState.PAUSED), NOW)
    assert paused.is_confirmable_at(NOW + 300 * DAY)


def test_closing_sets_closes_at_even_in_the_second_of_the_opening() -> None:
    assert apply(a_petition(closes_at=NOW + DAY), Transition(PetitionState.CLOSED), NOW).closes_at == NOW
    assert apply(a_petition(), Transition(PetitionState.CLOSED), OPENED).closes_at == OPENED + timedelta(seconds=1)


def test_reopening_drops_a_past_closing_time() -> None:
    assert apply(a_petition(closes_at=NOW - DAY), Transition(PetitionState.OPEN), NOW).closes_at is None


@pytest.mark.parametrize("was", [state for state in PetitionState if state is not PetitionState.REMOVED])
def test_only_a_removal_needs_and_takes_a_reason(was: PetitionState) -> None:
    assert refused_fields(a_petition_that_is(was), Transition(PetitionState.REMOVED)) == ["reason"]
    removed = apply(a_petition_that_is(was), to(PetitionState.REMOVED), NOW)
    assert removed.removed_reason == "It breaks a rule."
    assert removed.paused_at is None
    assert apply(removed, Transition(PetitionState.DRAFT), NOW).removed_reason is None
    assert refused_fields(a_petition(), Transition(PetitionState.PAUSED, reason="Because")) == ["reason"]


@pytest.mark.parametrize("was", PetitionState)
def test_the_listed_transitions_are_the_accepted_ones(was: PetitionState) -> None:
    shown = {PetitionState(str(each["state"])): each for each in transitions(a_petition_that_is(was), NOW)}
    assert shown.keys() == ALLOWED[was] - {was}
    for state, each in shown.items():
        assert each["schedules"] == SCHEDULED.get((was, state))
        assert each["needs_reason"] == (state is PetitionState.REMOVED)


def test_a_scheduled_opening_can_be_cancelled() -> None:
    scheduled = a_petition(state="open", opened_at=NOW + HOUR)
    assert [each["state"] for each in transitions(scheduled, NOW)] == ["draft", "open", "removed"]
