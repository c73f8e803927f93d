"""The letters of a petition by target: how many, on which day, and whether they are paused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Tables
from chalicelib.letters.counts import Days, LetterNumbers, letter_counts, total
from chalicelib.letters.target_state import TargetState, target_states
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.model import Petition

# A statement names at most so many targets, because its URL contains the text and must stay short.
MOST_NAMED = 3


@dataclass(frozen=True)
class TargetReport:
    """The letters of one target. `target` is None if the petition no longer has it; its letters still count.

    `paused_members`: the state of the members of parliament whose letters are paused, by constituency.
    """

    key: str
    target: LetterTarget | None
    numbers: LetterNumbers
    days: Days
    state: TargetState
    paused_members: Mapping[str, TargetState]


@dataclass(frozen=True)
class Letters:
    """All letters of a petition, exact at `as_of`."""

    targets: list[TargetReport]
    as_of: datetime

    @property
    def numbers(self) -> LetterNumbers:
        return total(each.numbers for each in self.targets)


def letters_text(petition: Petition, now: datetime, tables: Tables) -> str | None:
    """Return the numbers as text for a statement: a sentence for each target, or one for all. None: no letters."""
    letters = report(petition, now, tables)
    if not letters.targets:
        return None
    if len(letters.targets) > MOST_NAMED:
        return _sentence(f"{len(letters.targets)} targets", letters.numbers)
    return " ".join(_sentence(each.target.name if each.target else each.key, each.numbers) for each in letters.targets)


def _sentence(to: str, numbers: LetterNumbers) -> str:
    """Name all outcomes, so that nobody takes unknown letters for sent letters."""
    named = {"sent": numbers.sent, "failed": numbers.failed, "unknown": numbers.unknown, "waiting": numbers.waiting}
    outcomes = ", ".join(f"{number:,} {name}" for name, number in {**named, "not sent": numbers.dropped}.items())
    return f"Letters to {to}: {numbers.requested:,} requested ({outcomes})."


def report(petition: Petition, now: datetime, tables: Tables) -> Letters:
    """Return the letters by target: first the petition's targets in their order, then the removed targets."""
    counts, states = letter_counts(petition.slug, tables), target_states(petition.slug, tables)
    targets = {target.key: target for target in petition.letter.targets} if petition.letter else {}
    reports = [
        TargetReport(
            key,
            targets.get(key),
            total(counts.get(key, {}).values()),
            counts.get(key, {}),
            states.get(key, TargetState()),
            _paused_members(key, states),
        )
        for key in [*targets, *sorted(counts.keys() - targets.keys())]
    ]
    return Letters(reports, now)


def _paused_members(target: str, states: Mapping[str, TargetState]) -> dict[str, TargetState]:
    member_states = {key.partition("#")[2]: state for key, state in states.items() if key.startswith(f"{target}#")}
    return {constituency: state for constituency, state in member_states.items() if state.is_paused}
