"""Store the file that a request sends to start a job."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.aws.bucket import Bucket


def store_file(key: str, content: bytes, content_type: str, bucket: Bucket) -> None:
    """Store the file in the bucket. Start the job before this call: if the start is refused, no file is left behind.

    The job runs only after START_DELAY. By then, the request has ended and the file is stored.
    """
    with TemporaryDirectory(prefix="job-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        bucket.put_file(key, path, content_type)
