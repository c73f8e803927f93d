"""Let confirmations use SES's whole rate while other email is off. Otherwise a fifth of the rate would be unused.

Confirmations are the urgent emails, for which a person waits. The watch (watch.py) grants them the whole rate for a few
minutes at a time, and turns other email on only when the grant is over. So even if the watch crashes or a sender reads
an old grant, confirmations and other email together never exceed the rate.
"""

from datetime import datetime, timedelta

from chalicelib.aws.source import Source
from chalicelib.aws.table import Change, Tables
from chalicelib.core import mail_keys
from chalicelib.core.errors import Unavailable
from chalicelib.core.times import iso
from chalicelib.mail.model import Priority
from chalicelib.mail.rate_limit import SHARES
from chalicelib.mail.send import CLAIM

# A claim lasts longer than any sender runs.
LONGEST_RUN = CLAIM
# A sender uses the whole rate only if the grant lasts for LONGEST_RUN more. The watch renews the grant every minute.
# The two minutes allow for one failed run of the watch.
GRANTED_FOR = LONGEST_RUN + timedelta(minutes=2)


def share_of_confirmations(now: datetime, tables: Tables) -> float:
    """Return the share of the rate that an invocation for confirmations may use from now until the invocation ends."""
    try:
        granted = tables.get(mail_keys.mail_whole_rate()) or {}
    except Unavailable:
        granted = {}  # The usual share is always safe.
    # Without a grant, these texts make both comparisons false: "~" sorts after every time, and "" before.
    since, until = granted.get("since", "~"), granted.get("until", "")
    has_begun = since <= iso(now)
    lasts_long_enough = iso(now + LONGEST_RUN) <= until
    return 1.0 if has_begun and lasts_long_enough else SHARES[Priority.URGENT]


def keep_other_off(other: Source, now: datetime, tables: Tables, *, because_of_quota: bool) -> None:
    """Turn other email off. Once it is off, grant confirmations the whole rate.

    The grant begins when the last sender of other email has ended. `because_of_quota`: the rest of SES's quota is
    reserved for confirmations. The grant stores this for the health check (`is_quota_reserved`).
    """
    other.switch(is_on=False)
    if not other.is_off():  # AWS is still switching it off. The next run of the watch continues.
        return
    granted = tables.get(mail_keys.mail_whole_rate(), consistent=True) or {}
    is_still_granted = granted.get("until", "") >= iso(now)
    since = granted["since"] if is_still_granted else iso(now + LONGEST_RUN)
    renewed = {"since": since, "until": iso(now + GRANTED_FOR), "because_of_quota": because_of_quota}
    tables.update(Change(mail_keys.mail_whole_rate(), assign=renewed))


def is_quota_reserved(now: datetime, tables: Tables) -> bool:
    """Return whether other email is off because the rest of SES's quota is reserved for confirmations."""
    granted = tables.get(mail_keys.mail_whole_rate()) or {}
    return bool(granted.get("because_of_quota")) and granted["until"] >= iso(now)


def turn_other_on(other: Source, now: datetime, tables: Tables) -> bool:
    """Turn other email on, unless confirmations may still use the whole rate. Return False if they may."""
    granted = tables.get(mail_keys.mail_whole_rate(), consistent=True) or {}
    is_on = bool(granted.get("until", "") < iso(now))
    if is_on:
        other.switch(is_on=True)
    return is_on
