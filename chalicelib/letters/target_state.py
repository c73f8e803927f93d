"""What is stored of a target besides its settings: whether its letters are paused, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.aws.table import Attr, Change, Item, Tables
from chalicelib.core import keys, log, target_keys
from chalicelib.core.letter_keys import LetterIds
from chalicelib.core.metrics import Metric
from chalicelib.core.times import iso

_PAUSE = ("paused_at", "paused_why")
# Before the id of a test, the name of the attribute with its address.
TEST = "test."


@dataclass(frozen=True)
class TargetState:
    """`paused_why`: "bounced", "refused", "complained" or "staff"; "" while letters are sent.

    `singles`: how many of the first letters were sent singly. `has_digests`: a letter has been put into a digest.
    `tests`: where staff asked to send each test that is not sent yet.
    """

    paused_at: datetime | None = None
    paused_why: str = ""
    singles: int = 0
    has_digests: bool = False
    tests: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


def target_state(slug: str, target: str, tables: Tables, member: str = "") -> TargetState:
    """Read the state consistently: no letter must be sent after a bounce. `member`: a constituency, for one member."""
    return _state(tables.get(target_keys.target(slug, target, member), consistent=True) or {})


def target_states(slug: str, tables: Tables) -> Mapping[str, TargetState]:
    """Return the stored states by the target's key. The key of a member is `<target>#<constituency>`."""
    items: Iterable[Item] = tables.query(keys.COUNTS, target_keys.targets(slug), consistent=True)
    return {item["sk"]: _state(item) for item in items}


def pause(slug: str, target: str, why: str, now: datetime, tables: Tables, member: str = "") -> bool:
    """Pause the letters to the target, or to one member, until staff resume them. Return False if they are paused."""
    is_free = Attr("paused_at").not_exists()
    paused = {"paused_at": iso(now), "paused_why": why}
    if not tables.try_update(Change(target_keys.target(slug, target, member), assign=paused, when=is_free)):
        return False
    log.measure(Metric.TARGET_PAUSED)
    log.event("target_paused", petition=slug, target=target, member=member, why=why)
    return True


def resume(slug: str, target: str, tables: Tables, member: str = "") -> None:
    """Send the letters to the target, or to one member, again. Idempotent."""
    is_paused = Attr("paused_at").exists()
    tables.try_update(Change(target_keys.target(slug, target, member), remove=_PAUSE, when=is_paused))


def record_digests(slug: str, target: str, tables: Tables) -> None:
    """Record that there may be digests for this target."""
    tables.update(Change(target_keys.target(slug, target), assign={"has_digests": True}))


def keep_test_address(test: LetterIds, to: str, tables: Tables) -> None:
    """Remember where staff send this test: an email's own item has no addresses."""
    tables.update(Change(target_keys.target(test.slug, test.target), assign={f"{TEST}{test.signature_id}": to}))


def forget_test_address(test: LetterIds, tables: Tables) -> None:
    tables.update(Change(target_keys.target(test.slug, test.target), remove=[f"{TEST}{test.signature_id}"]))


def _state(item: Item) -> TargetState:
    at = item.get("paused_at")
    paused_at = datetime.fromisoformat(at) if at else None
    tests = {name.removeprefix(TEST): item[name] for name in item if name.startswith(TEST)}
    return TargetState(paused_at, item.get("paused_why", ""), item.get("singles", 0), "has_digests" in item, tests)
