"""A comparison of a source's hashes with those of our signers. It is a job (chalicelib.jobs), stored without hashes."""

from datetime import timedelta
from typing import ClassVar

from chalicelib.jobs.model import Job
from chalicelib.petitions.figure import Figure

LIFETIME = timedelta(days=365)
# A million hashes take about 100 MB of memory.
MOST_HASHES = 1_000_000
# The largest request with hashes, about 131,000 of them. Lambda accepts 6 MB, and the body is sent as base64.
MOST_HASHES_KB = 4480


class HashComparison(Job):
    """The stored item. `figure` is what staff entered. `processed` counts the compared buckets of our signatures.

    `withdrawn`: how many signatures had been withdrawn here before; None until the file is checked.
    """

    kind: ClassVar[str] = "comparison"
    lifetime: ClassVar[timedelta] = LIFETIME

    figure: Figure
    file: str
    withdrawn: int | None = None
    seen: int = 0
    here: int = 0

    @property
    def slug(self) -> str:
        return self.key
