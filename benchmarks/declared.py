"""Read from the template what cost and model need."""

from typing import Any, cast

from stack.template.merge import merge_template


def mail_events() -> list[str]:
    """Return the SES events that the template subscribes to."""
    events = _resource("MailEvents")["EventDestination"]["MatchingEventTypes"]
    return cast(list[str], events)


def number(parameter: str) -> float:
    """Return a parameter's default."""
    return float(merge_template()["Parameters"][parameter]["Default"])


def at_once(function: str) -> int:
    """Return how many workers of a queue run at once: MaximumConcurrency of its source, or that parameter's default."""
    (source,) = _resource(function)["Events"].values()
    declared = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    return int(merge_template()["Parameters"][declared["Ref"]]["Default"] if isinstance(declared, dict) else declared)


def parallelization_factor(function: str) -> int:
    """Return the ParallelizationFactor of a stream's worker."""
    (source,) = _resource(function)["Events"].values()
    return int(source["Properties"]["ParallelizationFactor"])


def _resource(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = merge_template()["Resources"][name]["Properties"]
    return properties
