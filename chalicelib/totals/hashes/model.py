"""The model of a comparison: a job that finds how many people signed both here and with one source.

A source is another platform. It sends a file with hashes of its signers' email addresses, one hash on each line. The
job is stored without these hashes.
"""

from datetime import timedelta
from typing import ClassVar

from chalicelib.jobs.model import Job
from chalicelib.petitions.figure import Figure

# A million hashes take about 100 MB of memory.
MAX_HASHES = 1_000_000
# The largest request with hashes, about 131,000 of them. Lambda accepts 6 MB, and the body is sent as base64.
MAX_HASHES_KB = 4480


class HashComparison(Job):
    """The stored job. `figure` is what staff entered. `file` is the key of the file with the hashes.

    `file_digest`: the SHA-256 of the file that was checked. Staff may use the form of an upload again, and so replace
    the file. Then the comparison fails: its result would mix two files.

    `processed`: how many of the buckets (parts) of our signatures were compared. `seen`: how many confirmed signatures
    were compared. `here`: how many of these people are in the file. `withdrawn`: how many confirmed signatures had been
    withdrawn here before the comparison; None until the file is checked.
    """

    kind: ClassVar[str] = "comparison"
    lifetime: ClassVar[timedelta] = timedelta(days=365)

    figure: Figure
    file: str
    file_digest: str | None = None
    withdrawn: int | None = None
    seen: int = 0
    here: int = 0

    @property
    def slug(self) -> str:
        """Return the slug of the petition, which is the key of the job."""
        return self.key
