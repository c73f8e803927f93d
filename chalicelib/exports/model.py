"""An export: the request, its progress and its result.

waiting ──► running ──► done ──► expired (derived from its date, not stored)
                 └────► failed
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from chalicelib.core import keys
from chalicelib.core.times import Moment

# After this the bucket deletes the file, and we issue no more links to it.
LIFETIME = timedelta(days=7)
# An export without progress for this long has failed, and the next one may start.
PATIENCE = timedelta(hours=6)
# Longer than the timeout of the function that confirms. After it, every confirmation up to the moment is stored.
SETTLING = timedelta(seconds=20)
LINK_SECONDS = 15 * 60
MOST_RECIPIENT = 12_000


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class Column(StrEnum):
    """The columns of an export. No email address: the target does not need it, and the exports role cannot read it."""

    NAME = "name"
    POSTCODE = "postcode"
    COUNTRY = "country"
    CONFIRMED_AT = "confirmed_at"
    SIGNED_AT = "signed_at"
    SOURCE = "source"
    TEXT_VERSION = "text_version"
    CONSENT_VERSION = "consent_version"


USUAL = (Column.NAME, Column.POSTCODE, Column.COUNTRY, Column.CONFIRMED_AT)


class State(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class ExportRequest(BaseModel):
    """The body of `POST /api/staff/petitions/{slug}/exports`. `recipient` is an age or OpenPGP public key."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    format: Format = Format.CSV
    columns: Annotated[list[Column], Field(min_length=1, max_length=len(Column))] = list(USUAL)
    recipient: Annotated[str, Field(max_length=MOST_RECIPIENT)] | None = None

    @field_validator("columns")
    @classmethod
    def _each_once(cls, columns: list[Column]) -> list[Column]:
        if len(set(columns)) < len(columns):
            raise ValueError("Name each column once")
        return columns


class Part(BaseModel):
    """One written bucket of signatures, and the numbers that explain a difference from the tally.

    `unsure`: rows confirmed so shortly before the moment that the tally may not include them.
    `late`: signatures confirmed so shortly after the moment that the tally may include them.
    `gone`: withdrawn after the moment or shortly before. Some were never confirmed; the item no longer shows which.
    """

    model_config = ConfigDict(defer_build=True)

    key: str
    rows: int = 0
    unsure: int = 0
    late: int = 0
    gone: int = 0
    countries: Counter[str] = Field(default_factory=Counter)
    versions: Counter[str] = Field(default_factory=Counter)


class Result(BaseModel):
    """The result of a finished export. `sha256` is of the file as downloaded, so after any encryption."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    rows: int
    size: int
    sha256: str
    file: str
    cover: str
    unsure: int
    gone: int
    finished_at: Moment


class Export(BaseModel):
    """The stored item. `counted` is the tally at `moment`. `recipient_key` is removed when the export ends."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    export_id: str
    slug: str
    format: Format
    columns: list[Column]
    moment: Moment
    counted: int
    requested_by: str
    recipient: str | None = None
    recipient_key: str | None = None
    state: State = State.WAITING
    touched_at: Moment
    why: str | None = None
    result: Result | None = None
    parts: dict[str, Part] = Field(default_factory=dict)

    @property
    def expires_at(self) -> datetime:
        return self.moment + LIFETIME

    @property
    def is_open(self) -> bool:
        """Whether the stored state is waiting or running."""
        return self.state in (State.WAITING, State.RUNNING)

    @property
    def missing(self) -> list[str]:
        """The buckets that are not written yet, in order."""
        return [bucket for bucket in keys.BUCKETS if bucket not in self.parts]

    def state_at(self, now: datetime) -> State:
        if self.state is State.DONE and now >= self.expires_at:
            return State.EXPIRED
        is_stalled = self.is_open and now >= self.touched_at + PATIENCE
        return State.FAILED if is_stalled else self.state

    @property
    def extension(self) -> str:
        if self.recipient is None:
            return f".{self.format}"
        return f".{self.format}{'.age' if self.recipient.startswith('age1') else '.gpg'}"


def whole(parts: Iterable[Part]) -> Part:
    """Return the sum of all parts."""
    total = Part(key="")
    for part in parts:
        total.rows += part.rows
        total.unsure += part.unsure
        total.late += part.late
        total.gone += part.gone
        total.countries.update(part.countries)
        total.versions.update(part.versions)
    return total
