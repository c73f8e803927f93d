"""Exports: what their roles may do, their bucket and their times."""

import json

import pytest

from chalicelib.exports.model import LIFETIME, LINK_SECONDS, SETTLING, Export
from chalicelib.exports.run import FILE_SECONDS, PART_SECONDS
from chalicelib.partners.imports import rows
from tests.judge.policy_entries import as_list
from tests.template.packaged import (
    FUNCTIONS,
    RESOURCES,
    actions,
    actions_allowed,
    functions_allowed,
    of_type,
    statements,
)


def test_manage_can_link_files_but_not_read_signatures_or_write_files() -> None:
    assert "SignaturesTable" not in json.dumps(statements("Manage"))
    assert actions_allowed("Manage", "ExportsBucket.Arn}/files/") == {"s3:GetObject"}
    assert functions_allowed("s3:") == {"Manage", "RunJob", "RunAddressJob"}


def test_only_run_address_job_reads_the_files_to_import() -> None:
    folder = "${ExportsBucket.Arn}/imports/*"
    assert functions_allowed(folder) == {"Manage", "RunAddressJob"}
    allowed = {
        "Manage": {"s3:PutObject", "s3:AbortMultipartUpload"},
        "RunAddressJob": {"s3:GetObject", "s3:DeleteObject"},
    }
    for function, expected in allowed.items():
        about_files = [each for each in statements(function) if {"Fn::Sub": folder} in as_list(each["Resource"])]
        assert {action for statement in about_files for action in actions(statement)} == expected


@pytest.mark.parametrize(("queue", "worker"), [("JobsQueue", "RunJob"), ("AddressJobsQueue", "RunAddressJob")])
def test_only_staff_and_the_worker_itself_can_start_jobs(queue: str, worker: str) -> None:
    senders = set()
    for name in FUNCTIONS:
        if "sqs:SendMessage" in actions_allowed(name, f'"{queue}"'):
            senders.add(name)
    assert senders == functions_allowed(f'"{queue}"') == {"Manage", worker}


def test_no_job_reads_a_finished_file() -> None:
    for function, folders in {
        "RunJob": ["parts/exports"],
        "RunAddressJob": ["parts/lists", "listed", "imports"],
    }.items():
        [reading] = [each for each in statements(function) if "s3:GetObject" in actions(each)]
        files = [{"Fn::Sub": f"${{ExportsBucket.Arn}}/{folder}/*"} for folder in folders]
        assert as_list(reading["Resource"]) == files


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
