"""Decide what `manage.py restore` writes into the tables without signatures: only items that are missing.

An existing item may have changed since. The functions `decide_…` have the parameters of a Rule.
"""

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.times import iso
from chalicelib.mail.state import REQUEST_ATTRIBUTES
from commands.decision import RestoreDecision, RestoreOutcome, SinceCopy, new_item

# The other partitions of COUNTS are temporary, or have secrets, and a revoked secret must not return.
RESTORED_COUNTS = (
    "PETITIONS", "SLUGS", "TEXT#", "LETTER#", "TALLY#", "PENDING#", "CONSTITUENCIES#", "FUNNEL#", "FUNNEL-DAYS#",
    "STATEMENT#", "UPDATES#", "LETTERS#", "TARGET#", "DIGEST#", "PARTNERS", "WORDING#", "RECEIPT#",
)  # fmt: skip


def is_left_out(table: str, copied: Item) -> bool:
    """Return whether the item is temporary or a secret, so that its live item is not read. Engineers may not read
    tokens.
    """
    return table == keys.COUNTS and not copied["pk"].startswith(RESTORED_COUNTS)


def decide_count(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    """A counter that exists but is wrong is not restored: a recount repairs it."""
    if is_left_out(keys.COUNTS, copied):
        return RestoreDecision(RestoreOutcome.TEMPORARY)
    return _restore_missing(keys.COUNTS, copied, live)


def decide_audit_entry(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    return _restore_missing(keys.AUDIT, copied, live)


def decide_delivery(copied: Item, live: Item | None, since_copy: SinceCopy) -> RestoreDecision:
    """An email that waits in the copy may have been sent since: mark it as unknown, so that it is never sent."""
    without_request = {name: value for name, value in copied.items() if name not in REQUEST_ATTRIBUTES}
    is_waiting = without_request != copied  # Only an email that waits has REQUEST_ATTRIBUTES.
    mark = {"mail_unknown_at": iso(since_copy.now)} if is_waiting else {}
    return _restore_missing(keys.DELIVERIES, without_request | mark, live)


def _restore_missing(table: str, copied: Item, live: Item | None) -> RestoreDecision:
    if live is None:
        return RestoreDecision(RestoreOutcome.PUT_BACK, new_item(table, copied, {}))
    outcome = RestoreOutcome.SAME if live == copied else RestoreOutcome.NEWER
    return RestoreDecision(outcome)
