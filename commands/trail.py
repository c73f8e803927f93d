"""Whom staff withdrew or erased since the copy's moment, by the audit trail. A restore reads it again for each page.

What owners did by their link is only in the log of `Links`; the engineer passes it as files (docs/runbook.md).
"""

from datetime import datetime, timedelta

from chalicelib.core import times
from chalicelib.staff.audit.record import entries
from commands import common
from commands.damage import Known

# An entry is written before the act, and the copy may be from between the two. The second read overlaps the first too.
BEFORE_THE_ACT = timedelta(hours=1)


class Trail:
    def __init__(self, moment: datetime, left_out: frozenset[str], unsubscribed: frozenset[str]) -> None:
        self._since = moment - BEFORE_THE_ACT
        self._files = (left_out, unsubscribed)
        self._acts: dict[str, dict[str, datetime]] = {"signature.erased": {}, "signature.withdrawn": {}}

    def known(self) -> Known:
        """Read what is new in the trail. Idempotent."""
        now = times.now()
        for entry in entries(self._since, now, common.tables()):
            acts, subject = self._acts.get(entry.action.name), entry.action.subject
            if acts is not None:
                acts[subject] = max(entry.at, acts.get(subject, entry.at))
        self._since = max(self._since, now - BEFORE_THE_ACT)
        return Known(now, self._acts["signature.erased"], self._acts["signature.withdrawn"], *self._files)
