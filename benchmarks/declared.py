"""What the template declares, so that cost and model follow it."""

import json
from typing import Any, cast

from stack.paths import ROOT


def mail_events() -> list[str]:
    """The events SES is asked to tell."""
    events = _resource("MailEvents")["EventDestination"]["MatchingEventTypes"]
    return cast(list[str], events)


def at_once(function: str) -> int:
    """How many of a queue's worker run at once: MaximumConcurrency of its one source."""
    (source,) = _resource(function)["Events"].values()
    return int(source["Properties"]["ScalingConfig"]["MaximumConcurrency"])


def lanes(function: str) -> int:
    """ParallelizationFactor of a stream's worker."""
    (source,) = _resource(function)["Events"].values()
    return int(source["Properties"]["ParallelizationFactor"])


def _resource(name: str) -> dict[str, Any]:
    template = json.loads((ROOT / ".chalice" / "resources.json").read_text(encoding="utf-8"))
    properties: dict[str, Any] = template["Resources"][name]["Properties"]
    return properties
