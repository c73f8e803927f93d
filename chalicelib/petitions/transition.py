"""A petition's lifecycle: which state may follow which, and what else each transition changes.

Gaps are text in [square brackets], as in the dashboard's template. Staff replace it before the public reads it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.errors import FieldError, Invalid, InvalidTransition
from chalicelib.petitions.edit import with_changes
from chalicelib.petitions.model import Petition, PetitionState

# A removed petition first becomes a draft, so that staff check it before it is public again. From draft to draft:
# cancels a scheduled opening.
_NEXT_STATES: dict[PetitionState, frozenset[PetitionState]] = {
    PetitionState.DRAFT: frozenset({PetitionState.DRAFT, PetitionState.OPEN, PetitionState.REMOVED}),
    PetitionState.OPEN: frozenset({PetitionState.PAUSED, PetitionState.CLOSED, PetitionState.REMOVED}),
    PetitionState.PAUSED: frozenset({PetitionState.OPEN, PetitionState.CLOSED, PetitionState.REMOVED}),
    PetitionState.CLOSED: frozenset({PetitionState.OPEN, PetitionState.REMOVED}),
    PetitionState.REMOVED: frozenset({PetitionState.DRAFT}),
}
# The transitions that can be scheduled, and the field that holds their time.
SCHEDULED = {
    (PetitionState.DRAFT, PetitionState.OPEN): "opened_at",
    (PetitionState.OPEN, PetitionState.CLOSED): "closes_at",
}
# Without a bracket inside, so that the time of the search is proportional to the length.
_GAP = re.compile(r"\[[^\[\]]{2,}\](?!\(https://)")  # A link of Markdown is no gap.
# The public never reads gaps in these.
_ALWAYS_REFUSED = {
    "title": "the title",
    "sign_wording": "the consent to sign",
    "updates_wording": "the consent to receive updates",
    "send_wording": "the consent to send the letter",
    "reply_wording": "the consent to replies",
}
_NAMES = {"letter.": "the letter", "next_step.": "the next step", "share_text": "the text to share"}
_SEARCHED = {
    "summary",
    "text",
    "target",
    "charity",
    "letter",
    "translations",
    "share_text",
    "next_step",
    *_ALWAYS_REFUSED,
}
_IN_TRANSLATION = re.compile(r"translations\.([^.]+)\.")


@dataclass(frozen=True)
class Transition:
    """`at`: for a scheduled transition. `keep_brackets`: open with gaps outside the title and consents."""

    state: PetitionState
    at: datetime | None = None
    reason: str | None = None
    keep_brackets: bool = False


def apply(petition: Petition, transition: Transition, now: datetime) -> Petition:
    """Return the petition after the transition. Raise InvalidTransition, or Invalid with the field errors."""
    current = petition.state_at(now)
    if transition.state not in _next_states(petition, now):
        raise InvalidTransition(current, transition.state)
    field_errors = [*_time_errors(current, transition, now), *_reason_errors(transition)]
    field_errors += _errors_of_gaps(petition, transition)
    if field_errors:
        raise Invalid(field_errors)
    if transition.at:
        # Store OPEN now in both cases: `state_at` derives the state from opened_at and closes_at.
        time_field = SCHEDULED[current, transition.state]
        return with_changes(petition, state=PetitionState.OPEN, **{time_field: transition.at})
    changes = _CHANGES[transition.state](petition, transition, now)
    return with_changes(petition, **{"state": transition.state, "paused_at": None, "removed_reason": None, **changes})


def transitions(petition: Petition, now: datetime) -> list[dict[str, object]]:
    """`schedules`: the field with the time of a scheduled transition. None: it can only happen at once."""
    current = petition.state_at(now)
    possible = [state for state in PetitionState if state in _next_states(petition, now)]
    return [
        {"state": state, "schedules": SCHEDULED.get((current, state)), "needs_reason": state is PetitionState.REMOVED}
        for state in possible
    ]


def _next_states(petition: Petition, now: datetime) -> frozenset[PetitionState]:
    current = petition.state_at(now)
    if petition.emptied_at:  # Who signed it could neither be emailed nor sign again.
        return frozenset({PetitionState.REMOVED}) - {current}
    states = _NEXT_STATES[current]
    return states if petition.scheduled_opening(now) else states - {current}


def _time_errors(current: PetitionState, transition: Transition, now: datetime) -> list[FieldError]:
    if transition.at is None:
        return []
    if (current, transition.state) not in SCHEDULED:
        return [FieldError("at", f"You can only change from {current} to {transition.state} now, not at a later time")]
    if transition.at <= now:
        return [FieldError("at", "Enter a time in the future, or leave this blank for now")]
    return []


def _reason_errors(transition: Transition) -> list[FieldError]:
    if transition.state is PetitionState.REMOVED and not transition.reason:
        return [FieldError("reason", "Enter a reason. People who open the petition’s page will see it")]
    if transition.state is not PetitionState.REMOVED and transition.reason:
        return [FieldError("reason", "Give a reason only when you remove a petition")]
    return []


def _errors_of_gaps(petition: Petition, transition: Transition) -> list[FieldError]:
    if transition.state is not PetitionState.OPEN:
        return []
    return gap_errors(petition) or ([] if transition.keep_brackets else warning_of_gaps(petition))


def closes_at_if_opened_now(petition: Petition, now: datetime) -> datetime | None:
    """Return closes_at. After a pause, it moves by the length of the pause."""
    if petition.paused_at and petition.closes_at:
        return petition.closes_at + (now - petition.paused_at)
    return petition.closes_at


def _opening_changes(petition: Petition, _: Transition, now: datetime) -> dict[str, Any]:
    """A draft gets `now` as opened_at. After a pause, closes_at moves; one in the past is removed."""
    if petition.state_at(now) is PetitionState.DRAFT:
        return {"opened_at": now}
    closes_at = closes_at_if_opened_now(petition, now)
    is_past = closes_at is not None and closes_at <= now
    return {"closes_at": None if is_past else closes_at}


_CHANGES: dict[PetitionState, Callable[[Petition, Transition, datetime], dict[str, Any]]] = {
    PetitionState.DRAFT: lambda _petition, _transition, _now: {},
    PetitionState.OPEN: _opening_changes,
    PetitionState.PAUSED: lambda _petition, _transition, now: {"paused_at": now},
    # `now`, but later than opened_at, as the model requires.
    PetitionState.CLOSED: lambda petition, _, now: {"closes_at": max(now, petition.opened_at + timedelta(seconds=1))},
    PetitionState.REMOVED: lambda _petition, transition, _now: {"removed_reason": transition.reason},
}


def gap_errors(petition: Petition) -> list[FieldError]:
    texts = dict.fromkeys((field, name) for field, name, _ in _gaps(petition, always_refused=True))
    return [FieldError(field, f"Replace the text in [square brackets] in {name}") for field, name in texts]


def warning_of_gaps(petition: Petition, before: Petition | None = None) -> list[FieldError]:
    """Return an error that names the texts of `other_gaps`, or []. Staff may keep these gaps: `keep_brackets`."""
    names = other_gaps(petition, before)
    message = f"There is still text in [square brackets], which the public would read, in {names}"
    return [FieldError("keep_brackets", message)] if names else []


def other_gaps(petition: Petition, before: Petition | None = None) -> str:
    """Return the names of the other texts that have gaps, without those that `before` (an edit) has already."""
    known = {(field, gap) for field, _, gap in _gaps(before, always_refused=False)} if before else set()
    gaps = _gaps(petition, always_refused=False)
    names = [name for field, name, gap in gaps if (field, gap) not in known]
    return ", ".join(dict.fromkeys(names))


def _gaps(petition: Petition, *, always_refused: bool) -> Iterator[tuple[str, str, str]]:
    """Yield field, name and gap: of title and consents, or else of the other texts."""
    for field, text in _texts(petition.model_dump(include=_SEARCHED), ""):
        last = field.rpartition(".")[2]
        if (last in _ALWAYS_REFUSED) is always_refused:
            language = _IN_TRANSLATION.match(field)
            name = _ALWAYS_REFUSED.get(last) or next(
                (name for part, name in _NAMES.items() if part in field), f"the {last}"
            )
            for gap in _GAP.findall(text):
                yield field, f"{name} ({language[1]})" if language else name, gap


def _texts(value: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _texts(member, f"{field}.{name}" if field else str(name))
