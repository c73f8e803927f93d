"""The steps of a list: one part for each bucket, and one step that joins and encrypts them.

A person who was on an earlier list and no longer gets updates is listed as unsubscribed, in every later list. For that,
each list keeps the ids of all people who were ever listed, one object for each bucket. The next list reads them only if
this one was done. Nobody got the file of a list that was cancelled or failed, so its people stay private.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from secrets import token_hex

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.table import Item, Tables
from chalicelib.core import keys
from chalicelib.core.errors import Invalid
from chalicelib.core.formulas import harmless
from chalicelib.exports.deliver import FILES
from chalicelib.exports.encrypt import encrypt
from chalicelib.exports.gather import PARTS
from chalicelib.exports.subscribers.model import ListResult, OptInList
from chalicelib.exports.write import BYTE_ORDER_MARK
from chalicelib.jobs.model import Clock, JobState, Step
from chalicelib.jobs.request import find_job
from chalicelib.mail.stop import who_stopped
from chalicelib.signatures.walk import read_for_opt_in_list
from chalicelib.updates.kinds import may_get_updates

LISTED = "listed"
COLUMNS = ("status", "id", "email", "name", "language", "confirmed_at")
# Seconds.
FOR_A_PART, FOR_THE_FILE = 120, 300
# One BatchGetItem reads so many.
AT_ONCE = 100


@dataclass(frozen=True)
class Listing:
    """The work of a list. `folder` is an empty directory that is deleted when the run ends."""

    tables: Tables
    bucket: Bucket
    folder: Path
    clock: Clock
    limit_keys: Mapping[str, str]

    def next_step(self, job: OptInList) -> Step[OptInList]:
        bucket = job.bucket
        if bucket is None:
            return Step(FOR_THE_FILE, lambda: self._deliver(job))
        return Step(FOR_A_PART, lambda: self._write_part(job, bucket))

    def tidy(self, job: OptInList) -> None:
        self.bucket.delete_under(f"{PARTS}/{job.job_id}/")
        if job.result is None:  # It may have been cancelled while the file was uploaded.
            self.bucket.delete_under(f"{FILES}/{job.job_id}/")
            self.bucket.delete_under(f"{LISTED}/{job.job_id}/")
        elif job.earlier:  # The next list reads the ids of this one.
            self.bucket.delete_under(f"{LISTED}/{job.earlier}/")

    def _write_part(self, job: OptInList, bucket: str) -> OptInList:
        """Write the part of one bucket, and the ids that were ever listed, with those of its people."""
        people = {item["sk"]: item for item in read_for_opt_in_list(job.slug, bucket, self.tables)}
        subscribed = self._without_stopped(job.slug, [item for item in people.values() if may_get_updates(item)])
        earlier = self._ids_listed_before(job, bucket)
        unsubscribed = sorted(earlier - subscribed.keys())
        rows = [_row("subscribed", each, item) for each, item in subscribed.items()]
        rows += [_row("unsubscribed", each, people.get(each, {})) for each in unsubscribed]
        key = f"{PARTS}/{job.job_id}/{bucket}-{token_hex(4)}"
        self._put(key, "".join(rows))
        self._put(_ids_of(key), "".join(f"{each}\n" for each in sorted(earlier | subscribed.keys())))
        return job.model_copy(
            update={
                "parts": [*job.parts, key],
                "subscribed": job.subscribed + len(subscribed),
                "unsubscribed": job.unsubscribed + len(unsubscribed),
                "processed": len(job.parts) + 1,
            }
        )

    def _without_stopped(self, slug: str, people: Sequence[Item]) -> dict[str, Item]:
        """Return these people by id, without those who stopped all email about the petition."""
        found: dict[str, Item] = {}
        for start in range(0, len(people), AT_ONCE):
            some = people[start : start + AT_ONCE]
            stopped = who_stopped([item["email"] for item in some], slug, self.limit_keys, self.tables)
            found |= {item["sk"]: item for item in some if item["email"] not in stopped}
        return found

    def _ids_listed_before(self, job: OptInList, bucket: str) -> set[str]:
        """Return the ids on earlier lists that were done."""
        if job.earlier is None:
            return set()
        part = find_job(OptInList, job.earlier, self.tables).parts[keys.BUCKETS.index(bucket)]
        path = self.folder / "listed"
        with path.open("wb") as file:
            self.bucket.copy_to(_ids_of(part), file)
        return set(path.read_text(encoding="ascii").split())

    def _put(self, key: str, text: str) -> None:
        path = self.folder / "part"
        path.write_text(text, encoding="utf-8", newline="")
        self.bucket.put_file(key, path, "application/octet-stream")

    def _deliver(self, job: OptInList) -> OptInList:
        """Join and encrypt the parts."""
        plain, sealed = self.folder / "plain", self.folder / "sealed"
        with plain.open("wb") as file:
            file.write(f"{BYTE_ORDER_MARK}{','.join(COLUMNS)}\r\n".encode())
            for key in job.parts:
                self.bucket.copy_to(key, file)
        try:
            encrypt(plain, sealed, job.recipient_key or "")
        except Invalid as error:
            return job.ended(JobState.FAILED, why=error.errors[0].message)
        plain.unlink()
        key = f"{FILES}/{job.job_id}/{token_hex(4)}/file"
        self.bucket.put_file(key, sealed, "application/octet-stream")
        return job.ended(JobState.DONE, result=self._result(key, sealed))

    def _result(self, key: str, path: Path) -> ListResult:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        return ListResult(file=key, size=path.stat().st_size, sha256=digest, finished_at=self.clock())


def _ids_of(part: str) -> str:
    """Return the object with the ids that belong to this part. A step that is done twice writes both anew."""
    return f"{LISTED}/{part.removeprefix(f'{PARTS}/')}"


def _row(status: str, identity: str, item: Mapping[str, str]) -> str:
    """Return one line. A person who withdrew has only the id left."""
    values = (status, identity, *(item.get(name, "") for name in COLUMNS[2:]))
    return ",".join('"' + harmless(value).replace('"', '""') + '"' for value in values) + "\r\n"
