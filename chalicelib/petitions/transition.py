"""A petition's life: which state may follow which, and what changes with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.errors import FieldError, Invalid, InvalidTransition
from chalicelib.petitions.model import Petition, State, changed

# From the state that is in force. A draft may be scheduled, and taken back from its schedule. What was removed by
# mistake comes back as a draft, so that it is looked at before anybody sees it.
NEXT: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.DRAFT, State.OPEN, State.REMOVED}),
    State.OPEN: frozenset({State.PAUSED, State.CLOSED, State.REMOVED}),
    State.PAUSED: frozenset({State.OPEN, State.CLOSED, State.REMOVED}),
    State.CLOSED: frozenset({State.OPEN, State.REMOVED}),
    State.REMOVED: frozenset({State.DRAFT}),
}
# What can be told to happen later.
SCHEDULED = {(State.DRAFT, State.OPEN): "opened_at", (State.OPEN, State.CLOSED): "closes_at"}


@dataclass(frozen=True)
class Transition:
    """`at` later than now is a schedule; `reason` is shown to whoever looks for what was removed."""

    state: State
    at: datetime | None = None
    reason: str | None = None


def apply(petition: Petition, transition: Transition, now: datetime) -> Petition:
    """Pure. Raise InvalidTransition, or Invalid with a complaint per field."""
    was = petition.state_at(now)
    if transition.state not in NEXT[was]:
        raise InvalidTransition(was, transition.state)
    field_errors = [*_of_the_time(was, transition, now), *_of_the_reason(transition)]
    if field_errors:
        raise Invalid(field_errors)
    if transition.at:
        return changed(petition, state=State.OPEN, **{SCHEDULED[was, transition.state]: transition.at})
    changes = _CHANGES[transition.state](petition, transition, now)
    return changed(petition, **{"state": transition.state, "paused_at": None, "removed_reason": None, **changes})


def transitions(petition: Petition, now: datetime) -> list[dict[str, object]]:
    """The states that may follow. `schedules` is the field that a later time would set, `needs_reason` goes with it."""
    was = petition.state_at(now)
    unchanged = {was} & {petition.state}
    return [
        {
            "state": state,
            "schedules": SCHEDULED.get((was, state)),
            "needs_reason": state is State.REMOVED,
        }
        for state in State
        if state in NEXT[was] - unchanged
    ]


def _of_the_time(was: State, transition: Transition, now: datetime) -> list[FieldError]:
    if transition.at is None:
        return []
    if (was, transition.state) not in SCHEDULED:
        return [FieldError("at", f"A petition that is {was} can become {transition.state} only now")]
    return [] if transition.at > now else [FieldError("at", "This must be later than now; leave it out for now")]


def _of_the_reason(transition: Transition) -> list[FieldError]:
    if transition.state is State.REMOVED and not transition.reason:
        return [FieldError("reason", "Say why: whoever looks for the petition reads it")]
    if transition.state is not State.REMOVED and transition.reason:
        return [FieldError("reason", "Only a removal has a reason")]
    return []


def _opened(petition: Petition, _: Transition, now: datetime) -> dict[str, Any]:
    """A draft opens now. A pause is added to the closing day; a closing day that is over is none."""
    was, closes = petition.state_at(now), petition.closes_at
    if was is State.DRAFT:
        return {"opened_at": now}
    if petition.paused_at and closes:
        closes += now - petition.paused_at
    return {"closes_at": closes if closes and closes > now else None}


def _closed(petition: Petition, _: Transition, now: datetime) -> dict[str, Any]:
    return {"closes_at": max(now, petition.opened_at + timedelta(seconds=1))}


_CHANGES: dict[State, Callable[[Petition, Transition, datetime], dict[str, Any]]] = {
    State.DRAFT: lambda _petition, _move, _now: {},
    State.OPEN: _opened,
    State.PAUSED: lambda _petition, _move, now: {"paused_at": now},
    State.CLOSED: _closed,
    State.REMOVED: lambda _petition, transition, _now: {"removed_reason": transition.reason},
}
