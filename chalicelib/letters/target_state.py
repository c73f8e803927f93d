"""What is stored about a target besides its settings: mainly whether the letters to it are paused, and why.

If a target is all members of parliament, each member (by constituency) has a state too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.aws.table import Attr, Change, Condition, Item, Tables, absent_or_at_most
from chalicelib.core import keys, letter_keys, log
from chalicelib.core.letter_keys import LetterIds
from chalicelib.core.metrics import Metric
from chalicelib.core.times import iso

# A set: the letters, or the members of the target, that the server has rejected. At MAX_REJECTIONS, letters are paused.
_REJECTIONS = "rejections"
BY_STAFF = "staff"  # Why letters are paused, if staff pause them.
MAX_REJECTIONS = 3
# After REJECTIONS_COUNT_FOR, the next rejection begins a new set. Otherwise a server that takes a letter for spam now
# and then would cause a pause in each long campaign.
_FIRST_REJECTED_AT = "first_rejected_at"
REJECTIONS_COUNT_FOR = timedelta(days=1)
_PAUSE_ATTRIBUTES = ("paused_at", "paused_why", _REJECTIONS, _FIRST_REJECTED_AT)
_IS_NOT_PAUSED = Attr("paused_at").not_exists()
# With the test's id: the attribute with the address to which staff send a test. In its LetterIds, `signature_id` is the
# test's id.
TEST_PREFIX = "test."


@dataclass(frozen=True)
class TargetState:
    """`paused_why`: "bounced", "refused", "rejected", "complained" or "staff"; "" while letters are sent.

    `single_letters`: how many were marked to be sent singly. `has_digests`: there may be digests. `tests`: by the
    test's id, the address for each test that staff requested and that is not sent yet.
    """

    paused_at: datetime | None = None
    paused_why: str = ""
    single_letters: int = 0
    has_digests: bool = False
    tests: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


def target_state(slug: str, target: str, tables: Tables, member: str = "") -> TargetState:
    """Read it consistently: after a bounce, no letter may be sent."""
    item = tables.get(letter_keys.target(slug, target, member), consistent=True)
    return _state(item or {})


def target_states(slug: str, tables: Tables) -> Mapping[str, TargetState]:
    """By key: `<target>`, or `<target>#<constituency>` for a member; `<target>#<pace>` (pace.py) has an empty state."""
    items: Iterable[Item] = tables.query(keys.COUNTS, letter_keys.targets_partition(slug), consistent=True)
    return {item["sk"]: _state(item) for item in items}


def pause(
    slug: str, target: str, why: str, now: datetime, tables: Tables, member: str = "", when: Condition | None = None
) -> bool:
    """Return False if they are paused already, or if the item does not meet the condition `when`."""
    paused = {"paused_at": iso(now), "paused_why": why}
    condition = _IS_NOT_PAUSED & when if when else _IS_NOT_PAUSED
    change = Change(letter_keys.target(slug, target, member), assign=paused, when=condition)
    if not tables.try_update(change):
        return False
    if why != BY_STAFF:  # Staff know what they paused: no alarm.
        log.measure(Metric.TARGET_PAUSED)
    log.event("target_paused", petition=slug, target=target, member=member, why=why)
    return True


def is_sent_since_resume(email: Item, now: datetime) -> Condition:
    """Staff have not resumed the letters since this email was sent.

    A server may bounce an email days later: then the address may be another one. `email`: its item. If it does not say
    when it was sent, that was `now`.
    """
    sent_at = email.get("mailed_at") or email.get("mail_began_at") or iso(now)
    return absent_or_at_most("resumed_at", sent_at)


def note_rejection(
    slug: str,
    target: str,
    rejection: str,
    now: datetime,
    tables: Tables,
    member: str = "",
    when: Condition | None = None,
) -> None:
    """After MAX_REJECTIONS within a day of the first, pause. Idempotent. `resume` forgets them all.

    `rejection`: an id, so that an event of SES that comes twice is noted once. If the item does not meet `when`, note
    nothing.
    """
    counts = _IS_NOT_PAUSED & when if when else _IS_NOT_PAUSED
    key = letter_keys.target(slug, target, member)
    is_day_over = absent_or_at_most(_FIRST_REJECTED_AT, iso(now - REJECTIONS_COUNT_FOR))
    # Of several processes, only the first meets `is_day_over`, and forgets the old rejections.
    begins = counts & is_day_over
    tables.try_update(Change(key, assign={_FIRST_REJECTED_AT: iso(now)}, remove=[_REJECTIONS], when=begins))
    # While letters are paused, note nothing, so that the set stays small.
    if tables.try_update(Change(key, add={_REJECTIONS: {rejection}}, when=counts)):
        is_blocked = Attr(_REJECTIONS).size().gte(MAX_REJECTIONS)
        pause(slug, target, "rejected", now, tables, member, when=is_blocked)


def resume(slug: str, target: str, now: datetime, tables: Tables, member: str = "") -> None:
    """Bounces of earlier letters no longer count."""
    key, is_paused = letter_keys.target(slug, target, member), Attr("paused_at").exists()
    tables.try_update(Change(key, assign={"resumed_at": iso(now)}, remove=_PAUSE_ATTRIBUTES, when=is_paused))


def record_digests(slug: str, target: str, tables: Tables) -> None:
    tables.update(Change(letter_keys.target(slug, target), assign={"has_digests": True}))


def store_test_address(test: LetterIds, to: str, tables: Tables) -> None:
    """In the target's item: the email's own item contains no address."""
    test_id = test.signature_id  # A test has no signature. Its LetterIds have its own id instead.
    address = {f"{TEST_PREFIX}{test_id}": to}
    tables.update(Change(letter_keys.target(test.slug, test.target), assign=address))


def delete_test_address(test: LetterIds, tables: Tables) -> None:
    tables.update(Change(letter_keys.target(test.slug, test.target), remove=[f"{TEST_PREFIX}{test.signature_id}"]))


def _state(item: Item) -> TargetState:
    at = item.get("paused_at")
    paused_at = datetime.fromisoformat(at) if at else None
    tests = {name.removeprefix(TEST_PREFIX): item[name] for name in item if name.startswith(TEST_PREFIX)}
    return TargetState(
        paused_at=paused_at,
        paused_why=item.get("paused_why", ""),
        single_letters=item.get("singles", 0),
        has_digests="has_digests" in item,
        tests=tests,
    )
