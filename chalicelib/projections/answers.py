"""What the API returns to staff about the counts of petitions."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import BreakdownKey, Confirmed, NetConfirmed, Number, Pending, Time
from chalicelib.petitions.answers import Slug
from chalicelib.petitions.model import Goal, PetitionState


class StaffPetition(TypedDict):
    slug: Slug
    title: str
    state: PetitionState
    scheduled_opening: Time | None
    """When a draft opens by itself. Null if nothing is scheduled."""
    confirmed: Confirmed
    """Confirmed signatures, exact."""
    pending: Pending
    """Signatures not yet confirmed. May lag by seconds."""
    elsewhere: Number
    """The largest number that one place elsewhere reports, or 0. At least so many people signed."""
    goals: list[Goal]
    """In rising order. The public sees the first one that is not reached yet, here or elsewhere, or the last one."""
    milestones: Annotated[list[Number], Field(examples=[[1000, 10000, 20000, 100000, 1000000]])]
    """The numbers that are worth naming when `confirmed` passes them: powers of ten, and the goals."""
    last_days: Annotated[list[NetConfirmed], Field(min_length=14, max_length=14)]
    """Confirmed minus withdrawn on each of the last 14 days (UTC). Today's is the last."""


class StaffPetitions(TypedDict):
    petitions: list[StaffPetition]
    """Open petitions first, then paused ones, drafts, closed and removed ones. In each state, the newest first."""


class BreakdownRow(TypedDict):
    key: BreakdownKey
    """A day (`2026-11-24`), an hour (`2026-11-24T18:00:00Z`), a country code, a source, a version of the text, a
    postcode area or a constituency. `not yet assigned` is for signatures that are not in this breakdown yet. Its number
    may be negative.
    """
    confirmed: NetConfirmed
    """Confirmed minus withdrawn. Negative for a day or hour in which more were withdrawn."""


class CountTotals(TypedDict):
    slug: Slug
    confirmed: NetConfirmed
    """Confirmed signatures, exact at `as_of`. With `from` or `to`, only those of these days. Negative if more were
    withdrawn than confirmed.
    """
    pending: Pending
    """Signatures not yet confirmed, whatever `from` and `to` are. May lag by seconds."""
    as_of: Time
    """The moment (UTC) of the count."""


class StaffCounts(CountTotals):
    withdrawn: NotRequired[Number]
    """Only with `by=all`: how many had confirmed and left since. They are subtracted from `confirmed` already."""
    breakdown: NotRequired[list[BreakdownRow]]
    """Only with `by`. The rows sum to `confirmed`."""
    breakdowns: NotRequired[dict[str, list[BreakdownRow]]]
    """Only with `by=all`: the breakdowns by name. Each sums to `confirmed`."""


class Hex(TypedDict):
    key: Annotated[str, Field(examples=["E14001063"])]
    name: Annotated[str, Field(examples=["Aldershot"])]
    q: int
    """The column."""
    r: int
    """The row, counted from below."""


class ConstituencyLayout(TypedDict):
    """The places of the hexagons, from the charity's HexJSON file. Key or name is that of the count by constituency."""

    layout: Literal["odd-r", "even-r", "odd-q", "even-q"]
    """Which rows (r) or columns (q) are half a hexagon further."""
    hexes: list[Hex]
    """Empty if this site has no layout."""


class FunnelTotals(TypedDict):
    """How many signatures reached each stage."""

    received: Number
    """Signatures received. A person who signs again after withdrawing or expiring is counted again."""
    mailed: Number
    """Received signatures whose first email was sent."""
    confirmed: Number
    """Signatures confirmed."""
    bounced: Number
    """Signatures whose email bounced or was refused by SES."""
    expired: Number
    """Signatures not confirmed in time."""
    withdrawn: Number
    """Signatures withdrawn, confirmed or not."""


class FunnelRow(FunnelTotals):
    """How many signatures reached each stage in a day or hour."""

    key: BreakdownKey
    """A day (`2026-11-24`) or an hour (`2026-11-24T18:00:00Z`), UTC."""


class FunnelRate(TypedDict):
    """Confirmations by hour. Withdrawals are not subtracted."""

    this_hour: Number
    """Since the hour of `as_of` began, whatever `from` and `to` are."""
    hour_before: Number
    """In the hour before that."""
    peak: Number
    """In the busiest hour of the requested days."""
    peak_at: Time | None
    """When this hour began. Null if nobody confirmed."""


class Funnel(TypedDict):
    slug: Slug
    as_of: Time
    """When this was read (UTC). It lags by seconds."""
    totals: FunnelTotals
    """The sums of the rows."""
    rate: FunnelRate
    rows: list[FunnelRow]
