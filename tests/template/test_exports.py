"""Exports: what their roles may do, their bucket and their times."""

from chalicelib.exports.model import LIFETIME, LINK_SECONDS, SETTLING, Export
from chalicelib.exports.run import FILE_SECONDS, PART_SECONDS
from chalicelib.partners.imports import rows
from tests.template.packaged import (
    FUNCTIONS,
    RESOURCES,
    of_type,
)


def test_the_bucket_is_private_encrypted_and_without_versions() -> None:
    bucket = of_type("AWS::S3::Bucket")["ExportsBucket"]
    blocked = bucket["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert set(blocked.values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    # Old versions would outlive the deletion of their file.
    assert "VersioningConfiguration" not in bucket


def test_files_expire_with_their_export_and_parts_and_uploads_after_a_day() -> None:
    rules = RESOURCES["ExportsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {each["Status"] for each in rules} == {"Enabled"}
    days = {each["Prefix"]: each["ExpirationInDays"] for each in rules if "Prefix" in each}
    assert days == {"parts/": 1, "files/": LIFETIME.days, "imports/": rows.LIFETIME.days}
    [unfinished] = [each for each in rules if "Prefix" not in each]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_an_export_starts_after_settling_and_ends_within_its_timeout() -> None:
    assert PART_SECONDS < FILE_SECONDS < FUNCTIONS["RunJob"]["Timeout"] == 900
    assert SETTLING.total_seconds() > max(FUNCTIONS["Links"]["Timeout"], FUNCTIONS["Manage"]["Timeout"])
    assert Export.patience.total_seconds() > FUNCTIONS["RunJob"]["Timeout"]
    assert LINK_SECONDS <= 15 * 60
    # The disk must hold the plain and the encrypted file at once.
    assert FUNCTIONS["RunJob"]["EphemeralStorage"] == {"Size": 4096}
