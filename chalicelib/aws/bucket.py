"""S3 for files of exports, opt-in lists and imports. Nothing here holds a whole file in memory."""

from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clients
from chalicelib.aws.failures import code_of, translate_errors
from chalicelib.core.errors import PetitionsError, Unavailable, UnknownThing
from chalicelib.core.settings import settings

# Sizes in bytes: of a part of a download in memory, and of a part of an upload.
BLOCK = 1024 * 1024
PART = 8 * BLOCK


class Bucket:
    """Requests to S3 may raise Throttled or Unavailable. Repeating a call stores nothing twice.

    Links and forms end earlier than after `seconds` if the credentials of our role expire.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        from boto3.s3.transfer import TransferConfig  # At the top of the file, this would slow down every cold start.

        # One part at a time: each thread would hold a part in memory.
        one_by_one = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
        with translate_errors("files"), path.open("rb") as file:
            extra = {"ContentType": content_type}
            self._client.upload_fileobj(file, self._name, key, ExtraArgs=extra, Config=one_by_one)

    def copy_to(self, key: str, file: IO[bytes]) -> str:
        """Append an object to an open file, and return its SHA-256. Raise UnknownThing if it does not exist.

        The hash shows whether an object was replaced; with SSE-KMS, AWS does not promise equal ETags for equal content.
        S3 reports a missing object as AccessDenied unless the role may list the whole bucket. So then `_has` lists the
        key.
        """

        def missing_file(error: ClientError) -> PetitionsError | None:
            is_missing = code_of(error) == "NoSuchKey" or (code_of(error) == "AccessDenied" and not self._has(key))
            return UnknownThing("There is no such file.") if is_missing else None

        with translate_errors("files", missing_file):
            answer = self._client.get_object(Bucket=self._name, Key=key)
            digest = sha256()
            with closing(answer["Body"]) as body:
                while block := body.read(BLOCK):
                    digest.update(block)
                    file.write(block)
        return digest.hexdigest()

    def _has(self, key: str) -> bool:
        """Return False if the object is missing. Return True if it exists, or if S3 does not tell.

        Of all keys that begin with `key`, S3 lists the key itself first.
        """
        try:
            found = self._client.list_objects_v2(Bucket=self._name, Prefix=key, MaxKeys=1)
        except (ClientError, BotoCoreError):
            return True  # So that `copy_to` does not report a missing object.
        return key in [each["Key"] for each in found.get("Contents", [])]

    def delete_under(self, prefix: str) -> None:
        with translate_errors("files"):
            for page in self._pages(prefix):
                objects = [{"Key": each["Key"]} for each in page.get("Contents", [])]
                if objects:
                    answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": objects, "Quiet": True})
                    if answer.get("Errors"):  # S3 answers 200 and lists the objects that it did not delete.
                        raise Unavailable("files")

    def sizes_under(self, prefix: str) -> list[int]:
        """Return the sizes of the objects, in bytes."""
        with translate_errors("files"):
            return [each["Size"] for page in self._pages(prefix) for each in page.get("Contents", [])]

    def _pages(self, prefix: str) -> Any:
        return self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)

    def upload_form(self, key: str, most: int, seconds: int) -> tuple[str, dict[str, str]]:
        """Return URL and fields of a form with which anybody can upload this object, of up to `most` bytes."""
        limits = [["content-length-range", 1, most]]
        form = self._client.generate_presigned_post(self._name, key, Conditions=limits, ExpiresIn=seconds)
        return form["url"], form["fields"]

    def link(self, key: str, name: str, seconds: int) -> str:
        """Return a URL with which anybody can download this object. Browsers save the object as `name`."""
        parameters = {"Bucket": self._name, "Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'}
        url: str = self._client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)
        return url


@cache
def files_bucket() -> Bucket:
    return Bucket(clients.s3(), settings().exports_bucket)
