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

    @property
    def name(self) -> str:
        """Return the target's name, or only its key if the petition no longer has this target."""
        return self.target.name if self.target else self.key


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
    return " ".join(_sentence(each.name, each.numbers) for each in letters.targets)


def _sentence(to: str, numbers: LetterNumbers) -> str:
    """Return a sentence with the number of each outcome, so that nobody takes unknown letters for sent letters."""
    outcomes = (
        f"{numbers.sent:,} sent, {numbers.failed:,} failed, {numbers.unknown:,} unknown, "
        f"{numbers.waiting:,} waiting, {numbers.dropped:,} not sent"
    )
    return f"Letters to {to}: {numbers.requested:,} requested ({outcomes})."


def report(petition: Petition, now: datetime, tables: Tables) -> LettersReport:
    """Return the numbers of letters by target: first the petition's targets in their order, then removed targets."""
    counts, states = letter_counts(petition.slug, tables), target_states(petition.slug, tables)
    current_targets = petition.letter.targets if petition.letter else []
    targets = {target.key: target for target in current_targets}
    removed = sorted(counts.keys() - targets.keys())
    reports: list[TargetReport] = []
    for key in [*targets, *removed]:
        days = counts.get(key, {})
        target_report = TargetReport(
            key=key,
            target=targets.get(key),
            numbers=total(days.values()),
            days=days,
            state=states.get(key, TargetState()),
            paused_members=_paused_members(key, states),
        )
        reports.append(target_report)
    return LettersReport(reports, as_of=now)


def _paused_members(target: str, states: Mapping[str, TargetState]) -> dict[str, TargetState]:
    """Return the states of the target's paused members by constituency. A member's key: `<target>#<constituency>`."""
    prefix = f"{target}#"
    paused: dict[str, TargetState] = {}
    for key, state in states.items():
        if key.startswith(prefix) and state.is_paused:
            constituency = key.removeprefix(prefix)
            paused[constituency] = state
    return paused
