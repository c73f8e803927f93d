"""The file of a job that came with a request."""

from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.aws.bucket import Bucket


def keep_file(key: str, content: bytes, content_type: str, bucket: Bucket) -> None:
    """Store the file in the bucket. Start the job first: then a refused start leaves no file behind.

    The job begins after START_DELAY, so the request has ended by then.
    """
    with TemporaryDirectory(prefix="job-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        bucket.put_file(key, path, content_type)
