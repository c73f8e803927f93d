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


def _row(change: dict[str, Any]) -> tuple[str, str, str]:
    word = _WORDS.get(change["Action"], change["Action"])
    if change.get("Replacement") == "True":
        word = "REPLACE"
    elif change.get("Replacement") == "Conditional":
        word = "change, perhaps REPLACE"
    return word, change["LogicalResourceId"], change["ResourceType"]


def _urgency(row: tuple[str, str, str]) -> tuple[bool, str, str]:
    return ("RE" not in row[0], row[0], row[1])
