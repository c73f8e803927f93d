"""Partners and their receipts. A partner is an organisation that collects signatures elsewhere and sends them to us.

A receipt records that a partner sent a signature. Its key comes from the partner's own identifier, so a signature that
is sent twice is stored once. The states of a receipt:

(absent) ──claim──► claimed ──settle──► accepted, existing or suppressed
claimed or settled ──undo──► undone ──claim──► claimed
accepted or existing ──claim──► claimed: if the signature expired unconfirmed, or an undo took it back
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.core import keys
from chalicelib.core.keys import Key
from chalicelib.core.models import FrozenModel
from chalicelib.core.times import Moment

SOURCE_PATTERN = r"^partner-[a-z0-9-]{1,32}$"
VERSION_PATTERN = r"^[A-Za-z0-9._-]{1,40}$"
VERSION_RULE = "Use 1 to 40 letters from A to Z, digits, dots, hyphens or underscores"

API_SENDER = "api"
# What ties a receipt to a person. Nobody reads a receipt without them: its petition is closed for good.
IDENTIFYING_FIELDS = ("signature_id", "obtained_at", "job_id", "row", "also_in")

Source = Annotated[str, StringConstraints(pattern=SOURCE_PATTERN), Field(examples=["partner-oak"])]
Wording = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
WordingVersion = Annotated[str, StringConstraints(pattern=VERSION_PATTERN), Field(examples=["2026-03"])]


class CountsWhen(StrEnum):
    """When a partner's signatures count."""

    AT_ONCE = "at-once"
    AFTER_EMAIL = "after-email"


class Partner(FrozenModel):
    """A partner, as stored. `source` is its id.

    `wording` and `version` are its usual consent: what people agree to, unless a signature names another wording.
    """

    source: str
    name: str
    counts: CountsWhen
    wording: str
    version: str
    created_at: Moment


class ReceiveOutcome(StrEnum):
    """What we did with a signature that a partner sent.

    `existing`: the person has signed already. `suppressed`: we stored no signature, because the person withdrew, was
    erased or cannot be reached by email.
    """

    ACCEPTED = "accepted"
    EXISTING = "existing"
    INVALID = "invalid"
    SUPPRESSED = "suppressed"


class Receipt(FrozenModel):
    """A receipt, as stored. It has ids and times only. `result` is None until the receipt is settled.

    `digest`: a keyed hash of the partner's identifier. `version`: the version of the wording. `obtained_at`: when the
    person agreed. `job_id` and `row`: the import that sent the signature first, and the row in its file. `also_in`: the
    ids of the imports that sent the signature again.
    """

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
        return keys.receipt(self.slug, self.source, self.digest)

    def entry_for(self, sender: str) -> str:
        """Return the entry in Signature.all_receipts. The first sender has none: its entry is only the digest."""
        return f"{self.digest}.{sender}"

    @property
    def sender(self) -> str:
        """Return who sent the signature first: the id of an import, or API_SENDER."""
        return self.job_id or API_SENDER

    @property
    def came_in_import(self) -> bool:
        """Only imports can be undone."""
        return bool(self.job_id or self.also_in)

    def is_same_row(self, other: "Receipt") -> bool:
        """After a crash, we take a row again."""
        return self.job_id is not None and (self.job_id, self.row) == (other.job_id, other.row)


# A partner's clock may be ahead of ours by this much.
MAX_CLOCK_ERROR_SECONDS = 300


def is_beyond_clock_error(moment: datetime, now: datetime) -> bool:
    return (moment - now).total_seconds() > MAX_CLOCK_ERROR_SECONDS
