"""A petition's life: which state may follow which, and what changes with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core.errors import CannotMove, FieldError, Invalid
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
class Move:
    """`at` later than now is a schedule; `reason` is shown to whoever looks for what was removed."""

    state: State
    at: datetime | None = None
    reason: str | None = None


def moved(petition: Petition, move: Move, now: datetime) -> Petition:
    """Pure. Raise CannotMove, or Invalid with a complaint per field."""
    was = petition.state_at(now)
    if move.state not in NEXT[was]:
        raise CannotMove(was, move.state)
    complaints = [*_of_the_time(was, move, now), *_of_the_reason(move)]
    if complaints:
        raise Invalid(complaints)
    if move.at:
        return changed(petition, state=State.OPEN, **{SCHEDULED[was, move.state]: move.at})
    changes = _CHANGES[move.state](petition, move, now)
    return changed(petition, **{"state": move.state, "paused_at": None, "removed_reason": None, **changes})


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


def _of_the_time(was: State, move: Move, now: datetime) -> list[FieldError]:
    if move.at is None:
        return []
    if (was, move.state) not in SCHEDULED:
        return [FieldError("at", f"A petition that is {was} can become {move.state} only now")]
    return [] if move.at > now else [FieldError("at", "This must be later than now; leave it out for now")]


def _of_the_reason(move: Move) -> list[FieldError]:
    if move.state is State.REMOVED and not move.reason:
        return [FieldError("reason", "Say why: whoever looks for the petition reads it")]
    if move.state is not State.REMOVED and move.reason:
        return [FieldError("reason", "Only a removal has a reason")]
    return []


def _opened(petition: Petition, _: Move, now: datetime) -> dict[str, Any]:
    """A draft opens now. A pause is added to the closing day; a closing day that is over is none."""
    was, closes = petition.state_at(now), petition.closes_at
    if was is State.DRAFT:
        return {"opened_at": now}
    if petition.paused_at and closes:
        closes += now - petition.paused_at
    return {"closes_at": closes if closes and closes > now else None}


def _closed(petition: Petition, _: Move, now: datetime) -> dict[str, Any]:
    return {"closes_at": max(now, petition.opened_at + timedelta(seconds=1))}


_CHANGES: dict[State, Callable[[Petition, Move, datetime], dict[str, Any]]] = {
    State.DRAFT: lambda _petition, _move, _now: {},
    State.OPEN: _opened,
    State.PAUSED: lambda _petition, _move, now: {"paused_at": now},
    State.CLOSED: _closed,
    State.REMOVED: lambda _petition, move, _now: {"removed_reason": move.reason},
}
