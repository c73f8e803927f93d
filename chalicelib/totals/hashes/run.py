"""The steps of a comparison: check the hashes, count our signers among them, and enter what was found."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.address import ID_BYTES, encoding_of, keyed_hash
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, Stale, Unavailable, UnknownThing
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.jobs.request import ending
from chalicelib.petitions.figure import Comparison
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.walk import read_confirmed_addresses
from chalicelib.tallies.count import withdrawn_until
from chalicelib.totals.enter import add
from chalicelib.totals.hashes.key import find_key
from chalicelib.totals.hashes.model import MOST_HASHES, HashComparison

# Seconds. One bucket of ten million signatures is 160,000 of them.
FOR_A_CHECK, FOR_A_BUCKET, FOR_ENTERING = 60, 60, 10
HASH = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}")


@dataclass
class Comparing:
    """The work of a comparison. `folder` is an empty directory. The hashes are in memory; our signers never are."""

    tables: Tables
    bucket: Bucket
    folder: Path
    clock: Clock
    _hashes: frozenset[bytes] | None = None

    def next_step(self, job: HashComparison) -> Step[HashComparison]:
        if job.withdrawn is None:
            return Step(FOR_A_CHECK, lambda: self._checked(job))
        if job.processed < len(keys.BUCKETS):
            return Step(FOR_A_BUCKET, lambda: self._with_bucket(job))
        return Step(FOR_ENTERING, lambda: self._entered(job))

    def tidy(self, job: HashComparison) -> None:
        """Delete the hashes."""
        self.bucket.delete_under(f"{job.file.rpartition('/')[0]}/")

    def _checked(self, job: HashComparison) -> HashComparison:
        """Check the hashes, and note how many signatures were withdrawn until now."""
        petition = petition_as_stored(job.slug, self.tables)
        try:
            number = len(self._their_hashes(job))
        except (Invalid, UnknownThing) as refused:
            why = refused.errors[0].message if isinstance(refused, Invalid) else "The file was not uploaded"
            return job.ended(JobState.FAILED, why=why)
        if number != job.figure.count:
            why = f"The file has {number:,} different hashes, and the figure says {job.figure.count:,}"
            return job.ended(JobState.FAILED, why=why)
        # Read this before any signature: a person who withdraws during the comparison counts as withdrawn after it.
        return job.model_copy(update={"withdrawn": withdrawn_until(petition, self.clock(), self.tables)})

    def _their_hashes(self, job: HashComparison) -> frozenset[bytes]:
        """Return the hashes of the source. They are read once in a run."""
        if self._hashes is None:
            path = self.folder / "hashes"
            with path.open("wb") as file:
                self.bucket.copy_to(job.file, file)
            self._hashes = frozenset(read_hashes(path))
        return self._hashes

    def _with_bucket(self, job: HashComparison) -> HashComparison:
        """Compare one bucket of our signatures with the hashes."""
        key = find_key(job.slug, job.figure.source, self.tables)
        assert key is not None, "A comparison starts after the key was issued"
        theirs, seen, here = self._their_hashes(job), 0, 0
        for person in read_confirmed_addresses(job.slug, keys.BUCKETS[job.processed], self.tables):
            seen += 1
            here += keyed_hash(person, key) in theirs
        update = {"processed": job.processed + 1, "seen": job.seen + seen, "here": job.here + here}
        return job.model_copy(update=update)

    def _entered(self, job: HashComparison) -> HashComparison:
        """Enter the figure with what the comparison found, in one transaction with the end of the job.

        So a comparison that is cancelled in its last step is not used.
        """
        # The time of the last step, so that a repeat after a crash enters the same.
        found = Comparison(seen=job.seen, here=job.here, withdrawn=job.withdrawn or 0, compared_at=job.touched_at)
        now = self.clock()
        figure = job.figure.model_copy(update={"compared": found, "entered_at": now})
        try:
            add(job.slug, figure, self.tables, also=ending(job, now))
        except ConditionFailed:
            return job  # It was cancelled, or another process was faster: the runner then reads the stored job.
        except Stale:
            raise Unavailable("storage") from None  # Staff edit the petition: try again later.
        except Invalid as refused:
            return job.ended(JobState.FAILED, why=refused.errors[0].message)
        return job.ended(JobState.DONE)


def read_hashes(path: Path) -> Iterator[bytes]:
    """Yield the hashes of a file. Raise Invalid; the error quotes nothing, because the line may be an address."""
    with path.open("rb") as file:
        encoding = encoding_of(file.read(2))
    with path.open(encoding=encoding, errors="replace") as file:
        lines = iter(lambda: file.readline(200), "")  # Limited, because a line may be as long as the file.
        for number, line in enumerate(lines, 1):
            if number > MOST_HASHES:
                raise Invalid([FieldError("hashes", f"The file has more than {MOST_HASHES:,} lines")])
            yield as_hash(line, number)


def as_hash(line: str, number: int) -> bytes:
    """Return the hash. Raise Invalid if the line is not a hash."""
    text = line.strip()
    if not HASH.fullmatch(text):
        raise Invalid([FieldError("hashes", f"Line {number} is not a hash of our tool")])
    return bytes.fromhex(text)
