"""What the API returns about the funnel: how many signatures passed each stage, such as confirmed."""

from typing_extensions import TypedDict

from chalicelib.core.answers import BreakdownKey, Number, Time
from chalicelib.petitions.answers import Slug


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
