"""The job that tries, does or undoes a removal, or releases held signatures, and the condition that it applies.

tried ◄─ trying      removing ─► removed      undoing ─► undone      releasing ─► released
A removal's id is that of its job; an undo is a further job. Who tries changes nothing.
"""

import re
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from chalicelib.core.models import ClosedModel, FrozenClosedModel
from chalicelib.core.times import Moment
from chalicelib.jobs.model import Job
from chalicelib.petitions.model import Reason
from chalicelib.signatures.model import Signature

# A pattern with more stars would take long to compare with a long name.
MAX_STARS = 4
MAX_IDS = 400  # A request has at most 16 KB.
PublicReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
SignatureId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,100}$")]


class Condition(FrozenClosedModel):
    """Which signatures are meant: those to which everything that is given here applies."""

    model_config = ConfigDict(serialize_by_alias=True)  # The stored job is read by these names too.

    network: Short | None = None
    """The hash of a network, as in `effect`."""
    domain: Short | None = None
    """Of the email address. With `*.` before it, its subdomains: whoever owns a domain has as many as they like."""
    source: Short | None = None
    name: Short | None = None
    """A pattern: `*` stands for any characters. Capital letters do not matter. Write no person's name."""
    version: Short | None = None
    """Of the petition's text."""
    ids: Annotated[list[SignatureId], Field(min_length=1, max_length=MAX_IDS)] | None = None
    since: Annotated[Moment | None, Field(alias="from")] = None
    """Signed at this time or later."""
    until: Annotated[Moment | None, Field(alias="to")] = None
    """Signed before this time."""

    @field_validator("name")
    @classmethod
    def _check_stars(cls, name: str | None) -> str | None:
        if name and name.count("*") > MAX_STARS:
            raise ValueError(f"Use at most {MAX_STARS} stars")
        return name

    @model_validator(mode="after")
    def _check_span(self) -> "Condition":
        if self.since and self.until and self.until <= self.since:
            raise ValueError("The end must be later than the beginning")
        return self

    @property
    def is_empty(self) -> bool:
        return not self.model_dump(exclude_none=True)

    def fits(self, signature_id: str, signature: Signature) -> bool:
        exact = (
            (self.network, signature.network),
            (self.version, signature.text_version),
        )
        sources = (signature.source, signature.counted_source)
        return (
            all(wanted is None or wanted == actual for wanted, actual in exact)
            and (self.domain is None or _is_at(domain_of(signature) or "", self.domain.lower()))
            and (self.source is None or self.source in sources)
            and (self.ids is None or signature_id in self.ids)
            and (self.since is None or signature.signed_at >= self.since)
            and (self.until is None or signature.signed_at < self.until)
            and (self.name is None or _matches(signature.name or "", self.name))
        )


def domain_of(signature: Signature) -> str | None:
    """Return the domain of the address in lower case. None: the address is gone."""
    return signature.email.rpartition("@")[2].lower() if signature.email else None


def _is_at(domain: str, wanted: str) -> bool:
    return domain.endswith(wanted[1:]) if wanted.startswith("*.") else domain == wanted


def _matches(name: str, pattern: str) -> bool:
    """`fnmatch` gives [ and ? a meaning too, so turn them into themselves."""
    literal = re.sub(r"[\[?]", lambda found: f"[{found[0]}]", pattern.casefold())
    return fnmatchcase(name.casefold(), literal)


class RemovalRequest(ClosedModel):
    condition: Condition
    reason: PublicReason
    """Why, for everybody: it stands beside the number. Name no person."""
    dry_run: bool = False
    """Change nothing, and count. Then the condition may be empty, and the answer shows what is frequent."""

    @model_validator(mode="after")
    def _check_condition(self) -> "RemovalRequest":
        if self.condition.is_empty and not self.dry_run:
            raise ValueError("Say which signatures: an empty condition means all of them")
        return self


class ReleaseRequest(ClosedModel):
    condition: Condition
    """Empty: all held signatures."""
    reason: Reason
    """For the activity log."""


class RemovalAction(StrEnum):
    TRY = "try"
    REMOVE = "remove"
    UNDO = "undo"
    RELEASE = "release"


class Removal(Job):
    """Walk through the petition's signatures once. The job's key is the petition's slug.

    `undoes`: the id of the removal that this job undoes. This walk has read all buckets with an index below `bucket`,
    and in that one, the signatures up to the id `after`. `processed`: the signatures that fit, or were changed.
    `counted`: how many of them counted when they were read. `effect`: how often each value came, by dimension
    (survey.py). `sample`: the same, for a few values of the whole petition, while it tries. `confirmed_before`,
    `confirmed_after`: the exact count before the walk and at its end.
    """

    kind: ClassVar[str] = "removal"
    # A job that is done is only history: it has no file, and never expires.
    lifetime: ClassVar[timedelta] = timedelta(days=36_500)

    action: RemovalAction
    condition: Condition = Condition()
    reason: str = ""
    undoes: str = ""
    bucket: int = 0
    after: str = ""
    counted: int = 0
    effect: dict[str, dict[str, int]] = {}
    sample: dict[str, dict[str, int]] = {}
    confirmed_before: int | None = None
    confirmed_after: int | None = None

    @property
    def removal(self) -> str:
        """Return the id under which signatures are removed or put back."""
        return self.undoes or self.job_id
