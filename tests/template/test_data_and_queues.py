"""The template's guarantees, and AWS's rules that neither the emulator nor a linter checks."""

from typing import Any

from chalicelib.aws.expressions import wire_key
from chalicelib.core import keys
from chalicelib.signatures.model import Signature
from tests.template.packaged import (
    FUNCTIONS,
    QUEUES,
    RESOURCES,
    TEMPLATE,
    every_table,
    of_type,
    statements,
)

# These queues contain names and addresses.
PERSONAL_QUEUES = {"OverflowQueue", "OverflowDeadLetterQueue"}
TYPES_WITH_DATA = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::SES::EmailIdentity")
CUSTOMER_KEY = {"Ref": "CustomerKeyArn"}

# Data.


def test_data_is_kept_when_the_stack_is_deleted_but_not_after_a_failed_creation() -> None:
    with_data = {name for name, each in RESOURCES.items() if each["Type"] in TYPES_WITH_DATA}
    kept = {name for name, each in RESOURCES.items() if each.get("DeletionPolicy") == "RetainExceptOnCreate"}
    kept_if_replaced = {name for name, each in RESOURCES.items() if each.get("UpdateReplacePolicy") == "Retain"}
    assert kept == kept_if_replaced == with_data | PERSONAL_QUEUES


def test_tables_are_on_demand_encrypted_recoverable_and_protected() -> None:
    tables = of_type("AWS::DynamoDB::Table")
    for table in tables.values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert {"SSEEnabled": True, "SSEType": "KMS"}.items() <= table["SSESpecification"].items()
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}
        assert "GlobalSecondaryIndexes" not in table


def test_no_table_is_protected_while_it_is_created() -> None:
    """A failed creation deletes its resources. With a protected table, this would end in ROLLBACK_FAILED."""
    assert TEMPLATE["Parameters"]["Protect"]["Default"] == "no"
    assert TEMPLATE["Conditions"]["Protected"] == {"Fn::Equals": [{"Ref": "Protect"}, "yes"]}


def test_counts_and_the_activity_log_do_not_expire() -> None:
    for name in ("CountsTable", "AuditTable"):
        assert "TimeToLiveSpecification" not in RESOURCES[name]["Properties"]


def test_the_charitys_own_key_encrypts_everything_that_holds_names() -> None:
    signatures = of_type("AWS::DynamoDB::Table")["SignaturesTable"]["SSESpecification"]
    bucket = of_type("AWS::S3::Bucket")["ExportsBucket"]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    own_key = {"Fn::If": ["HasCustomerKey", CUSTOMER_KEY, {"Ref": "AWS::NoValue"}]}
    assert signatures["KMSMasterKeyId"] == own_key
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == own_key
    for name in PERSONAL_QUEUES:
        assert QUEUES[name]["KmsMasterKeyId"] == {"Fn::If": ["HasCustomerKey", CUSTOMER_KEY, "alias/aws/sqs"]}
    assert TEMPLATE["Parameters"]["CustomerKeyArn"]["Default"] == ""


def test_every_role_has_a_name_that_the_policy_of_the_charitys_key_admits() -> None:
    """CloudFormation's names begin with that of the stack. A role with an explicit name would not."""
    for role in of_type("AWS::IAM::Role").values():
        assert "RoleName" not in role


# Queues and event sources.


def test_queues_are_encrypted_keep_14_days_and_have_dead_letter_queues() -> None:
    for name, queue in QUEUES.items():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert ("KmsMasterKeyId" in queue) is (name in PERSONAL_QUEUES)
        assert queue.get("SqsManagedSseEnabled") is (None if name in PERSONAL_QUEUES else True)
        is_dead_letter_queue = "DeadLetter" in name
        assert is_dead_letter_queue != ("RedrivePolicy" in queue)


def test_each_queue_policy_names_its_own_queue_only() -> None:
    """SQS refuses a policy whose statements name another queue, and the stack is not created."""
    policies = of_type("AWS::SQS::QueuePolicy")
    queues_with_policy = [queue["Ref"] for policy in policies.values() for queue in policy["Queues"]]
    assert len(queues_with_policy) == len(set(queues_with_policy)) == len(policies)
    for policy in policies.values():
        [queue] = policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}


def test_only_functions_that_send_to_their_own_queue_may_run_in_a_loop() -> None:
    """Lambda stops such a function after about 16 rounds, unless its RecursiveLoop is Allow."""
    looping = set()
    for name, function in FUNCTIONS.items():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS" and event["Properties"]["Queue"] in _queues_sent_to(name):
                looping.add(name)
    may_loop = {name for name, function in FUNCTIONS.items() if function.get("RecursiveLoop") == "Allow"}
    assert looping == may_loop == {"RunJob", "RunAddressJob"}


def _queues_sent_to(function: str) -> list[Any]:
    found: list[Any] = []
    for statement in statements(function):
        if "sqs:SendMessage" in str(statement["Action"]):
            found += statement["Resource"]
    return found


def test_event_sources_report_single_failures_and_streams_give_up_in_the_end() -> None:
    for function in FUNCTIONS.values():
        for event in function.get("Events", {}).values():
            source = event["Properties"]
            if event["Type"] == "Schedule":
                continue
            assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            if event["Type"] == "DynamoDB":
                assert source["StartingPosition"] == "TRIM_HORIZON"
                assert source["BisectBatchOnFunctionError"]
                assert 0 < source["MaximumRetryAttempts"] < 10000
                assert 0 < source["MaximumRecordAgeInSeconds"] < 24 * 3600
                dead_letters = source["DestinationConfig"]["OnFailure"]["Destination"]
                assert dead_letters == {"Fn::GetAtt": ["StreamDeadLetterQueue", "Arn"]}


@every_table
def test_a_tables_keys_are_those_of_the_code(table: str) -> None:
    properties = RESOURCES[table]["Properties"]
    schema = {each["KeyType"]: each["AttributeName"] for each in properties["KeySchema"]}
    key_names = [schema["HASH"], schema["RANGE"]]
    assert key_names == list(wire_key(keys.petition("slug"))) == list(keys.Key._fields[1:])
    types = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
    indexed = {"never_set"} if table == "SignaturesTable" else set()
    assert types == dict.fromkeys({*schema.values(), *indexed}, "S")


def test_an_empty_local_index_keeps_each_bucket_of_signatures_in_one_partition() -> None:
    """Otherwise two shards of the stream could have the changes of one bucket (docs/decisions/005)."""
    [index] = RESOURCES["SignaturesTable"]["Properties"]["LocalSecondaryIndexes"]
    assert [each["AttributeName"] for each in index["KeySchema"]] == ["pk", "never_set"]
    assert "never_set" not in Signature.model_fields
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_signatures_expire_by_expires_at_and_stream_both_images() -> None:
    signatures = RESOURCES["SignaturesTable"]["Properties"]
    assert signatures["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert "expires_at" in Signature.model_fields
    assert signatures["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
