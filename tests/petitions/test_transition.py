"""Transitions between all pairs of states, and what else they change."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.errors import Invalid, InvalidTransition
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.petitions.transition import SCHEDULED, Transition, apply, gap_errors, transitions, warning_of_gaps
from tests.actors import DAY, NOW, OPENED, WELSH, a_petition
from tests.letters.lettering import LETTER, TARGET, WELSH_LETTER

HOUR = timedelta(hours=1)

# Key: the current state. Value: the states that may follow.
ALLOWED = {
    "draft": {"draft", "open", "removed"},
    "open": {"paused", "closed", "removed"},
    "paused": {"open", "closed", "removed"},
    "closed": {"open", "removed"},
    "removed": {"draft"},
}
STATE_PAIRS = [(old, new) for old in PetitionState for new in PetitionState]


def a_petition_that_is(state: str, **changes: Any) -> Petition:
    more: dict[str, dict[str, Any]] = {
        "closed": {"closes_at": NOW - HOUR},
        "paused": {"paused_at": NOW - HOUR},
        "removed": {"removed_reason": "It was a copy."},
    }
    return a_petition(state=state, **{**more.get(state, {}), **changes})


def a_transition_to(state: PetitionState, at: datetime | None = None) -> Transition:
    return Transition(state, at, "It breaks a rule." if state is PetitionState.REMOVED else None)


def refused_fields(petition: Petition, transition: Transition) -> list[str]:
    with pytest.raises(Invalid) as caught:
        apply(petition, transition, NOW)
    return [error.field for error in caught.value.errors]


@pytest.mark.parametrize("at", [None, NOW + DAY])
def test_a_petition_opens_with_square_brackets_only_if_staff_say_so(at: datetime | None) -> None:
    petition = a_petition(state="draft", text="We ask [the Home Secretary].")
    assert refused_fields(petition, Transition(PetitionState.OPEN, at)) == ["keep_brackets"]
    assert apply(petition, Transition(PetitionState.OPEN, at, keep_brackets=True), NOW).state is PetitionState.OPEN


@pytest.mark.parametrize("old", ["draft", "paused", "closed"])
@pytest.mark.parametrize("field", ["title", "sign_wording", "updates_wording"])
def test_a_petition_never_opens_with_square_brackets_in_its_title_or_consents(old: str, field: str) -> None:
    petition = a_petition_that_is(old, **{field: "[Do what]", "text": "[What]"})
    assert refused_fields(petition, Transition(PetitionState.OPEN, keep_brackets=True)) == [field]


@pytest.mark.parametrize(("old", "new"), STATE_PAIRS)
def test_only_allowed_transitions_are_accepted(old: PetitionState, new: PetitionState) -> None:
    petition = a_petition_that_is(old)
    if new in ALLOWED[old] - {old}:
        assert apply(petition, a_transition_to(new), NOW).state_at(NOW) is new
    else:
        with pytest.raises(InvalidTransition) as caught:
            apply(petition, a_transition_to(new), NOW)
        assert (caught.value.state, caught.value.new_state) == (old, new)


@pytest.mark.parametrize(("old", "new"), [pair for pair in STATE_PAIRS if pair[1] in ALLOWED[pair[0]] - {pair[0]}])
def test_only_opening_and_closing_can_be_scheduled(old: PetitionState, new: PetitionState) -> None:
    petition = a_petition_that_is(old)
    if (old, new) not in SCHEDULED:
        assert refused_fields(petition, a_transition_to(new, NOW + DAY)) == ["at"]
        return
    scheduled = apply(petition, a_transition_to(new, NOW + DAY), NOW)
    assert scheduled.state_at(NOW) is old
    assert scheduled.state_at(NOW + DAY) is new


@pytest.mark.parametrize("at", [NOW, NOW - DAY])
def test_a_schedule_must_be_in_the_future(at: datetime) -> None:
    assert refused_fields(a_petition(), Transition(PetitionState.CLOSED, at)) == ["at"]


def test_opening_a_draft_after_its_closing_time_is_a_field_error() -> None:
    assert refused_fields(a_petition(state="draft", closes_at=NOW), Transition(PetitionState.OPEN)) == ["closes_at"]


def test_a_pause_extends_the_closing_time() -> None:
    closes = NOW + DAY
    paused = apply(a_petition(closes_at=closes), Transition(PetitionState.PAUSED), NOW)
    assert paused.state_at(closes + DAY) is PetitionState.PAUSED, "a paused petition must not close"
    reopened = apply(paused, Transition(PetitionState.OPEN), NOW + 3 * DAY)
    assert reopened.closes_at == closes + 3 * DAY
    assert reopened.paused_at is None
    assert reopened.opened_at == OPENED


def test_closing_sets_closes_at_even_in_the_second_of_the_opening() -> None:
    assert apply(a_petition(closes_at=NOW + DAY), Transition(PetitionState.CLOSED), NOW).closes_at == NOW
    assert apply(a_petition(), Transition(PetitionState.CLOSED), OPENED).closes_at == OPENED + timedelta(seconds=1)


@pytest.mark.parametrize("old", [state for state in PetitionState if state is not PetitionState.REMOVED])
def test_only_a_removal_needs_and_takes_a_reason(old: PetitionState) -> None:
    assert refused_fields(a_petition_that_is(old), Transition(PetitionState.REMOVED)) == ["reason"]
    removed = apply(a_petition_that_is(old), a_transition_to(PetitionState.REMOVED), NOW)
    assert removed.removed_reason == "It breaks a rule."
    assert removed.paused_at is None
    assert apply(removed, Transition(PetitionState.DRAFT), NOW).removed_reason is None
    assert refused_fields(a_petition(), Transition(PetitionState.PAUSED, reason="Because")) == ["reason"]


@pytest.mark.parametrize("old", PetitionState)
def test_exactly_the_accepted_transitions_are_listed(old: PetitionState) -> None:
    listed = {}
    for transition in transitions(a_petition_that_is(old), NOW):
        state = PetitionState(str(transition["state"]))
        listed[state] = transition
    assert listed.keys() == ALLOWED[old] - {old}
    for state, transition in listed.items():
        assert transition["schedules"] == SCHEDULED.get((old, state))
        assert transition["needs_reason"] == (state is PetitionState.REMOVED)


def test_a_scheduled_opening_can_be_cancelled() -> None:
    scheduled = a_petition(state="open", opened_at=NOW + HOUR)
    assert [each["state"] for each in transitions(scheduled, NOW)] == ["draft", "open", "removed"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"summary": "[Who]", "text": "[What]", "target": "[Whom]"}, "the summary, the text, the target"),
        ({"charity": "[Us]"}, "the charity"),
        ({"text": "[Write\nyour text here]"}, "the text"),
        ({"letter": LETTER | {"subject": "[What]", "body": "[What]"}}, "the letter"),
        ({"letter": LETTER | {"openings": ["[Who]"]}}, "the letter"),
        ({"letter": LETTER | {"targets": [TARGET | {"name": "[Whom]"}]}}, "the letter"),
        ({"translations": {"cy": WELSH | {"letter": WELSH_LETTER | {"body": "[Beth]"}}}}, "the letter (cy)"),
    ],
)
def test_other_gaps_are_named(changes: dict[str, Any], names: str) -> None:
    petition = a_petition(**changes)
    assert gap_errors(petition) == []
    [warning] = warning_of_gaps(petition)
    assert warning.message.endswith(f"which the public would read, in {names}")


def test_a_long_text_of_brackets_is_searched_at_once() -> None:
    petition = a_petition(text="[" * 20_000)
    began = time.thread_time()
    assert warning_of_gaps(petition) == []
    assert time.thread_time() - began < 0.5
