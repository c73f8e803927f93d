"""An import of a partner's CSV file, or the undo of an import. Both are jobs, without personal data."""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from chalicelib.core import keys
from chalicelib.core.models import FrozenModel
from chalicelib.jobs.model import Job
from chalicelib.partners.model import ReceiveOutcome

# Lambda accepts requests of 6 MB, and base64 makes a file a third longer.
MAX_DIRECT_KB = 4 * 1024
# Staff upload such a file to the bucket before the request. The Lambda function's disk has 2 GB.
MAX_UPLOAD_BYTES = 512 * 1024 * 1024
UPLOAD_SECONDS = 3600
MAX_ERRORS, MAX_SAMPLES = 100, 10
# The timeout of the Lambda function that runs imports (.chalice/config.json).
LONGEST_STEP = timedelta(minutes=15)


SITE_ZONE = "Europe/London"


class Shape(FrozenModel):
    """How the file is read. `columns`: for each of our fields, its headings. The values of several are joined.

    `unused`: all other headings. We do not store the values under them.
    """

    encoding: str
    delimiter: str
    columns: dict[str, list[str]]
    unused: list[str] = Field(default_factory=list)


class RowError(FrozenModel):
    """An invalid field. `row`: the row's number. The headings are row 1. Empty rows have no number."""

    row: int
    field: str
    message: str


class RowSample(FrozenModel):
    """One of the first rows: its result, and which of our fields it has."""

    row: int
    result: ReceiveOutcome
    fields: list[str]


class Import(Job):
    """An import, as stored. `processed` of `expected` rows are done. `file`: the key of the file in S3.

    `mapping`: the headings that staff chose for some of our fields. `zone`: of times that name none. `file_digest`: the
    SHA-256 of the checked file; the import takes no rows of another one. `has_first_rows`: in the bucket (rows.py).
    `undoes`: the import that this undo undoes. `accepted` is then the number of signatures taken back. `buckets`: how
    many partitions of the partner's receipts an undo has finished.
    """

    kind: ClassVar[str] = "import"
    lifetime: ClassVar[timedelta] = timedelta(days=365)

    partner: str
    dry_run: bool = False
    file: str = ""
    file_digest: str | None = None
    mapping: dict[str, list[str]] = Field(default_factory=dict)
    zone: str = SITE_ZONE
    shape: Shape | None = None
    accepted: int = 0
    existing: int = 0
    invalid: int = 0
    suppressed: int = 0
    errors: list[RowError] = Field(default_factory=list)
    sample: list[RowSample] = Field(default_factory=list)
    has_first_rows: bool = False
    undoes: str | None = None
    buckets: int = 0

    @property
    def receipt_bucket(self) -> str:
        return keys.BUCKETS[self.buckets]
