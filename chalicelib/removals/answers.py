"""What the API returns about held and removed signatures."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.jobs.model import JobState
from chalicelib.petitions.answers import Slug


class CountedKey(TypedDict):
    key: str
    count: Number


class HeldBy(TypedDict):
    reason: list[CountedKey]
    """disposable, network, domain, no-proof."""


class HeldSignatures(TypedDict):
    held: Number
    """Signatures that look wrong. They do not count until staff release them. May lag by seconds."""
    by: HeldBy


class StartedRemoval(TypedDict):
    id: str


class ShownRemoval(TypedDict):
    id: str
    slug: Slug
    action: str
    """try, remove, undo or release."""
    state: str
    """trying, tried, removing, removed, undoing, undone, releasing, released, cancelled or failed."""
    job_state: JobState
    requested_by: str
    requested_at: Time
    condition: dict[str, object]
    reason: str
    matched: Number
    """How many signatures fit, of those that were read until now."""
    counted: Number
    """How many of them counted."""
    removed: Number
    """How many this removal keeps out of the count now."""
    put_back: Number
    """How many of the removed ones count again after an undo."""
    confirmed_before: Number | None
    """The exact count before the walk. Null: it has not begun."""
    confirmed_after: Number | None
    """The exact count at its end; after a dry run, what it would be."""
    effect: dict[str, list[CountedKey]]
    """What the signatures that fit have in common: the most frequent values by dimension. Of `domain`, `first-name` and
    `network` only what at least five share."""
    usual: dict[str, Number]
    """By dimension: how many signatures of the petition a network, a domain, a minute … has usually (the median). Only
    after a try.
    """
    why: str | None
    """Why it failed."""


class AllRemovals(TypedDict):
    """Newest first."""

    removals: list[ShownRemoval]
