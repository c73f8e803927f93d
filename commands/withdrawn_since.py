"""For `manage.py restore`: which signatures were withdrawn or erased since the moment of the copy.

The activity log has what staff did. Withdrawals by the link in an email are only in the log of the function `Links`:
the engineer puts their ids into a file (docs/runbook.md).
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from chalicelib.core import times
from chalicelib.staff.audit.record import Action, entries
from commands import common
from commands.decision import SinceCopy

# An entry is written before its action is done. So begin earlier than the copy's moment, and each later read earlier
# than the end of the read before: an entry may be stored after its time.
OVERLAP = timedelta(hours=1)
ERASED, WITHDRAWN = "signature.erased", "signature.withdrawn"

_SIGNATURE_ID = re.compile(r"\b[0-9a-f]{32}\b")


def ids_in_file(path: Path | None) -> frozenset[str]:
    """Return the ids in the file, such as CSV or JSON of CloudWatch, and print how many. Raise InputError."""
    if path is None:
        return frozenset()
    ids = frozenset(_SIGNATURE_ID.findall(common.read_text(path)))
    print(f"signature ids in {path}: {len(ids):,}")
    return ids


class WithdrawnSince:
    """`withdrawn_by_link`, `unsubscribed`: ids from the engineer's files."""

    def __init__(self, moment: datetime, withdrawn_by_link: frozenset[str], unsubscribed: frozenset[str]) -> None:
        self._since = moment - OVERLAP
        self._withdrawn_by_link, self._unsubscribed = withdrawn_by_link, unsubscribed
        self._times: dict[str, dict[str, datetime]] = {ERASED: {}, WITHDRAWN: {}}

    def read(self) -> SinceCopy:
        """Return what happened since the copy's moment. Idempotent: the log is read again from OVERLAP before."""
        now = times.now()
        for entry in entries(self._since, now, common.tables()):
            for action, signature_id in _actions_on_signatures(entry.action):
                times_by_id = self._times[action]
                known = times_by_id.get(signature_id, entry.at)
                times_by_id[signature_id] = max(entry.at, known)  # The latest time counts.
        self._since = max(self._since, now - OVERLAP)
        return SinceCopy(
            now,
            erased=self._times[ERASED],
            withdrawn=self._times[WITHDRAWN],
            withdrawn_by_link=self._withdrawn_by_link,
            unsubscribed=self._unsubscribed,
        )


def _actions_on_signatures(action: Action) -> Iterator[tuple[str, str]]:
    """Yield ERASED or WITHDRAWN, and the id, for each signature that the action erased or withdrew."""
    if action.name == "person.erased":
        # The details map slugs to ids.
        yield from ((ERASED, signature_id) for signature_id in action.details.values())
    elif action.name in (ERASED, WITHDRAWN):
        yield action.name, action.subject
