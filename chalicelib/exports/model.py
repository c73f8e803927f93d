"""A hand-over: what was asked for, how far it is, and what it became.

waiting ──► running ──► done ──► expired (by its date alone)
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

# After its time the bucket deletes the file, and its link is not given out any more.
LIFETIME = timedelta(days=7)
# An export that has said nothing for this long has failed, whatever stopped it; the next may be asked for.
PATIENCE = timedelta(hours=6)
# Longer than the function that confirms may run: then whatever was confirmed by the moment is in the table.
SETTLING = timedelta(seconds=20)
LINK_SECONDS = 15 * 60
MOST_RECIPIENT = 12_000


class Format(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class Column(StrEnum):
    """What may be handed over. No address: whom a petition addresses has no need of it, and no role here reads it."""

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
    """The body of `POST /api/staff/petitions/{slug}/exports`. `recipient` is a public key, age's or OpenPGP's."""

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
    """One bucket of signatures, written, and what else was seen of it.

    `unsure`: of the rows, confirmed so shortly before the moment that the tally may not have had them; `late`: so
    shortly after it that the tally may have; `gone`: withdrew since, confirmed or not, which no longer shows.
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
    """What was handed over. The digest is of the file as it is fetched: encrypted, if it is."""

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
    """The item. `counted` is what the tally said at `moment`; `recipient_key` goes once it has been used."""

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
        """By what is stored: not finished and not given up."""
        return self.state in (State.WAITING, State.RUNNING)

    @property
    def missing(self) -> list[str]:
        """The buckets that are still to be written, in order."""
        return [bucket for bucket in keys.BUCKETS if bucket not in self.parts]

    def state_at(self, now: datetime) -> State:
        if self.state is State.DONE and now >= self.expires_at:
            return State.EXPIRED
        is_silent = self.is_open and now >= self.touched_at + PATIENCE
        return State.FAILED if is_silent else self.state

    @property
    def extension(self) -> str:
        if self.recipient is None:
            return f".{self.format}"
        return f".{self.format}{'.age' if self.recipient.startswith('age1') else '.gpg'}"


def whole(parts: Iterable[Part]) -> Part:
    """All parts as one."""
    total = Part(key="")
    for part in parts:
        total.rows += part.rows
        total.unsure += part.unsure
        total.late += part.late
        total.gone += part.gone
        total.countries.update(part.countries)
        total.versions.update(part.versions)
    return total
