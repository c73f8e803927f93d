"""The file of a job: store the one that a request sends, and download the one that the job works on."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.aws.bucket import Bucket
from chalicelib.core.errors import UnknownThing


class Unreadable(Exception):
    """The file cannot be read, or is not the one that was checked. The text is a sentence for staff."""


@dataclass
class JobFile:
    """A job's file in the bucket, and its copy at `path`, where this run of the job reads it.

    A job checks its file in its first step, and stores the digest. Staff may upload again with the same form, and so
    replace the file. Then a later run must not go on with another file.
    """

    bucket: Bucket
    path: Path
    # The SHA-256 of the copy; None before the download.
    digest: str | None = None

    def download(self, key: str, checked_digest: str | None) -> Path:
        """Return the path of the copy. The first call makes the copy. Raise Unreadable if the file is missing.

        `checked_digest`: the digest of the file that the job checked. Raise Unreadable if this file is another one.
        None: the job has not checked the file yet.
        """
        if self.digest is None:
            try:
                with self.path.open("wb") as file:
                    self.digest = self.bucket.copy_to(key, file)
            except UnknownThing as missing:
                raise Unreadable("The file was not uploaded, or is no longer there") from missing
        if checked_digest is not None and checked_digest != self.digest:
            raise Unreadable("The file was replaced after it was checked")
        return self.path


def file_key(slug: str, upload_id: str) -> str:
    """Return the key of a file in the bucket. Each file has a folder of its own. `upload_id`: a random text."""
    return f"imports/{slug}.{upload_id}/file"


def delete_file(key: str, bucket: Bucket) -> None:
    """Delete the file's folder, in which nothing else is (`file_key`). A repeat changes nothing."""
    folder, _, _ = key.rpartition("/")
    bucket.delete_under(f"{folder}/")


def store_file(key: str, content: bytes, content_type: str, bucket: Bucket) -> None:
    """Store the file in the bucket. Start the job before this call, so that a refused start leaves no file behind.

    The job does not read the file too early: START_DELAY (jobs/model.py) is longer than the request can take.
    """
    with TemporaryDirectory(prefix="job-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        bucket.put_file(key, path, content_type)
