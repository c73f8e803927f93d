"""The steps of a comparison: check a source's hashes, count the people who signed here too, and enter the result.

A source is another platform, which sends hashes of its signers' addresses. Our signatures are stored in 64 buckets.
Each step of the count compares the signatures of one bucket with all hashes of the source.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Tables
from chalicelib.core import keys
from chalicelib.core.address import HASH_BYTES, encoding_of, keyed_hash
from chalicelib.core.errors import ConditionFailed, Invalid, Stale, Unavailable
from chalicelib.jobs.files import JobFile, Unreadable, delete_file
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.jobs.request import change_to_done
from chalicelib.petitions.figure import Comparison
from chalicelib.petitions.find import petition_as_stored
from chalicelib.signatures.walk import read_confirmed_addresses
from chalicelib.tallies.count import withdrawn_until
from chalicelib.totals.enter import add_figure
from chalicelib.totals.hashes.key import find_key
from chalicelib.totals.hashes.model import MAX_HASHES, HashComparison

# The most seconds that each kind of step may take. With ten million signatures, a bucket has 160,000.
CHECK_SECONDS, BUCKET_SECONDS, ENTER_SECONDS = 60, 60, 10
# Two hex digits for each byte: [0-9a-f]{32}.
HASH = re.compile(rf"[0-9a-f]{{{2 * HASH_BYTES}}}")


@dataclass
class ComparisonWork:
    """The work of a comparison. `files` is the S3 bucket with the source's hashes. `folder` is an empty directory.

    Only the source's hashes are kept in memory, never our signers.
    """

    tables: Tables
    files: Bucket
    folder: Path
    clock: Clock
    _hashes: frozenset[bytes] | None = None

    @cached_property
    def _file(self) -> JobFile:
        return JobFile(self.files, self.folder / "hashes")

    def next_step(self, job: HashComparison) -> Step[HashComparison]:
        if job.withdrawn is None:  # _check_hashes has not run yet: it sets this number.
            return Step(CHECK_SECONDS, lambda: self._check_hashes(job))
        if job.processed < len(keys.BUCKETS):
            return Step(BUCKET_SECONDS, lambda: self._compare_bucket(job))
        return Step(ENTER_SECONDS, lambda: self._enter_figure(job))

    def tidy(self, job: HashComparison) -> None:
        """Delete the source's hashes."""
        delete_file(job.file, self.files)

    def _check_hashes(self, job: HashComparison) -> HashComparison:
        """Return the job with the number of signatures withdrawn until now, or as failed if the file is wrong."""
        petition = petition_as_stored(job.slug, self.tables)
        try:
            number = len(self._source_hashes(job))
        except Unreadable as error:
            return job.in_end_state(JobState.FAILED, why=str(error))
        if number != job.figure.count:
            why = f"The file has {number:,} different hashes, and the figure says {job.figure.count:,}"
            return job.in_end_state(JobState.FAILED, why=why)
        # The total has wider bounds for each withdrawal after the comparison: perhaps that person was found in both
        # (totals/total.py). So read this number before we compare the first signature: then a withdrawal during the
        # comparison counts as later, and the bounds are never too narrow.
        withdrawn = withdrawn_until(petition, self.clock(), self.tables)
        return job.model_copy(update={"withdrawn": withdrawn, "file_digest": self._file.digest})

    def _source_hashes(self, job: HashComparison) -> frozenset[bytes]:
        """Return the hashes of the source. Each ComparisonWork reads the file once.

        Raise Unreadable if the file is wrong or missing, or is not the one that was checked.
        """
        path = self._file.download(job.file, job.file_digest)  # Later calls only compare digests.
        if self._hashes is None:
            self._hashes = frozenset(read_hashes(path))
        return self._hashes

    def _compare_bucket(self, job: HashComparison) -> HashComparison:
        """Compare the next bucket of our signatures with the hashes, or fail if their file was replaced or deleted."""
        key = find_key(job.slug, job.figure.source, self.tables)
        assert key is not None, "A comparison starts after the key was issued"
        try:
            source_hashes = self._source_hashes(job)
        except Unreadable as error:
            return job.in_end_state(JobState.FAILED, why=str(error))
        compared, signed_both = 0, 0
        for address in read_confirmed_addresses(job.slug, keys.BUCKETS[job.processed], self.tables):
            compared += 1
            if keyed_hash(address, key) in source_hashes:
                signed_both += 1
        update = {"processed": job.processed + 1, "seen": job.seen + compared, "here": job.here + signed_both}
        return job.model_copy(update=update)

    def _enter_figure(self, job: HashComparison) -> HashComparison:
        """Enter the figure with what the comparison found, and end the job in the same transaction.

        If staff cancel the comparison during this step, the transaction fails and the result is not used.
        """
        # Two processes may do this step at the same time (see `Work`), and must enter the same figure. So compared_at
        # is not now, but touched_at: the time of the previous step. add_figure ignores a different entered_at.
        assert job.withdrawn is not None, "_check_hashes sets this number"
        found = Comparison(seen=job.seen, here=job.here, withdrawn=job.withdrawn, compared_at=job.touched_at)
        now = self.clock()
        figure = job.figure.model_copy(update={"compared": found, "entered_at": now})
        try:
            add_figure(job.slug, figure, self.tables, also=change_to_done(job, now))
        except ConditionFailed:
            return job  # The job was cancelled, or another process was faster: the runner reads the stored job.
        except Stale:
            raise Unavailable("storage") from None  # Staff edit the petition: try again later.
        except Invalid as refused:
            return job.in_end_state(JobState.FAILED, why=refused.errors[0].message)
        return job.in_end_state(JobState.DONE)


def read_hashes(path: Path) -> Iterator[bytes]:
    """Yield the hashes of a file. Raise Unreadable if a line is not a hash, or if there are too many lines.

    The error does not quote the line, because the line may be an email address.
    """
    with path.open("rb") as file:
        encoding = encoding_of(file.read(2))
    with path.open(encoding=encoding, errors="replace") as file:
        lines = iter(lambda: file.readline(200), "")  # Never read a whole line: it may be as long as the file.
        for number, line in enumerate(lines, 1):
            if number > MAX_HASHES:
                raise Unreadable(f"The file has more than {MAX_HASHES:,} lines")
            yield parsed_hash(line, number)


def parsed_hash(line: str, number: int) -> bytes:
    """Return the hash. Raise Unreadable if the line is not a hash."""
    text = line.strip()
    if not HASH.fullmatch(text):
        raise Unreadable(f"Line {number} is not a hash of our tool")
    return bytes.fromhex(text)
