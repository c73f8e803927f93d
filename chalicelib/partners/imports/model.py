"""An import of a partner's CSV file, or the undo of an import. Both are jobs (chalicelib.jobs): work done in steps.

The items of these jobs have no personal data. A receipt records that a partner sent a signature. Receipts are spread
over buckets, which are partitions of the table.
"""

from datetime import timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core import keys
from chalicelib.jobs.model import Job
from chalicelib.partners.model import ReceiveOutcome

# The limit of a file in the request itself. Lambda accepts requests of 6 MB, and base64 makes a file a third longer.
MAX_DIRECT_KB = 4 * 1024
# The limit of a file that staff upload to the bucket before the request. The Lambda function's disk has 2 GB.
MAX_UPLOAD_BYTES = 512 * 1024 * 1024
# How long staff can use the form of an upload.
UPLOAD_SECONDS = 3600
# How many errors, and how many of the first rows, the job stores.
MAX_ERRORS, MAX_SAMPLES = 100, 10
# The timeout of the Lambda function that runs imports (.chalice/config.json).
LONGEST_STEP = timedelta(minutes=15)


# The zone of times in a file that name none. Staff can name another one for their file.
SITE_ZONE = "Europe/London"


class Shape(BaseModel):
    """How the file is read. `columns`: for each of our fields, its headings. The values of several are joined.

    `unused`: all other headings. We do not store the values under them.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    encoding: str
    delimiter: str
    columns: dict[str, list[str]]
    unused: list[str] = Field(default_factory=list)


class RowError(BaseModel):
    """An invalid field. `row`: the row's number. The headings are row 1. Empty rows have no number."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    row: int
    field: str
    message: str


class RowSample(BaseModel):
    """One of the first rows: its result, and which of our fields it has."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    row: int
    result: ReceiveOutcome
    fields: list[str]


class Import(Job):
    """An import, as stored. `processed` of `expected` rows are done. `file`: the key of the file in S3.

    `partner`: the partner's source. `mapping`: the headings that staff chose for some of our fields. `zone`: the IANA
    name of the time zone of times that name none.

    `file_digest`: the SHA-256 of the file that was checked. Staff may use the form of an upload again, and so replace
    the file. The import takes no rows of another file.

    `has_first_rows`: the dry run has stored the first rows in the bucket (rows.py).

    `undoes`: for an undo, the id of the import that it undoes. `accepted` is then the number of signatures taken back.
    `buckets`: how many partitions of the partner's receipts an undo has finished.
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
    def slug(self) -> str:
        return self.key

    @property
    def receipt_bucket(self) -> str:
        """Return the partition of receipts that an undo processes next."""
        return keys.BUCKETS[self.buckets]
