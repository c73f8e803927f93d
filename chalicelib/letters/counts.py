"""The exact numbers of letters to each target by day: requested, sent, failed, unknown and dropped.

The numbers of a day are spread over several items (shards), because transactions on one item conflict. A letter that is
sent singly keeps its shard, and an item is read at one moment: so a letter that is counted as sent is also counted as
requested. DIGEST_SHARD counts the outcomes of the letters in digests.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zlib import crc32

from chalicelib.aws.table import Change, Item, Tables
from chalicelib.core import keys, letter_keys
from chalicelib.letters.target_state import TargetState, target_states
from chalicelib.mail.counted import REQUESTED
from chalicelib.mail.deliveries import DeliveryOutcome
from chalicelib.petitions.letter import LetterTarget
from chalicelib.petitions.model import Petition

# The transaction of a letter takes about 20 ms, so 32 items can count hundreds of letters a second.
SHARDS = 32
# It counts the outcomes of digests, also for letters whose requests are counted in other shards. So `letter_counts`
# reads this shard first.
DIGEST_SHARD = 0
# The URL of a statement contains its text, and must stay short.
MAX_NAMED_TARGETS = 3


@dataclass(frozen=True)
class LetterNumbers:
    """`waiting`: still to be sent. `dropped`: never sent, on purpose."""

    requested: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    dropped: int = 0

    @property
    def waiting(self) -> int:
        return self.requested - self.sent - self.failed - self.unknown - self.dropped


_NAMES = (REQUESTED, *(outcome for outcome in DeliveryOutcome if outcome is not DeliveryOutcome.WAITING))
NumbersByDay = Mapping[date, LetterNumbers]


def count_change(slug: str, target: str, shard: int, day: date, numbers: Mapping[str, int]) -> Change:
    """Use it only in a transaction with another change that can happen only once: otherwise a retry counts twice."""
    return Change(letter_keys.letter_count(slug, shard, target, day), add=numbers)


def shard_of(signature_id: str) -> int:
    return crc32(signature_id.encode()) % SHARDS


def letter_counts(slug: str, tables: Tables) -> dict[str, NumbersByDay]:
    """By target and day (UTC). Targets without letters are missing.

    The 32 consistent queries cost one read unit for each 4 KB (about 40 items). Each letter was counted as requested
    before its digest had an outcome, and DIGEST_SHARD is read first. So `waiting` is never negative.
    """
    sums: dict[tuple[str, date], Counter[str]] = defaultdict(Counter)
    for shard in range(SHARDS):
        for item in tables.query(keys.COUNTS, letter_keys.letter_counts_partition(slug, shard), consistent=True):
            target, _, day = item["sk"].partition("#")
            sums[target, date.fromisoformat(day)].update(_numbers(item))
    days: dict[str, dict[date, LetterNumbers]] = defaultdict(dict)
    for target, day in sorted(sums):
        days[target][day] = LetterNumbers(**sums[target, day])
    return dict(days)


def total(numbers: Iterable[LetterNumbers]) -> LetterNumbers:
    addends = list(numbers)
    sums = {name: sum(getattr(addend, name) for addend in addends) for name in _NAMES}
    return LetterNumbers(**sums)


@dataclass(frozen=True)
class TargetReport:
    """`target` is None if the petition no longer has this target.

    `paused_members`: by constituency, the states of the members of parliament whose letters are paused.
    """

    key: str
    target: LetterTarget | None
    days: NumbersByDay
    state: TargetState
    paused_members: Mapping[str, TargetState]

    @property
    def numbers(self) -> LetterNumbers:
        return total(self.days.values())

    @property
    def name(self) -> str:
        return self.target.name if self.target else self.key


@dataclass(frozen=True)
class LettersReport:
    targets: list[TargetReport]
    as_of: datetime

    @property
    def numbers(self) -> LetterNumbers:
        return total(each.numbers for each in self.targets)


def letters_text(petition: Petition, now: datetime, tables: Tables) -> str | None:
    """Return a sentence for each target; if there are more than MAX_NAMED_TARGETS, one for all of them.

    Return None if the petition has no target and no letters.
    """
    letters = report(petition, now, tables)
    if not letters.targets:
        return None
    if len(letters.targets) > MAX_NAMED_TARGETS:
        return _sentence(f"{len(letters.targets)} targets", letters.numbers)
    sentences = [_sentence(each.name, each.numbers) for each in letters.targets]
    first = letters.targets[0]
    # For several targets, it would make the URL too long.
    is_only_one = len(letters.targets) == 1 and first.numbers.sent
    return " ".join([_also_wrote(first, petition), *sentences] if is_only_one else sentences)


def _also_wrote(target: TargetReport, petition: Petition) -> str:
    """Each person sends one letter to a target. "the Home Secretary" is better than the target's name alone."""
    sent = target.numbers.sent
    to = petition.target if petition.target.lower().endswith(target.name.lower()) else target.name
    return f"{sent:,} {'person' if sent == 1 else 'people'} also wrote to {to}."


def _sentence(to: str, numbers: LetterNumbers) -> str:
    """Name each outcome, so that nobody takes unknown letters for sent letters."""
    outcomes = (
        f"{numbers.sent:,} sent, {numbers.failed:,} failed, {numbers.unknown:,} unknown, "
        f"{numbers.waiting:,} waiting, {numbers.dropped:,} not sent"
    )
    return f"Letters to {to}: {numbers.requested:,} requested ({outcomes})."


def report(petition: Petition, now: datetime, tables: Tables) -> LettersReport:
    """Return first the petition's targets in their order, then removed targets."""
    counts, states = letter_counts(petition.slug, tables), target_states(petition.slug, tables)
    current_targets = petition.letter.targets if petition.letter else []
    targets = {target.key: target for target in current_targets}
    removed = sorted(counts.keys() - targets.keys())
    reports = [
        TargetReport(
            key=key,
            target=targets.get(key),
            days=counts.get(key, {}),
            state=states.get(key, TargetState()),
            paused_members=_paused_members(key, states),
        )
        for key in [*targets, *removed]
    ]
    return LettersReport(reports, as_of=now)


def _paused_members(target: str, states: Mapping[str, TargetState]) -> dict[str, TargetState]:
    """By constituency. A member's key: `<target>#<constituency>`."""
    prefix = f"{target}#"
    paused: dict[str, TargetState] = {}
    for key, state in states.items():
        if key.startswith(prefix) and state.is_paused:
            constituency = key.removeprefix(prefix)
            paused[constituency] = state
    return paused


def _numbers(item: Item) -> dict[str, int]:
    return {name: item[name] for name in _NAMES if name in item}
