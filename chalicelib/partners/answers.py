"""What the API returns about partners and their signatures, and what partners send: the code reads that by itself."""

from typing import Annotated, Any, Required

from pydantic import ConfigDict, Field, RootModel
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time, Url
from chalicelib.jobs.model import JobState
from chalicelib.partners.form import MAX_SIGNATURES, PartnerSignature
from chalicelib.partners.imports.model import RowError, RowSample, Shape
from chalicelib.partners.model import CountsWhen, ReceiveOutcome


class ReceivedError(TypedDict):
    """An invalid field, and a sentence that says why it is invalid."""

    field: str
    message: str


class ReceivedSignature(TypedDict):
    identifier: str | None
    """The identifier as sent, without spaces around it and cut to 100 characters. Null if it was not a text."""
    result: ReceiveOutcome
    errors: list[ReceivedError]
    """Why the signature is invalid. Empty for the other results."""


class ReceivedSignatures(TypedDict):
    """The results, in the order of the request."""

    results: list[ReceivedSignature]


class ShownPartner(TypedDict):
    source: Annotated[str, Field(examples=["partner-oak"])]
    name: str
    counts: CountsWhen
    wording: str
    version: str
    created_at: Time


class ShownPartners(TypedDict):
    partners: list[ShownPartner]


class PartnerToken(TypedDict):
    """A new token of a partner. It is shown only once."""

    token: Annotated[str, Field(pattern=r"^staff_[0-9a-f]{16}_[0-9a-f]{64}$")]
    token_id: str
    partner: str
    expires_at: Time


class PartnerBatch(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]
    signatures: Annotated[list[PartnerSignature], Field(min_length=1, max_length=MAX_SIGNATURES)]


class SentSignatures(RootModel[PartnerSignature | PartnerBatch]):
    """One signature, or a batch."""


class OsdiSignature(TypedDict, total=False):
    """OSDI's signature with its person. Other fields of OSDI are ignored."""

    identifiers: list[str]
    action_date: str
    person: Required[dict[str, Any]]


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
