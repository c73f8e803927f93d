"""What the API returns about the funnel: how many signatures passed each stage, such as confirmed."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import BreakdownKey, Number, Time
from chalicelib.petitions.answers import Slug

PerMinute = Annotated[float, Field(ge=0)]


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
    """Confirmations per minute."""

    per_minute_now: PerMinute
    """The mean of the last `over_minutes`, whatever `from` and `to` are."""
    over_minutes: Annotated[int, Field(ge=10, le=20)]
    peak_per_minute: PerMinute
    """The mean of the busiest ten minutes in the requested days."""
    peak_at: Time | None
    """When those ten minutes began. Null if nobody confirmed."""


class TenMinutes(TypedDict):
    key: Time
    """When the ten minutes began."""
    confirmed: Number
    """Signatures confirmed in them. Withdrawals are not subtracted."""


class Funnel(TypedDict):
    slug: Slug
    as_of: Time
    """When this was read (UTC). It lags by seconds."""
    totals: FunnelTotals
    """The sums of the rows."""
    rate: FunnelRate
    rows: list[FunnelRow]
    last_day: list[TenMinutes]
    """Confirmations of the last 24 hours by ten minutes, whatever `from` and `to` are. Ten minutes without any are left
    out.
    """
