"""The first stage of an export: write the rows in parts, one for each bucket.

A bucket is one of the partitions that contain a petition's signatures (keys.BUCKETS). The export's moment is the time
of its request. The tally is the petition's count at that moment. The second stage checks the rows against it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Item, Tables
from chalicelib.core.times import iso, lower_bound
from chalicelib.exports.model import SETTLING, Export, Totals
from chalicelib.exports.write import writer
from chalicelib.jobs.model import Clock
from chalicelib.signatures.model import SignatureState
from chalicelib.signatures.walk import read_for_export

# The S3 prefix of the parts.
PARTS = "parts"


@dataclass(frozen=True)
class ExportContext:
    """The tables, bucket and clock of an export. `folder` is an empty directory that is deleted when the run ends."""

    tables: Tables
    s3_bucket: Bucket
    folder: Path
    clock: Clock


@dataclass
class Selection:
    """Selects the signatures that were confirmed at or before the export's moment and still are, and counts them.

    Three of the `totals` explain why rows and tally may differ. `unsure`: rows that the tally perhaps does not include
    yet. `late` and `gone`: signatures that are no rows, but that the tally perhaps includes. They were confirmed soon
    after the moment (`late`), or withdrawn (`gone`).
    """

    export: Export
    totals: Totals

    def __post_init__(self) -> None:
        moment = self.export.moment
        self.moment = iso(moment)
        # If a confirmation is within SETTLING of the moment, before or after, we cannot know whether the tally has it.
        self.late_until = iso(moment + SETTLING)
        # `unsure_from` is also compared with `withdrawn_at`, which has fractions of a second: "05.25Z" sorts before
        # "05Z". `lower_bound` sorts before both.
        self.unsure_from = lower_bound(moment - SETTLING)

    def check_and_count(self, item: Item) -> bool:
        """Return whether the export includes the signature, and count it in `totals`."""
        if item["state"] == SignatureState.CONFIRMED and item["confirmed_at"] <= self.moment:
            self._count_row(item)
            return True
        # Withdrawn after the moment or shortly before it: perhaps the tally includes this signature. The state does not
        # matter: if the person signed again, the same item is pending or confirmed, and keeps `withdrawn_at`.
        left_at = max(item.get("withdrawn_at", ""), item.get("pending_again_at", ""))
        if left_at >= self.unsure_from:
            self.totals.gone += 1
        # Confirmed soon after the moment: perhaps the tally includes this signature. If it is in `gone` too, it counts
        # twice. This only makes the second stage accept a slightly larger difference between rows and tally.
        if item["state"] == SignatureState.CONFIRMED and item["confirmed_at"] <= self.late_until:
            self.totals.late += 1
        return False

    def _count_row(self, item: Item) -> None:
        self.totals.rows += 1
        if item["confirmed_at"] >= self.unsure_from:
            self.totals.unsure += 1
        self.totals.countries[item["country"]] += 1
        self.totals.versions[item["text_version"]] += 1


def gather(export: Export, bucket: str, context: ExportContext) -> Export:
    """Write the part of this bucket, and return the export with this part and its totals.

    The caller stores the returned export. So a part is recorded only after its file is complete.
    """
    # A new S3 key each time, because two processes may do this step at once.
    key = f"{_prefix(export)}{bucket}-{token_hex(4)}"
    totals = export.totals.model_copy(deep=True)
    path = context.folder / "part"
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_part(export, totals, read_for_export(export.slug, bucket, context.tables), file)
    context.s3_bucket.put_file(key, path, "application/octet-stream")
    has_rows = totals.rows > export.totals.rows
    parts = [*export.parts, key if has_rows else ""]  # "": no rows.
    return export.model_copy(update={"parts": parts, "totals": totals, "processed": totals.rows})


def delete_parts(export: Export, context: ExportContext) -> None:
    context.s3_bucket.delete_under(_prefix(export))


def _prefix(export: Export) -> str:
    return f"{PARTS}/{export.job_id}/"


def _write_part(export: Export, totals: Totals, items: Iterable[Item], file: TextIO) -> None:
    """Write the signatures that the export includes, and add them to `totals`."""
    write = writer(export.format, export.columns, file)
    selection = Selection(export, totals)
    for item in items:
        if selection.check_and_count(item):
            write(item)
