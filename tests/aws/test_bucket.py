"""Files in S3, on the emulator: upload in parts, deletion, and links for one file."""

import base64
import io
import json
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chalicelib.aws import clients
from chalicelib.aws.bucket import PART, Bucket, files_bucket
from chalicelib.core.errors import Denied, Unavailable, UnknownThing
from tests.aws.stubbed import a_client, stubbed
from tests.emulated import EmulatedAws

on_the_emulator = pytest.mark.flows


def put(bucket: Bucket, path: Path, key: str, content: bytes) -> None:
    path.write_bytes(content)
    bucket.put_file(key, path, "text/csv")


@on_the_emulator
@pytest.mark.parametrize("size", [0, 5, PART - 1, PART, 2 * PART + 1])
def test_files_of_every_size_are_returned_unchanged(emulated_aws: EmulatedAws, tmp_path: Path, size: int) -> None:
    content = b"ab\n" * (size // 3) + b"." * (size % 3)
    put(files_bucket(), tmp_path / "file", "files/one", content)
    found = io.BytesIO(b"before ")
    found.seek(0, io.SEEK_END)
    files_bucket().copy_to("files/one", found)
    assert found.getvalue() == b"before " + content


def test_only_other_content_has_another_digest() -> None:
    """With SSE-KMS, the ETag may be another one although the content is the same."""
    digests = []
    with stubbed("s3") as stub:
        for number, content in enumerate((b"Alice", b"Alice", b"Bob")):
            stub.add_response("get_object", {"ETag": f'"{number}"', "Body": io.BytesIO(content)})
            digests.append(Bucket(stub.client, "exports").copy_to("files/one", io.BytesIO()))
    assert digests[0] == digests[1] != digests[2]


@on_the_emulator
def test_only_objects_under_the_prefix_are_deleted(emulated_aws: EmulatedAws, tmp_path: Path) -> None:
    bucket = files_bucket()
    for key in ("parts/a/1", "parts/a/2", "parts/b/1"):
        put(bucket, tmp_path / "file", key, key.encode())
    assert bucket.sizes_under("parts/a/") == [9, 9]
    for _ in range(2):
        bucket.delete_under("parts/a/")
    assert bucket.sizes_under("parts/a/") == []
    downloaded = io.BytesIO()
    bucket.copy_to("parts/b/1", downloaded)
    assert downloaded.getvalue() == b"parts/b/1"
    with pytest.raises(UnknownThing):
        bucket.copy_to("parts/a/1", io.BytesIO())


@pytest.mark.parametrize("region", ["eu-west-2", "us-east-1", "ap-southeast-4"])
def test_a_link_is_signed_for_the_buckets_own_region(region: str) -> None:
    link = urlsplit(
        Bucket(a_client("s3", clients.FILES_CONFIG, region), "exports").link("files/one", "petition.csv", 60)
    )
    assert (link.scheme, link.netloc) == ("https", f"exports.s3.{region}.amazonaws.com")
    [credential] = parse_qs(link.query)["X-Amz-Credential"]
    assert credential.split("/")[2:] == [region, "s3", "aws4_request"]


@on_the_emulator
def test_a_link_downloads_one_file_under_its_name(emulated_aws: EmulatedAws, tmp_path: Path) -> None:
    put(files_bucket(), tmp_path / "file", "files/one", b"Alice")
    link = files_bucket().link("files/one", "petition.csv", 60)
    with urllib.request.urlopen(link, timeout=10) as answer:
        assert answer.read() == b"Alice"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="petition.csv"'
    for forged in (link.replace("files/one", "files/two"), link.replace("Expires=60", "Expires=6000")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(forged, timeout=10)
        assert caught.value.code == 403
        caught.value.close()


def test_an_object_that_s3_did_not_delete_is_an_error() -> None:
    """S3 answers 200 with `Errors`: these objects were not deleted."""
    with stubbed("s3") as stub:
        stub.add_response("list_objects_v2", {"Contents": [{"Key": "parts/a/1"}]})
        stub.add_response("delete_objects", {"Errors": [{"Key": "parts/a/1", "Code": "InternalError"}]})
        with pytest.raises(Unavailable):
            Bucket(stub.client, "any").delete_under("parts/a/")


@on_the_emulator
def test_a_form_uploads_one_object_within_its_limit(emulated_aws: EmulatedAws) -> None:
    bucket = files_bucket()
    url, fields = bucket.upload_form("imports/a/file", 1000, 60)
    assert fields["key"] == "imports/a/file"
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert ["content-length-range", 1, 1000] in conditions
    assert requests.post(url, data=fields, files={"file": b"email,name"}, timeout=20).status_code in (200, 204)
    downloaded = io.BytesIO()
    bucket.copy_to("imports/a/file", downloaded)
    assert downloaded.getvalue() == b"email,name"


@pytest.mark.parametrize(
    ("listed", "error"), [([], UnknownThing), (["files/one.csv"], UnknownThing), (["files/one"], Denied)]
)
def test_a_missing_file_that_s3_reports_as_denied_is_missing(listed: list[str], error: type[Exception]) -> None:
    """S3 answers 403 unless the role may list the whole bucket."""
    with stubbed("s3") as stub:
        stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
        found = {"Contents": [{"Key": key} for key in listed]}
        stub.add_response("list_objects_v2", found, {"Bucket": "exports", "Prefix": "files/one", "MaxKeys": 1})
        with pytest.raises(error):
            Bucket(stub.client, "exports").copy_to("files/one", io.BytesIO())
