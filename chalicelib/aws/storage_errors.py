"""Translate the errors that only DynamoDB has. failures.py translates the errors that all services have."""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.expressions import Item, from_wire
from chalicelib.aws.failures import THROTTLES, code_of
from chalicelib.core.errors import ConditionFailed, Conflicted, PetitionsError, Throttled, Unavailable

CONFLICTS = frozenset({"ReplicatedWriteConflictException", "TransactionConflictException"})


def storage_error(error: ClientError) -> PetitionsError | None:
    """Return the domain error for an error of DynamoDB, or None. ConditionFailed has the item that AWS returned."""
    code = code_of(error)
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(_old_item(error.response))
    if code == "TransactionCanceledException":
        return _cancelled(error)
    if code == "ResourceNotFoundException":
        # During a restore, a table does not exist for a while. After Unavailable, signatures go to the overflow queue.
        return Unavailable("storage")
    if code == "TransactionInProgressException":
        # An earlier attempt with the same ClientRequestToken is still running. It may succeed or fail.
        return Unavailable("storage")
    return Conflicted("storage") if code in CONFLICTS else None


def _cancelled(error: ClientError) -> PetitionsError | None:
    """Return the domain error for a cancelled transaction, or None for a bug of ours, which a retry cannot repair.

    AWS may give several reasons. A failed condition decides first, then a conflict, which can be retried at once.
    """
    reasons: list[Any] = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        index = codes.index("ConditionalCheckFailed")
        return ConditionFailed(_old_item(reasons[index]), index)
    if "TransactionConflict" in codes:
        return Conflicted("storage")
    return Throttled("storage") if THROTTLES.intersection(codes) else None


def _old_item(response_or_reason: Any) -> Item | None:
    item = response_or_reason.get("Item")
    return from_wire(item) if item else None
