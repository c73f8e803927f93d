"""The expected funnel and projected breakdowns, computed from every change. Checks of what the site shows."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.projections.dimensions import Dimension
from tests.located import TABLE

Image = Mapping[str, Any]
STAGE_OF = {"pending": "received", "confirmed": "confirmed", "withdrawn": "withdrawn"}


@dataclass
class ExpectedProjections:
    """`projected`: confirmed signatures by dimension. `passed`: how many signatures passed each stage of the funnel."""

    projected: dict[str, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in Dimension})
    passed: Counter[str] = field(default_factory=Counter)
    # The signatures that got an email since their last signing.
    mailed: set[str] = field(default_factory=set)

    def record(self, before: Image, after: Image) -> None:
        identity = (after or before)["sk"]
        self._record_stages(identity, before, after)
        if after.get("mails", 0) > before.get("mails", 0) and identity not in self.mailed:
            self.passed["mailed"] += 1
            self.mailed.add(identity)
        if _has_bounced(after) and not _has_bounced(before):
            self.passed["bounced"] += 1
        for image, amount in ((before, -1), (after, +1)):
            if image.get("state") == "confirmed":
                self.projected[Dimension.VERSION][image["text_version"]] += amount
                self.projected[Dimension.AREA][_area(image)] += amount
                self.projected[Dimension.CONSTITUENCY][_constituency(image)] += amount

    def _record_stages(self, identity: str, before: Image, after: Image) -> None:
        old, new = before.get("state"), after.get("state")
        is_new_signing = new == "pending" and before.get("signed_at") != after["signed_at"]
        if old == "pending" and (new is None or is_new_signing):
            self.passed["expired"] += 1
        if new is not None and (new != old or is_new_signing):
            self.passed[STAGE_OF[new]] += 1
        # Stored times are whole seconds, so an email in the second of the new signing may have been sent after it.
        if is_new_signing and before.get("mailed_at", "") < after["signed_at"]:
            self.mailed.discard(identity)


def without_zeros(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in numbers.items() if number != 0}


def checked_totals(funnel: Mapping[str, Any]) -> dict[str, int]:
    """Return the funnel's totals that are not zero. Assert that each is the sum of its rows."""
    for stage, total in funnel["totals"].items():
        assert sum(row[stage] for row in funnel["rows"]) == total
    return without_zeros(funnel["totals"])


def _has_bounced(image: Image) -> bool:
    return image.get("undeliverable") not in (None, "complained")


def _area(item: Image) -> str:
    if item["country"] != "GB":
        return "outside GB"
    postcode = item.get("postcode") or ""
    area = re.sub(r"[0-9].*", "", postcode)
    return area or "no postcode"


def _constituency(item: Image) -> str:
    area = _area(item)
    return area if " " in area else TABLE.get(item["postcode"], "not in the table")
