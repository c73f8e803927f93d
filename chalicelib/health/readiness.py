"""The last result of `make ready`, in words for staff. This command checks if the AWS account is ready for a crowd.

The command stores its result for the staff page, because the page's function has no right to read the account's limits.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.times import iso

# We do not show an older result, because the limits may have changed since.
SHOWN_FOR = timedelta(days=7)


class Readiness(NamedTuple):
    """The result. `text` is one or two sentences for staff."""

    is_ready: bool
    text: str
    checked_at: datetime


def store_readiness(readiness: Readiness, tables: Tables) -> None:
    stored = {"is_ready": readiness.is_ready, "text": readiness.text, "checked_at": iso(readiness.checked_at)}
    tables.put(keys.readiness(), stored)


def latest_readiness(now: datetime, tables: Tables) -> Readiness | None:
    """Return the last stored result. Return None if no result is stored, or if it is older than SHOWN_FOR."""
    item = tables.get(keys.readiness())
    if item is None or item["checked_at"] < iso(now - SHOWN_FOR):
        return None
    checked_at = datetime.fromisoformat(item["checked_at"])
    return Readiness(item["is_ready"], item["text"], checked_at)
