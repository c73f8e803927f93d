"""S3 in the words of whoever hands files over. Nothing here holds a whole file in memory."""

from contextlib import closing
from functools import cache
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

from chalicelib.aws import clients
from chalicelib.aws.failures import translated
from chalicelib.core.errors import Unavailable
from chalicelib.core.settings import settings

BLOCK = 1024 * 1024
PART = 8 * BLOCK


class Bucket:
    """One private bucket. Every call may raise Throttled or Unavailable; repeating it is safe."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """In parts when it is large; a part that stays behind is deleted by the bucket after a day."""
        from boto3.s3.transfer import TransferConfig  # A cold start should not pay for it.

        # One part after another: threads would hold a part each.
        one_by_one = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
        with translated("files"), path.open("rb") as file:
            extra = {"ContentType": content_type}
            self._client.upload_fileobj(file, self._name, key, ExtraArgs=extra, Config=one_by_one)

    def copy_to(self, key: str, file: IO[bytes]) -> None:
        """Append an object to an open file."""
        with translated("files"):
            body = self._client.get_object(Bucket=self._name, Key=key)["Body"]
            with closing(body):
                copyfileobj(body, file, BLOCK)

    def delete_under(self, prefix: str) -> None:
        """Whatever begins so; nothing there is fine too."""
        with translated("files"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
            for page in pages:
                found = [{"Key": each["Key"]} for each in page.get("Contents", [])]
                if found:
                    answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": found, "Quiet": True})
                    if answer.get("Errors"):  # S3 answers 200, and names each object that it kept.
                        raise Unavailable("files")

    def link(self, key: str, name: str, seconds: int) -> str:
        """A URL that lets anybody who has it fetch this one object, for so long, to be saved under `name`."""
        wanted = {"Bucket": self._name, "Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'}
        url: str = self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds)
        return url


@cache
def exports_bucket() -> Bucket:
    return Bucket(clients.s3(), settings().exports_bucket)
