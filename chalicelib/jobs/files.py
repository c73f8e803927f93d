"""Store the file that a request sends to start a job."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.aws.bucket import Bucket


def store_file(key: str, content: bytes, content_type: str, bucket: Bucket) -> None:
    """Store the file in the bucket. Start the job before this call, so that a refused start leaves no file behind.

    The job does not read the file too early: it runs only after START_DELAY, when the request has ended.
    """
    with TemporaryDirectory(prefix="job-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        bucket.put_file(key, path, content_type)
