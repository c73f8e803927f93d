"""Describe a CloudFormation change set as text: which resources would be added, changed, replaced or removed."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

# By AWS's name of the action. Dynamic: AWS decides only during the deployment.
_WORDS = {"Add": "add", "Modify": "change", "Remove": "REMOVE", "Import": "import", "Dynamic": "?"}


def changes_as_table(changes: Iterable[dict[str, Any]]) -> str:
    """Return one line for each resource, in aligned columns. Removals and replacements come first."""
    rows = [_row(change["ResourceChange"]) for change in changes]
    rows.sort(key=_sort_key)
    word_width = max((len(word) for word, _, _ in rows), default=0)
    name_width = max((len(name) for _, name, _ in rows), default=0)
    lines = [f"  {word.ljust(word_width)}  {name.ljust(name_width)}  {kind}" for word, name, kind in rows]
    return "\n".join(lines)


def headline(changes: Iterable[dict[str, Any]]) -> str:
    """Return how many resources would be added, changed, replaced and removed."""
    words = [_row(change["ResourceChange"])[0] for change in changes]
    texts = [f"{count} to {word}" for word, count in Counter(words).items()]
    return ", ".join(texts) or "no changes"


# Types of resources that hold data. AWS keeps a replaced resource (UpdateReplacePolicy), but the site then uses a new,
# empty resource.
_TYPES_WITH_DATA = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::SQS::Queue")


def losses(changes: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of the resources whose data the site would lose, or might lose, by these changes."""
    resources = [change["ResourceChange"] for change in changes]
    lost = [resource["LogicalResourceId"] for resource in resources if _loses_data(resource)]
    return sorted(lost)


def _loses_data(change: dict[str, Any]) -> bool:
    if change["ResourceType"] == "AWS::SecretsManager::Secret" and change["Action"] == "Modify":
        return True  # AWS may generate the secret's value again. Then every signature's id would change.
    has_data = change["ResourceType"] in _TYPES_WITH_DATA
    is_removed = change["Action"] == "Remove"
    is_replaced = change.get("Replacement") in ("True", "Conditional")
    return has_data and (is_removed or is_replaced)


def _row(change: dict[str, Any]) -> tuple[str, str, str]:
    """Return what happens to the resource, its name and its type."""
    word = _WORDS.get(change["Action"], change["Action"])
    if change.get("Replacement") == "True":
        word = "REPLACE"
    elif change.get("Replacement") == "Conditional":
        word = "change or REPLACE"
    return word, change["LogicalResourceId"], change["ResourceType"]


def _sort_key(row: tuple[str, str, str]) -> tuple[bool, str, str]:
    """Return the row's sort key. Removals and replacements come first, because False comes before True."""
    word, name, _ = row
    is_kept = "REMOVE" not in word and "REPLACE" not in word
    return is_kept, word, name
