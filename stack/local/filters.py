"""Match records with the filter patterns of event sources, by the rules of EventBridge that the template uses."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def kept_by(settings: Mapping[str, Any], records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    patterns = [json.loads(each["Pattern"]) for each in settings.get("FilterCriteria", {}).get("Filters", [])]
    return [record for record in records if not patterns or any(_matches(pattern, record) for pattern in patterns)]


def _matches(pattern: Any, value: Any) -> bool:
    """A pattern is a dict of patterns, or a list of which one rule must match."""
    if isinstance(pattern, dict):
        inner = value if isinstance(value, dict) else {}
        return all(_matches(each, inner.get(name)) for name, each in pattern.items())
    return any(_follows(rule, value) for rule in pattern)


def _follows(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return bool(value == rule)
    [(kind, argument)] = rule.items()
    if kind == "exists":
        return bool((value is not None) == argument)
    if kind == "anything-but":
        return value is not None and value not in argument
    raise ValueError(f"the local run does not know the filter rule {kind}")
