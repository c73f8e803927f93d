"""A partner that obtains signatures elsewhere, and the receipt of each signature that it sends.

We find the receipt by the partner's own identifier, so a signature that is sent twice is stored once. Its states:

(absent) ──claim──► claimed ──settle──► accepted, existing or suppressed ──undo──► undone ──claim──► claimed
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.core import partner_keys
from chalicelib.core.keys import Key
from chalicelib.core.times import Moment

SOURCE_PATTERN = r"^partner-[a-z0-9-]{1,32}$"
VERSION_PATTERN = r"^[A-Za-z0-9._-]{1,40}$"

# The sender of a signature that came through an API; otherwise the sender is the import's id.
API = "api"

Source = Annotated[str, StringConstraints(pattern=SOURCE_PATTERN), Field(examples=["partner-oak"])]
Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
WordingVersion = Annotated[str, StringConstraints(pattern=VERSION_PATTERN), Field(examples=["2026-03"])]


class Counts(StrEnum):
    """When a partner's signatures count."""

    AT_ONCE = "at-once"
    AFTER_EMAIL = "after-email"


class Partner(BaseModel):
    """The stored item. `wording` and `version` are its usual consent, for signatures that do not name one."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    source: str
    name: str
    counts: Counts
    wording: str
    version: str
    created_at: Moment


class ReceiveOutcome(StrEnum):
    """The result of a signature that a partner sent."""

    ACCEPTED = "accepted"
    EXISTING = "existing"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"


class Receipt(BaseModel):
    """The stored item: ids and times only. `result` is None between claim and settlement.

    `job_id` and `row`: the import that sent the signature first. `also_in`: the imports that sent it again.
    `obtained_at`: when the person agreed.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    slug: str
    source: str
    digest: str
    signature_id: str
    version: str
    obtained_at: Moment
    received_at: Moment
    channel: str
    job_id: str | None = None
    row: int | None = None
    also_in: set[str] | None = None
    result: ReceiveOutcome | None = None
    undone_at: Moment | None = None

    @property
    def key(self) -> Key:
        return partner_keys.receipt(self.slug, self.source, self.digest)

    def entry_for(self, sender: str) -> str:
        """Return this receipt's entry in the signature's list of receipts, for a sender that sends it again.

        The first sender's entry is the digest alone.
        """
        return f"{self.digest}.{sender}"

    @property
    def sender(self) -> str:
        """Return the id of the import that sent the signature first, or API. Only imports can be undone."""
        return self.job_id or API

    @property
    def may_be_undone(self) -> bool:
        return bool(self.job_id or self.also_in)

    def is_same_row(self, other: "Receipt") -> bool:
        """Return whether both come from the same row of the same import. After a crash, the row is taken again."""
        return self.job_id is not None and (self.job_id, self.row) == (other.job_id, other.row)


# Partners' clocks are not exact, so a time may be this far in the future.
MOST_AHEAD_SECONDS = 300


def is_in_future(moment: datetime, now: datetime) -> bool:
    return (moment - now).total_seconds() > MOST_AHEAD_SECONDS
