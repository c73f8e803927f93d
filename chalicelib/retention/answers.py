"""What the API returns about a petition's retention."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time
from chalicelib.jobs.model import JobState
from chalicelib.petitions.answers import Slug
from chalicelib.petitions.model import RetentionMonths


class Findings(TypedDict):
    """How much of the petition's personal data the run found, before it removed anything."""

    signatures: Number
    """Those that were not emptied before, in any state."""
    names: Number
    addresses: Number
    postcodes: Number
    letters: Number
    receipts: Number
    """Receipts of partners that say which signature they are about."""
    list_entries: Number
    """People on the lists of those who asked for updates."""
    files: Number
    """Files of exports, lists and imports."""


class ShownRetention(TypedDict):
    id: str
    slug: Slug
    dry_run: bool
    """It only counts."""
    requested_by: str
    requested_at: Time
    state: JobState
    why: str | None
    """Why it failed."""
    done: Number
    """How many of `of` steps are done."""
    of: Number
    found: Findings
    emptied: Number
    """How many signatures have lost their personal data."""
    ended_at: Time | None


class RetentionReport(TypedDict):
    slug: Slug
    months: RetentionMonths | None
    """How many months after its closing or hand-in, whichever is later, the personal data must be gone. Null: not set.
    """
    due_at: Time | None
    """When this is. Null: no months are set, or the petition has no end yet."""
    is_kept: bool
    """Whether personal data can still be used. Once it is due, the site treats it as removed."""
    emptied_at: Time | None
    """When staff had it removed."""
    runs: list[ShownRetention]
    """All runs, dry ones too. Newest first."""
