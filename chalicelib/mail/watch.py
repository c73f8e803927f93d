"""The watch enables or disables the event sources of the senders, once a minute.

If SES's quota is used up, a sender only stores a pause (sending.py). The next run of the watch reads the pause and
disables the event sources. Without a pause, the watch enables the source of urgent email. It enables the source of
other email only while little urgent email waits, and while less than OTHER_EMAIL_STOPS_AT of SES's quota is used. Each
run compares the actual state with the needed state, so after a crash the next run does what is needed.
"""

from datetime import datetime

from chalicelib.aws.mail_quota import MailQuota
from chalicelib.aws.queue import Queue
from chalicelib.aws.source import Source
from chalicelib.aws.table import Tables
from chalicelib.core import log
from chalicelib.core.errors import Unavailable
from chalicelib.mail.sending import is_paused, keep_other_off, turn_other_on

# While more urgent emails than this wait, no other email is sent.
MAX_URGENT_WAITING = 20
# When this share of SES's quota for 24 hours is used, no other email is sent. The rest is for urgent email. Otherwise
# an update to many people could use up the quota, and for many hours nobody who signs could confirm.
OTHER_EMAIL_STOPS_AT = 0.8


def watch(
    urgent: Source, other: Source, urgent_queue: Queue, quota: MailQuota, now: datetime, tables: Tables
) -> tuple[bool, bool]:
    """Switch both event sources. While other email is kept off, urgent email gets the whole rate (sending.py).

    Return whether urgent email may be sent, and whether other email may. Raise Unavailable; the next run tries again.
    """
    sends_urgent = not is_paused(now, tables)
    urgent.switch(is_on=sends_urgent)
    if not sends_urgent:
        # Do not grant the whole rate. Otherwise, after the pause, other email would wait until the grant ends.
        other.switch(is_on=False)
        return False, False
    is_reserved = _is_rest_reserved(quota)
    # Delayed messages do not count. They wait because many people sign from one network, and cannot be sent earlier.
    much_urgent_waits = urgent_queue.depth_without_delayed() > MAX_URGENT_WAITING
    if is_reserved or much_urgent_waits:
        keep_other_off(other, now, tables, because_of_quota=is_reserved)
        return True, False
    return True, turn_other_on(other, now, tables)


def _is_rest_reserved(quota: MailQuota) -> bool:
    """Return whether the rest of SES's quota is only for urgent email.

    If the quota cannot be read, return False: a failed read must not stop other email.
    """
    try:
        used = quota.used_share()
    except Unavailable:
        log.event("mail_quota_unreadable")
        return False
    is_reserved = used >= OTHER_EMAIL_STOPS_AT
    if is_reserved:
        log.event("mail_quota_reserved", used_percent=round(100 * used))
    return is_reserved
