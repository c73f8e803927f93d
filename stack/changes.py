"""A change set as text: what would be added, altered, replaced or removed."""

from collections.abc import Iterable
from typing import Any

_WORDS = {"Add": "add", "Modify": "change", "Remove": "REMOVE", "Import": "import", "Dynamic": "?"}


def table(changes: Iterable[dict[str, Any]]) -> str:
    """One aligned line for each resource, what is lost first."""
    rows = sorted((_row(change["ResourceChange"]) for change in changes), key=_urgency)
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows)
    return "\n".join(f"  {line.rstrip()}" for line in lines)


def headline(changes: Iterable[dict[str, Any]]) -> str:
    """How many resources would be added, changed, replaced and removed."""
    words = [_row(change["ResourceChange"])[0] for change in changes]
    counts = ((words.count(word), word) for word in dict.fromkeys(words))
    return ", ".join(f"{count} to {word}" for count, word in counts) or "no changes"


# What holds data. A replaced one stays (UpdateReplacePolicy), but the site then works on an empty one.
_HOLDERS = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::SQS::Queue")


def losses(changes: Iterable[dict[str, Any]]) -> list[str]:
    """Tables, secrets, buckets and queues that would be removed or replaced, perhaps or for certain."""
    concerned = [change["ResourceChange"] for change in changes]
    return sorted(change["LogicalResourceId"] for change in concerned if _loses(change))


def _loses(change: dict[str, Any]) -> bool:
    if change["ResourceType"] == "AWS::SecretsManager::Secret" and change["Action"] == "Modify":
        return True  # Its value may be generated anew, and with it every signature would get another id.
    goes = change["Action"] == "Remove" or change.get("Replacement") in ("True", "Conditional")
    return goes and change["ResourceType"] in _HOLDERS


def _row(change: dict[str, Any]) -> tuple[str, str, str]:
    word = _WORDS.get(change["Action"], change["Action"])
    if change.get("Replacement") == "True":
        word = "REPLACE"
    elif change.get("Replacement") == "Conditional":
        word = "change, perhaps REPLACE"
    return word, change["LogicalResourceId"], change["ResourceType"]


def _urgency(row: tuple[str, str, str]) -> tuple[bool, str, str]:
    return ("RE" not in row[0], row[0], row[1])
