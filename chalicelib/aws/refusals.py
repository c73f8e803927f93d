"""DynamoDB's own ways of saying no, in our words; what every service may say stands in `failures`."""

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.expressions import Item, from_wire
from chalicelib.aws.failures import THROTTLES
from chalicelib.core.errors import ConditionFailed, Conflicted, PetitionsError, Throttled, Unavailable

CONFLICTS = frozenset({"ReplicatedWriteConflictException", "TransactionConflictException"})


def storage_refusal(error: ClientError) -> PetitionsError | None:
    """Above all "the condition did not hold", with the item that was in the way."""
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(_old_item(error.response))
    if code == "TransactionCanceledException":
        return _cancelled(error)
    if code == "ResourceNotFoundException":
        # A table that is being restored has no name for a while; what was signed must not get lost for that.
        return Unavailable("storage")
    if code == "TransactionInProgressException":
        # An earlier attempt with the same token is still being carried out: perhaps written, perhaps not.
        return Unavailable("storage")
    return Conflicted("storage") if code in CONFLICTS else None


def _cancelled(error: ClientError) -> PetitionsError | None:
    """A failed condition decides; else a conflict, which is worth another try at once; else a throttle.

    None for a mistake of ours, which no time heals.
    """
    reasons: list[Any] = error.response.get("CancellationReasons", [])
    codes = [reason.get("Code") for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        index = codes.index("ConditionalCheckFailed")
        return ConditionFailed(_old_item(reasons[index]), index)
    if "TransactionConflict" in codes:
        return Conflicted("storage")
    return Throttled("storage") if THROTTLES.intersection(codes) else None


def _old_item(holder: Any) -> Item | None:
    return from_wire(holder["Item"]) if holder.get("Item") else None
