"""What the API returns about imports."""

from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time, Url
from chalicelib.jobs.model import JobState
from chalicelib.partners.imports.model import RowError, RowSample, Shape


class StartedImport(TypedDict):
    id: str


class OfferedUpload(TypedDict):
    """A form for one file: post `fields`, then the file as `file`, to `url` as multipart/form-data."""

    upload: str
    """The id to name when you start the import."""
    url: Url
    fields: dict[str, str]
    expires_at: Time


class ShownImport(TypedDict):
    id: str
    partner: str
    dry_run: bool
    """A dry run stores nothing. Its numbers show what an import would do now."""
    zone: str
    """Times in the file that name no time zone are read in this one."""
    requested_by: str
    requested_at: Time
    state: JobState
    why: str | None
    """Why the import failed. Null if it did not."""
    rows: Number
    """The number of rows in the file, once it is checked. For an undo: receipts undone so far."""
    processed: Number
    accepted: Number
    """For an undo: the number of signatures taken back."""
    existing: Number
    invalid: Number
    suppressed: Number
    errors: list[RowError]
    """The first hundred errors in the rows. The headings are row 1. Empty rows have no number.

    In a dry run, also the rows of people who were in an earlier row. These rows are `existing`.
    """
    sample: list[RowSample]
    """The result of each of the first rows, and which fields were found in it."""
    shape: Shape | None
    """How the file is read, once it is checked."""
    undoes: str | None
    """The import that this one undoes."""
    undone_by: str | None
    """The id of the latest undo of this import. The undo has its own state."""


class FirstRow(TypedDict):
    """A row of the file as it would be stored."""

    row: Number
    name: str
    email: str
    country: str
    postcode: str | None
    updates: bool
    """Whether the person would get updates, unless they stopped them here."""
    obtained_at: Time
    """When the person agreed. If the file does not say it: the time of the dry run."""


class ReadImport(ShownImport):
    first_rows: list[FirstRow]
    """For a week after the request of a dry run: the first five valid rows. Otherwise empty."""


class ShownImports(TypedDict):
    """Newest first."""

    imports: list[ShownImport]
