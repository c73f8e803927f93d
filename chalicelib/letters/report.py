"""The numbers of a petition's letters by target and day, and which letters are paused: for staff and for statements.

A statement is a signed text that says how many people had confirmed at one time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.letters.counts import LetterNumbers, NumbersByDay, letter_counts, total
from chalicelib.letters.target_state import TargetState, target_states
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.model import Petition

# The most targets that a statement names. The URL of a statement contains its text, and must stay short.
MAX_NAMED_TARGETS = 3


@dataclass(frozen=True)
class TargetReport:
    """The numbers of letters to one target. `target` is None if the petition no longer has this target.

    `paused_members`: by constituency, the states of the members of parliament whose letters are paused.
    """

    key: str
    target: LetterTarget | None
    numbers: LetterNumbers
    days: NumbersByDay
    state: TargetState
    paused_members: Mapping[str, TargetState]


@dataclass(frozen=True)
class LettersReport:
    """The numbers of all letters of a petition, exact at the time `as_of`."""

    targets: list[TargetReport]
    as_of: datetime

    @property
    def numbers(self) -> LetterNumbers:
        return total(each.numbers for each in self.targets)


def letters_text(petition: Petition, now: datetime, tables: Tables) -> str | None:
    """Return the numbers of letters as text for a statement. Return None if the petition has no target and no letters.

    The text has a sentence for each target; if there are more than MAX_NAMED_TARGETS, one sentence for all targets.
    """
    letters = report(petition, now, tables)
    if not letters.targets:
        return None
    if len(letters.targets) > MAX_NAMED_TARGETS:
        return _sentence(f"{len(letters.targets)} targets", letters.numbers)
    return " ".join(_sentence(each.target.name if each.target else each.key, each.numbers) for each in letters.targets)


def _sentence(to: str, numbers: LetterNumbers) -> str:
    """Return a sentence with the number of each outcome, so that nobody takes unknown letters for sent letters."""
    named = {"sent": numbers.sent, "failed": numbers.failed, "unknown": numbers.unknown, "waiting": numbers.waiting}
    outcomes = ", ".join(f"{number:,} {name}" for name, number in {**named, "not sent": numbers.dropped}.items())
    return f"Letters to {to}: {numbers.requested:,} requested ({outcomes})."


def report(petition: Petition, now: datetime, tables: Tables) -> LettersReport:
    """Return the numbers of letters by target: first the petition's targets in their order, then removed targets."""
    counts, states = letter_counts(petition.slug, tables), target_states(petition.slug, tables)
    targets = {target.key: target for target in petition.letter.targets} if petition.letter else {}
    reports = [
        TargetReport(
            key=key,
            target=targets.get(key),
            numbers=total(counts.get(key, {}).values()),
            days=counts.get(key, {}),
            state=states.get(key, TargetState()),
            paused_members=_paused_members(key, states),
        )
        for key in [*targets, *sorted(counts.keys() - targets.keys())]
    ]
    return LettersReport(reports, as_of=now)


def _paused_members(target: str, states: Mapping[str, TargetState]) -> dict[str, TargetState]:
    """Return the states of the target's paused members by constituency. A member's key: `<target>#<constituency>`."""
    member_states = {key.partition("#")[2]: state for key, state in states.items() if key.startswith(f"{target}#")}
    return {constituency: state for constituency, state in member_states.items() if state.is_paused}
