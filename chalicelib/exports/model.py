"""An export: a file with the confirmed signatures of a petition, for the petition's target.

The export's moment is the time of its request. The file has the signatures that were confirmed at or before that
moment, except those withdrawn since.
"""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from pydantic import Field, field_validator

from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.models import LazyModel
from chalicelib.exports.lock import FileResult, LockedJob, LockRequest, lock_fields
from chalicelib.jobs.model import START_DELAY, new_job
from chalicelib.petitions.find import require_kept
from chalicelib.petitions.model import Petition
from chalicelib.tallies.prove import COUNT, tally_sums

# Then S3 deletes the export's files, and we issue no more links to them.
LIFETIME = timedelta(days=7)
# So long after the moment, all earlier confirmations are stored: the functions that confirm have a shorter timeout. An
# import may store its rows later if the table is slow. Then an export may not match the tally, and fails.
SETTLING = START_DELAY
# A link works for everybody who has it.
LINK_SECONDS = 15 * 60


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class Column(StrEnum):
    """The columns of an export.

    Email addresses are never exported: the target does not need them, and the Lambda function that writes exports
    cannot read them.
    """

    NAME = "name"
    POSTCODE = "postcode"
    COUNTRY = "country"
    CONFIRMED_AT = "confirmed_at"
    SIGNED_AT = "signed_at"
    SOURCE = "source"
    TEXT_VERSION = "text_version"
    CONSENT_VERSION = "consent_version"


DEFAULT_COLUMNS = (Column.NAME, Column.POSTCODE, Column.COUNTRY, Column.CONFIRMED_AT)


class ExportRequest(LockRequest):
    format: Format = Format.CSV
    columns: list[Column] = Field(
        list(DEFAULT_COLUMNS), min_length=1, max_length=len(Column), json_schema_extra={"uniqueItems": True}
    )
    """Email addresses cannot be exported."""

    @field_validator("columns")
    @classmethod
    def _refuse_repeats(cls, columns: list[Column]) -> list[Column]:
        if len(set(columns)) < len(columns):
            raise ValueError("Name each column once")
        return columns


class Totals(LazyModel):
    """The sums over the rows written so far, and three numbers that explain a difference from the tally.

    `unsure`: rows that were confirmed so shortly before the moment that perhaps the tally does not include them.
    `late`: signatures that were confirmed so shortly after the moment that perhaps the tally includes them.
    `gone`: signatures that were withdrawn after the moment or shortly before. Perhaps some were never confirmed.
    """

    rows: int = 0
    unsure: int = 0
    late: int = 0
    gone: int = 0
    countries: Counter[str] = Field(default_factory=Counter)
    versions: Counter[str] = Field(default_factory=Counter)


class Result(FileResult):
    """`cover` is the S3 key of the cover sheet. The numbers are those of `Totals`."""

    rows: int
    cover: str
    unsure: int
    gone: int


class Export(LockedJob):
    """`parts`: for each written bucket (partition of signatures), the S3 key of its rows; "" if it has none."""

    kind: ClassVar[str] = "export"
    lifetime: ClassVar[timedelta] = LIFETIME

    format: Format
    columns: list[Column]
    parts: list[str] = Field(default_factory=list)
    totals: Totals = Field(default_factory=Totals)
    result: Result | None = None

    @property
    def moment(self) -> datetime:
        return self.requested_at

    @property
    def count_at_moment(self) -> int:
        """`new_export` stores the exact count at the moment as the expected rows."""
        return self.expected

    @property
    def missing_buckets(self) -> tuple[str, ...]:
        return keys.BUCKETS[len(self.parts) :]

    @property
    def plain_extension(self) -> str:
        return f".{self.format}"


def new_export(request: ExportRequest, petition: Petition, owner: str, now: datetime, tables: Tables) -> Export:
    """Return it, not stored yet. Raise Invalid if it cannot be locked as requested, NotNow without data to export."""
    require_kept(petition, now)
    return new_job(
        Export,
        petition.slug,
        owner,
        now,
        expected=tally_sums(petition, now, tables)[COUNT],
        format=request.format,
        columns=request.columns,
        **lock_fields(request),
    )
