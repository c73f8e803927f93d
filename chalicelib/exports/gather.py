"""The first stage of an export: write one part for each bucket of signatures. A recorded part is never rewritten."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Item, Tables
from chalicelib.core.times import iso
from chalicelib.exports import store
from chalicelib.exports.model import SETTLING, Export, Part
from chalicelib.exports.write import writer
from chalicelib.signatures.model import State
from chalicelib.signatures.walk import exportable

PARTS = "parts"


@dataclass(frozen=True)
class ExportContext:
    """What an export runs with. `folder` is an empty directory that is deleted when the run ends."""

    tables: Tables
    bucket: Bucket
    folder: Path
    clock: Callable[[], datetime]


@dataclass
class Selection:
    """Selects the signatures that were confirmed at the export's moment, and counts them in `part`."""

    export: Export
    part: Part

    def __post_init__(self) -> None:
        moment = self.export.moment
        self.moment, self.before, self.after = iso(moment), iso(moment - SETTLING), iso(moment + SETTLING)

    def includes(self, item: Item) -> bool:
        if item["state"] == State.CONFIRMED and item["confirmed_at"] <= self.moment:
            self._count(item)
            return True
        # Someone who withdrew after the moment was in the tally then, even if they have signed or confirmed again.
        self.part.gone += item.get("withdrawn_at", "") >= self.before
        if item["state"] == State.CONFIRMED:
            self.part.late += item["confirmed_at"] <= self.after
        return False

    def _count(self, item: Item) -> None:
        self.part.rows += 1
        self.part.unsure += item["confirmed_at"] >= self.before
        self.part.countries[item["country"]] += 1
        self.part.versions[item["text_version"]] += 1


def gather(export: Export, bucket: str, context: ExportContext) -> Export:
    """Write one part, then record it. In this order, because a recorded part must exist and be complete."""
    part = Part(key=f"{prefix(export)}{bucket}-{token_hex(4)}")
    path = context.folder / "part"
    with path.open("w", encoding="utf-8", newline="") as file:
        _fill(export, part, exportable(export.slug, bucket, context.tables), file)
    context.bucket.put_file(part.key, path, "application/octet-stream")
    return store.add_part(export, bucket, part, context.clock(), context.tables)


def prefix(export: Export) -> str:
    return f"{PARTS}/{export.export_id}/"


def _fill(export: Export, part: Part, items: Iterable[Item], file: TextIO) -> None:
    write, selection = writer(export.format, export.columns, file), Selection(export, part)
    for item in items:
        if selection.includes(item):
            write(item)
