"""When an update pauses by itself: when too many of its emails bounce, or are reported as spam.

AWS looks into an account at 5 % bounces or 0.1 % complaints, and stops all its email, also confirmations, at 10 % or
0.5 %. So an update pauses earlier. If staff continue it, only what SES takes afterwards is judged: it pauses once more
where AWS looks, and then not again.
"""

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.updates.model import Results


class Limits(NamedTuple):
    """Of 10,000 emails that SES has taken."""

    bounced: int
    complained: int


# The next ones after each decision to continue.
LIMITS = (Limits(200, 5), Limits(500, 10))
# Emails taken by SES. With fewer, a handful of old addresses would pause an update: 2 % are ten emails.
MIN_FOR_BOUNCES = 500
# With fewer, a single report of spam is above 0.05 %.
MIN_FOR_COMPLAINTS = 2000


def why_to_pause(results: Results, decisions: Sequence[Results]) -> str | None:
    """Return a sentence for staff; None if the update may go on. `decisions`: the results when staff continued it."""
    if len(decisions) >= len(LIMITS):
        return None
    limits, before = LIMITS[len(decisions)], decisions[-1] if decisions else Results()
    taken, bounced = results.taken - before.taken, results.bounced - before.bounced
    complained = results.complained - before.complained
    if taken >= MIN_FOR_BOUNCES and bounced * 10_000 >= limits.bounced * taken:
        return f"{bounced:,} of {taken:,} emails bounced. An update pauses at {limits.bounced / 100:g} %."
    if taken >= MIN_FOR_COMPLAINTS and complained * 10_000 >= limits.complained * taken:
        return (
            f"{complained:,} of {taken:,} emails were reported as spam. "
            f"An update pauses at {limits.complained / 100:g} %."
        )
    return None
