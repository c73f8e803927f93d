"""Lock a file: encrypt it to its recipient's public key (age), or put it into a ZIP with a passphrase (AES-256).

A passphrase is shown once, in the answer to the request, and stored nowhere, although another function makes the file
minutes later. So the passphrase is a hash of two random halves: the job's item keeps one, and its message has the
other. SQS deletes the message when the job ends. Then nobody can make the passphrase again.

A ZIP of this kind costs a guess only 1,000 rounds of SHA-1. So we make the passphrase, with 100 bits: nobody guesses
it, and nobody can choose a weak one. The libraries are large and rarely needed, so each is imported where it is used.
"""

from base64 import b32encode
from collections.abc import Iterator
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from chalicelib.aws.queue import Queue
from chalicelib.aws.table import Tables
from chalicelib.core.errors import FieldError, Gone, Invalid, NotNow
from chalicelib.core.models import ClosedModel, FrozenModel
from chalicelib.core.times import Moment
from chalicelib.jobs.model import Job, JobState
from chalicelib.jobs.request import start
from chalicelib.petitions.find import petition_as_stored, require_kept

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient

MAX_RECIPIENT_LENGTH = 200
PRIVATE_MARKS = ("AGE-SECRET-KEY-", "PRIVATE KEY BLOCK", "PRIVATE KEY-----")
# 20 letters and digits of base32, without 0 and 1, in groups that can be read out.
PASSPHRASE_LENGTH, GROUP_LENGTH = 20, 4
HALF_IS_LOST = "Half of the passphrase was lost, so no file was made. Start another"
BLOCK_BYTES = 1024 * 1024
# zlib's usual one. The highest takes four times as long, and saves 4 %.
COMPRESSION_LEVEL = 6


class LockRequest(ClosedModel):
    """What a request says about who can read the file."""

    recipient: Annotated[str, Field(max_length=MAX_RECIPIENT_LENGTH)] | None = None
    """An age public key (age1...). Only its owner can then read the file. A private key is refused and not stored."""
    passphrase: bool = False
    """Whether to make a passphrase. The answer shows it once. Only with it, the file (a ZIP) can be opened."""


class FileResult(FrozenModel):
    """`file` is the S3 key. `size` (bytes) and `sha256` are of the file as downloaded, perhaps encrypted."""

    file: str
    size: int
    sha256: str
    finished_at: Moment


class LockedJob(Job):
    """A job that makes a file. `recipient`: a public key of age. `half`: one half of what the passphrase is made of."""

    recipient: str | None = None
    half: str | None = None
    result: FileResult | None = None

    @property
    def plain_extension(self) -> str:
        return ".csv"

    @property
    def extension(self) -> str:
        """Return .csv or, for a locked file, .csv.age or .zip."""
        if self.half:
            return ".zip"
        return f"{self.plain_extension}.age" if self.recipient else self.plain_extension

    @property
    def locked_with(self) -> str:
        return self.recipient or ("passphrase" if self.half else "none")

    def lacks(self, other_half: str) -> bool:
        """Return whether the message lost its half, as in a deployment. Then no passphrase opens what we would make."""
        return self.half is not None and not other_half

    def passphrase(self, other_half: str) -> str | None:
        """Return None if the file has none. `other_half`: the half in the job's message."""
        if self.half is None:
            return None
        digest = sha256(f"{self.half} {other_half}".encode()).digest()
        text = b32encode(digest).decode().lower()[:PASSPHRASE_LENGTH]
        return "-".join(text[start : start + GROUP_LENGTH] for start in range(0, PASSPHRASE_LENGTH, GROUP_LENGTH))


def result_of(job: LockedJob, now: datetime, tables: Tables) -> FileResult:
    """Raise NotNow if the job is not done or its data no longer kept, Gone if it has expired."""
    require_kept(petition_as_stored(job.slug, tables), now)
    state = job.state_at(now)
    if state is JobState.EXPIRED:
        raise Gone(f"This {job.kind} has expired and its file was deleted. Request a new one.")
    if state is not JobState.DONE or job.result is None:
        raise NotNow(f"This {job.kind} is {state}: there is no file to download.")
    return job.result


def file_facts(path: Path, now: datetime) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest, "finished_at": now}


def lock_fields(request: LockRequest) -> dict[str, str | None]:
    """Return the fields of the job. Raise Invalid if the key is invalid, or if a passphrase is wanted too."""
    if request.recipient and request.passphrase:
        raise Invalid([FieldError("passphrase", "Choose a public key or a passphrase, not both")])
    key = recipient_of(request.recipient) if request.recipient else None
    return {"recipient": key, "half": new_half() if request.passphrase else None}


def new_half() -> str:
    return token_hex(16)


def start_locked(job: LockedJob, queue: Queue, tables: Tables) -> dict[str, str]:
    """Start the job, as `start` does, and return what only the answer to the request has."""
    other_half = new_half() if job.half else ""
    start(job, queue, tables, other_half)
    passphrase = job.passphrase(other_half)
    return {"passphrase": passphrase} if passphrase else {}


def lock(job: LockedJob, other_half: str, plain: Path, now: datetime) -> Path:
    """Delete `plain` and return the path of the locked file. If the job asks for no lock, only return `plain`."""
    locked, passphrase = plain.with_name("locked"), job.passphrase(other_half)
    if passphrase:
        zip_with(passphrase, plain, (f"{job.job_id}{job.plain_extension}", now), locked)
    elif job.recipient:
        encrypt(plain, locked, job.recipient)
    else:
        return plain
    plain.unlink()
    return locked


def recipient_of(pasted_key: str) -> str:
    """Raise Invalid; the error never repeats the pasted text, which may be a secret."""
    key = pasted_key.strip()
    if any(mark in key.upper() for mark in PRIVATE_MARKS):
        raise _invalid("This is a private key. We have not stored it, but it is no longer secret: make a new key")
    if not key.startswith("age1"):
        raise _invalid("Paste a public key: one that begins with age1")
    _parsed(key)
    return key


def encrypt(plain: Path, encrypted: Path, key: str) -> None:
    import pyrage

    pyrage.encrypt_file(str(plain), str(encrypted), [_parsed(key)])


def zip_with(passphrase: str, plain: Path, name_and_time: tuple[str, datetime], zipped: Path) -> None:
    """Write a ZIP (WinZip AE-2) with one file, in constant memory. 7-Zip and macOS (from 11) open it."""
    from stream_zip import ZIP_AUTO, stream_zip

    method = ZIP_AUTO(plain.stat().st_size, level=COMPRESSION_LEVEL)
    with zipped.open("wb") as file:
        file.writelines(stream_zip([(*name_and_time, 0o600, method, _blocks(plain))], password=passphrase))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _parsed(key: str) -> "Recipient":
    import pyrage

    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise _invalid("This is not a complete age public key (age1 and 58 more characters, no plugins)") from None


def _invalid(message: str) -> Invalid:
    return Invalid([FieldError("recipient", message)])
