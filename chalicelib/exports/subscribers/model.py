"""The list of those who asked for updates, for a charity that sends them from another system. It is a job."""

from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.core import keys
from chalicelib.core.times import Moment
from chalicelib.exports.model import LIFETIME, MOST_RECIPIENT
from chalicelib.jobs.model import Job


class ListRequest(BaseModel):
    """The body of `POST /api/staff/petitions/{slug}/lists`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    recipient: Annotated[str, Field(max_length=MOST_RECIPIENT)]
    """An age public key (age1...) or an OpenPGP public key (the armoured block). Only its owner can read the file.
    Required: the file has addresses. A private key is refused and not stored.
    """


class ListResult(BaseModel):
    """The file as downloaded."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    file: str
    size: int
    sha256: str
    finished_at: Moment


class OptInList(Job):
    """The stored item. `parts` is the cursor: the object of each written bucket, in order.

    `earlier`: the id of the latest list that was done. Its people who no longer get updates are listed as unsubscribed.
    """

    kind: ClassVar[str] = "list"
    lifetime: ClassVar[timedelta] = LIFETIME
    secrets: ClassVar[tuple[str, ...]] = ("recipient_key",)

    recipient: str
    recipient_key: str | None = None
    earlier: str | None = None
    parts: list[str] = Field(default_factory=list)
    subscribed: int = 0
    unsubscribed: int = 0
    result: ListResult | None = None

    @property
    def slug(self) -> str:
        return self.key

    @property
    def bucket(self) -> str | None:
        """Return the next bucket; None if all are written."""
        return keys.BUCKETS[len(self.parts)] if len(self.parts) < len(keys.BUCKETS) else None
