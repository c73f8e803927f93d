"""Signatures that staff withdrew or erased since the copy's moment, from the audit trail, read again for each page.

Withdrawals by the link in an email are only in the log of `Links`; the engineer passes them as files (docs/runbook.md).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.core import times
from chalicelib.staff.audit.model import Action
from chalicelib.staff.audit.record import entries
from commands import common
from commands.damage import SinceCopy

# An entry is written before the action, and the copy may be from between the two. So each read begins earlier by this.
BEFORE_THE_ACT = timedelta(hours=1)
ERASED, WITHDRAWN = "signature.erased", "signature.withdrawn"


class Trail:
    def __init__(self, moment: datetime, left_out: frozenset[str], unsubscribed: frozenset[str]) -> None:
        self._since = moment - BEFORE_THE_ACT
        self._left_out, self._unsubscribed = left_out, unsubscribed
        self._acts: dict[str, dict[str, datetime]] = {ERASED: {}, WITHDRAWN: {}}

    def read(self) -> SinceCopy:
        """Read the new entries of the trail, and return what happened since the copy's moment. Idempotent."""
        now = times.now()
        for entry in entries(self._since, now, common.tables()):
            for act, subject in _acts_in(entry.action):
                acts = self._acts[act]
                acts[subject] = max(entry.at, acts.get(subject, entry.at))
        self._since = max(self._since, now - BEFORE_THE_ACT)
        return SinceCopy(now, self._acts[ERASED], self._acts[WITHDRAWN], self._left_out, self._unsubscribed)


def _acts_in(action: Action) -> Iterator[tuple[str, str]]:
    """Yield ERASED or WITHDRAWN, and the signature's id, for each signature that the action erased or withdrew."""
    if action.name == "person.erased":
        yield from ((ERASED, identity) for identity in action.details.values())
    elif action.name in (ERASED, WITHDRAWN):
        yield action.name, action.subject
