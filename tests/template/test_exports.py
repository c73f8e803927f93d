"""Exports: what their roles may do, their bucket and their times."""

import json

from chalicelib.exports import run
from chalicelib.exports.model import LIFETIME, LINK_SECONDS, SETTLING, Export
from chalicelib.exports.run import FILE_SECONDS, PART_SECONDS
from chalicelib.partners.imports import rows
from tests.template.packaged import (
    FUNCTIONS,
    RESOURCES,
    actions,
    actions_allowed,
    functions_allowed,
    of_type,
    statements,
    statements_about,
)


def test_exports_can_link_files_but_not_read_signatures_or_write_files() -> None:
    assert "SignaturesTable" not in json.dumps(statements("Exports"))
    assert actions_allowed("Exports", "ExportsBucket") == {"s3:GetObject"}
    [signing] = statements_about("Exports", "ExportsBucket")
    assert signing["Resource"] == {"Fn::Sub": f"${{ExportsBucket.Arn}}/{run.FILES}/*"}
    assert functions_allowed("s3:") == {"Exports", "RunExport", "Manage", "RunImport", "RunList"}


def test_imports_have_a_folder_of_their_own_that_only_run_import_reads() -> None:
    files = {"Fn::Sub": "${ExportsBucket.Arn}/imports/*"}
    allowed = {
        "Manage": {"s3:PutObject", "s3:AbortMultipartUpload"},
        "RunImport": {"s3:GetObject", "s3:DeleteObject"},
    }
    for function, expected in allowed.items():
        about_files = [each for each in statements(function) if each["Resource"] == files]
        assert {action for statement in about_files for action in actions(statement)} == expected
    reading = [each for each in statements("RunImport") if "s3:ListBucket" in actions(each)]
    assert [each["Condition"] for each in reading] == [{"StringLike": {"s3:prefix": ["imports/*"]}}]


def test_only_exports_and_run_export_can_send_to_the_exports_queue() -> None:
    senders = set()
    for name in FUNCTIONS:
        allowed_actions = [each["Action"] for each in statements_about(name, "ExportsQueue")]
        if ["sqs:SendMessage"] in allowed_actions:
            senders.add(name)
    assert senders == functions_allowed("ExportsQueue") == {"Exports", "RunExport"}


def test_run_export_reads_only_parts() -> None:
    for each in statements("RunExport"):
        if "s3:GetObject" in actions(each):
            assert each["Resource"] == {"Fn::Sub": f"${{ExportsBucket.Arn}}/{run.PARTS}/*"}


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
    assert days == {f"{run.PARTS}/": 1, f"{run.FILES}/": LIFETIME.days, "imports/": rows.LIFETIME.days}
    [unfinished] = [each for each in rules if "Prefix" not in each]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_an_export_starts_after_settling_and_ends_within_its_timeout() -> None:
    assert PART_SECONDS < FILE_SECONDS < FUNCTIONS["RunExport"]["Timeout"] == 900
    assert SETTLING.total_seconds() > max(FUNCTIONS["Links"]["Timeout"], FUNCTIONS["Exports"]["Timeout"])
    assert Export.patience.total_seconds() > FUNCTIONS["RunExport"]["Timeout"]
    assert LINK_SECONDS <= 15 * 60
    # The disk must hold the plain and the encrypted file at once.
    assert FUNCTIONS["RunExport"]["EphemeralStorage"] == {"Size": 4096}
