"""The steps of a list of people who asked for updates. The last step locks the parts that the other steps wrote.

A person who was on an earlier list and no longer gets updates is unsubscribed in every later list. For this, each list
stores the ids of all people who were ever listed: one S3 object for each bucket. The ids of a list that was cancelled
or failed are not used: nobody got its file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.expressions import chunks
from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.printable import escape_formula
from chalicelib.exports.lock import HALF_IS_LOST, FileResult, file_facts, lock
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.exports.write import BYTE_ORDER_MARK
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.jobs.request import find_job
from chalicelib.jobs.run import JobContext, JobKind
from chalicelib.mail.budget import addresses_that_stopped
from chalicelib.petitions.find import NOT_KEPT, petition_as_stored
from chalicelib.signatures.walk import read_for_opt_in_list
from chalicelib.updates.kinds import may_get_updates

PARTS = "parts/lists"
FILES = "files/lists"
# The S3 prefix of the ids of all people who were ever listed.
LISTED = "listed"
COLUMNS = ("status", "id", "email", "name", "language", "confirmed_at")
PART_SECONDS, FILE_SECONDS = 120, 300
# The most keys that one BatchGetItem can read.
BATCH_SIZE = 100


@dataclass(frozen=True)
class ListWork:
    """`folder` is an empty directory that is deleted when the run ends.

    `limit_keys` hash addresses: people who stopped all email are stored by such a hash.
    `half`: that of the job's message (lock.py).
    """

    tables: Tables
    s3_bucket: Bucket
    folder: Path
    clock: Clock
    limit_keys: Mapping[str, str]
    half: str = ""

    def next_step(self, job: OptInList) -> Step[OptInList]:
        if not petition_as_stored(job.slug, self.tables).is_kept_at(self.clock()):
            return Step(0, lambda: job.in_end_state(JobState.FAILED, why=NOT_KEPT))
        bucket = job.next_bucket
        if bucket is None:
            return Step(FILE_SECONDS, lambda: self._deliver(job))
        return Step(PART_SECONDS, lambda: self._write_part(job, bucket))

    def tidy(self, job: OptInList) -> None:
        self.s3_bucket.delete_under(f"{PARTS}/{job.job_id}/")
        if job.result is None:  # The list was cancelled or failed, perhaps during the upload.
            self.s3_bucket.delete_under(f"{FILES}/{job.job_id}/")
            self.s3_bucket.delete_under(f"{LISTED}/{job.job_id}/")
        elif job.earlier:  # The next list reads the ids that this list stored, not those of the earlier list.
            self.s3_bucket.delete_under(f"{LISTED}/{job.earlier}/")

    def _write_part(self, job: OptInList, bucket: str) -> OptInList:
        """Write the part, and the ids of all people in the bucket who were ever listed."""
        confirmed = {item["sk"]: item for item in read_for_opt_in_list(job.slug, bucket, self.tables)}
        opted_in = [item for item in confirmed.values() if may_get_updates(item)]
        subscribed = self._without_stopped_people(job.slug, opted_in)
        earlier_ids = self._earlier_ids(job, bucket)
        unsubscribed = sorted(earlier_ids - subscribed.keys())
        rows = [_row("subscribed", signature_id, item) for signature_id, item in subscribed.items()]
        # Without a confirmed signature (withdrawn or erased), the row has only the id.
        rows += [_row("unsubscribed", each, confirmed.get(each, {})) for each in unsubscribed]
        # A new S3 key each time, because two processes may do this step at once.
        key = f"{PARTS}/{job.job_id}/{bucket}-{token_hex(4)}"
        self._put(key, "".join(rows))
        listed_ids = sorted(earlier_ids | subscribed.keys())
        id_lines = [f"{signature_id}\n" for signature_id in listed_ids]
        self._put(_ids_key(key), "".join(id_lines))
        return job.model_copy(
            update={
                "parts": [*job.parts, key],
                "subscribed": job.subscribed + len(subscribed),
                "unsubscribed": job.unsubscribed + len(unsubscribed),
                "processed": len(job.parts) + 1,
            }
        )

    def _without_stopped_people(self, slug: str, signatures: Sequence[Item]) -> dict[str, Item]:
        remaining: dict[str, Item] = {}
        for batch in chunks(signatures, BATCH_SIZE):
            addresses = [item["email"] for item in batch]
            stopped = addresses_that_stopped(addresses, slug, self.limit_keys, self.tables)
            remaining |= {item["sk"]: item for item in batch if item["email"] not in stopped}
        return remaining

    def _earlier_ids(self, job: OptInList, bucket: str) -> set[str]:
        """Of the list `earlier` or an older list."""
        if job.earlier is None:
            return set()
        earlier_list = find_job(OptInList, job.earlier, self.tables)
        part = earlier_list.parts[keys.BUCKETS.index(bucket)]
        path = self.folder / "listed"
        with path.open("wb") as file:
            self.s3_bucket.copy_to(_ids_key(part), file)
        return set(path.read_text(encoding="ascii").split())

    def _put(self, key: str, text: str) -> None:
        path = self.folder / "part"
        path.write_text(text, encoding="utf-8", newline="")
        self.s3_bucket.put_file(key, path, "application/octet-stream")

    def _deliver(self, job: OptInList) -> OptInList:
        if job.lacks(self.half):
            return job.in_end_state(JobState.FAILED, why=HALF_IS_LOST)
        plain = self.folder / "plain"
        with plain.open("wb") as file:
            file.write(f"{BYTE_ORDER_MARK}{','.join(COLUMNS)}\r\n".encode())
            for key in job.parts:
                self.s3_bucket.copy_to(key, file)
        locked = lock(job, self.half, plain, self.clock())
        key = f"{FILES}/{job.job_id}/{token_hex(4)}/file"
        self.s3_bucket.put_file(key, locked, "application/octet-stream")
        return job.in_end_state(JobState.DONE, result=FileResult(file=key, **file_facts(locked, self.clock())))


def _ids_key(part: str) -> str:
    _, job_id, name = part.rsplit("/", 2)
    return f"{LISTED}/{job_id}/{name}"


def _row(status: str, signature_id: str, item: Mapping[str, str]) -> str:
    values = [status, signature_id]
    values += [item.get(column, "") for column in COLUMNS[2:]]  # All columns but the status and the id.
    cells = [escape_formula(value).replace('"', '""') for value in values]
    return ",".join(f'"{cell}"' for cell in cells) + "\r\n"


def _work(_: OptInList, job: JobContext) -> ListWork:
    return ListWork(job.tables, job.bucket(), job.folder, job.clock, job.settings.limit_keys, job.half)


KIND = JobKind(OptInList, _work)
