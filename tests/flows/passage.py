"""The expected funnel and projected breakdowns, computed from every change."""

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
class Passage:
    projected: dict[str, Counter[str]] = field(default_factory=lambda: {by: Counter() for by in Dimension})
    passed: Counter[str] = field(default_factory=Counter)
    # Signatures with an email since they were signed.
    mailed: set[str] = field(default_factory=set)

    def take(self, before: Image, after: Image) -> None:
        identity = (after or before)["sk"]
        self._move(identity, before, after)
        if after.get("mails", 0) > before.get("mails", 0) and identity not in self.mailed:
            self.passed["mailed"] += 1
            self.mailed.add(identity)
        self.passed["bounced"] += _bounced(after) and not _bounced(before)
        for image, amount in ((before, -1), (after, +1)):
            if image.get("state") == "confirmed":
                self.projected[Dimension.VERSION][image["text_version"]] += amount
                self.projected[Dimension.AREA][_area(image)] += amount
                self.projected[Dimension.CONSTITUENCY][_constituency(image)] += amount

    def _move(self, identity: str, before: Image, after: Image) -> None:
        was, now = before.get("state"), after.get("state")
        signed = now == "pending" and before.get("signed_at") != after["signed_at"]
        if was == "pending" and (now is None or signed):
            self.passed["expired"] += 1
        if now is not None and (now != was or signed):
            self.passed[STAGE_OF[now]] += 1
        # Times are in seconds: an email in the second of the new signing may have been sent after it.
        if signed and before.get("mailed_at", "") < after["signed_at"]:
            self.mailed.discard(identity)


def _bounced(image: Image) -> bool:
    return image.get("undeliverable") not in (None, "complained")


def _area(item: Image) -> str:
    if item["country"] != "GB":
        return "outside GB"
    return re.sub(r"[0-9].*", "", item.get("postcode") or "") or "no postcode"


def _constituency(item: Image) -> str:
    area = _area(item)
    return area if " " in area else TABLE.get(item["postcode"], "not in the table")
