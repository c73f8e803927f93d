"""The job that removes the personal data of a petition's signatures, when its retention ends. Or only counts it."""

from datetime import timedelta
from typing import ClassVar

from pydantic import Field

from chalicelib.core.models import ClosedModel
from chalicelib.jobs.model import Job
from chalicelib.petitions.model import RetentionMonths


class RetentionRequest(ClosedModel):
    """The body of `PUT /api/staff/petitions/{slug}/retention`."""

    months: RetentionMonths
    """How many months after its closing or hand-in, whichever is later, the personal data must be gone."""


class Retention(Job):
    """The job's key is the petition's slug. `processed` of `expected` parts are done (run.py).

    `sources`: of the partners whose receipts it looks for. `after`: this part is done up to this sort key. `found`: how
    much it found before it removed anything, by FINDINGS. `emptied`: how many signatures it has emptied.
    """

    kind: ClassVar[str] = "retention"
    # The trustees' report: it has no file, and never expires.
    lifetime: ClassVar[timedelta] = timedelta(days=36_500)

    dry_run: bool
    sources: list[str] = Field(default_factory=list)
    after: str = ""
    found: dict[str, int] = Field(default_factory=dict)
    emptied: int = 0
