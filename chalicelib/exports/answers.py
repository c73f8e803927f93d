"""What the API returns about exports: files with the confirmed signatures of a petition."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.core.answers import Number, Time, Url
from chalicelib.exports.model import Column, Format
from chalicelib.jobs.model import JobState
from chalicelib.petitions.answers import Slug


class ShownExport(TypedDict):
    id: str
    slug: Slug
    format: Format
    columns: list[Column]
    recipient: str | None
    """The age public key."""
    has_passphrase: bool
    """Whether the file is a ZIP that only its passphrase opens."""
    passphrase: NotRequired[str]
    """Only in the answer to the request. It is stored nowhere: if it is lost, request another file."""
    moment: Time
    """The export contains the signatures confirmed at or before this moment, except those withdrawn since."""
    requested_by: str
    state: JobState
    why: str | None
    """Why the export failed."""
    rows: Number
    """Rows written so far; when the export is done, the rows in the file."""
    of: Number
    """The petition's count at `moment`."""
    expires_at: Time
    """From this time on, the file cannot be downloaded. It is deleted within two days."""
    sha256: NotRequired[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]
    """The SHA-256 digest of the file as downloaded."""
    bytes: NotRequired[Number]
    finished_at: NotRequired[Time]


class ShownExports(TypedDict):
    exports: list[ShownExport]
    columns: list[Column]
    """The columns that can be requested."""
    default_columns: list[Column]
    """The columns of an export if its request names none."""
    formats: list[Format]


class FileLink(TypedDict):
    url: Url
    expires_at: Time


class ShownList(TypedDict):
    id: str
    slug: Slug
    recipient: str | None
    """The age public key."""
    has_passphrase: bool
    """Whether the file is a ZIP that only its passphrase opens."""
    passphrase: NotRequired[str]
    """Only in the answer to the request. It is stored nowhere: if it is lost, request another list."""
    requested_by: str
    requested_at: Time
    state: JobState
    why: str | None
    """Why the list failed."""
    subscribed: Number
    """How many people were found so far who get updates; when the list is done, the rows with this status."""
    unsubscribed: Number
    """How many people were found so far who were on an earlier list and no longer get updates."""
    expires_at: Time
    """From this time on, the file cannot be downloaded. It is deleted within two days."""
    sha256: str | None
    """The SHA-256 digest of the file as downloaded."""
    bytes: Number | None


class ShownLists(TypedDict):
    """The lists of a petition, newest first."""

    lists: list[ShownList]
