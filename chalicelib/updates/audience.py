"""Before an update goes out: how many people get it, in which languages, and how long sending takes."""

from collections import Counter
from datetime import datetime, timedelta

from chalicelib.aws.email import DailyQuota, MailQuota
from chalicelib.aws.table import Tables
from chalicelib.core.errors import Unavailable
from chalicelib.mail.model import Priority
from chalicelib.mail.rate_limit import SHARES
from chalicelib.mail.sending import OTHER_EMAIL_STOPS_AT
from chalicelib.petitions.model import Petition
from chalicelib.projections.breakdowns import projected_sums
from chalicelib.projections.dimensions import READER_PREFIX

DAY = timedelta(days=1)


def readers(petition: Petition, now: datetime, tables: Tables) -> Counter[str]:
    """Return how many people get the petition's updates, by the language they signed in. May lag by seconds."""
    found: Counter[str] = Counter()
    if not petition.is_kept_at(now):
        return found
    for name, number in projected_sums(petition.slug, tables).items():
        if name.startswith(READER_PREFIX) and number > 0:
            found[name.removeprefix(READER_PREFIX) or petition.language] += number
    return found


def sending_time(emails: int, mail_per_second: float, quota: MailQuota) -> timedelta:
    """Return how long this many emails take that nobody waits for, if no more urgent email comes in between."""
    by_rate = timedelta(seconds=emails / (mail_per_second * SHARES[Priority.OTHER]))
    try:
        return max(by_rate, _time_by_quota(emails, quota.daily()))
    except Unavailable:
        return by_rate


def _time_by_quota(emails: int, quota: DailyQuota) -> timedelta:
    """What exceeds today's part of the quota goes out day by day."""
    a_day = quota.most * OTHER_EMAIL_STOPS_AT
    later = emails - max(0.0, a_day - quota.sent)
    return DAY * later / a_day if a_day > 0 and later > 0 else timedelta()
