"""The template's guarantees, and AWS's rules that neither the emulator nor a linter checks."""

import json
import re
from typing import Any

import pytest

from stack.paths import ROOT
from tests.stack.conftest import Template, of_type

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("build")]

# They hold names and addresses.
PERSONAL_QUEUES = {"OverflowQueue", "OverflowDeadLetterQueue"}
HOLDERS = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::SES::EmailIdentity")
NOTHING = {"Ref": "AWS::NoValue"}
OWN_KEY = {"Ref": "CustomerKeyArn"}


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]


# Data.


def test_data_is_kept_when_the_stack_is_deleted_but_not_after_a_failed_creation(template: Template) -> None:
    resources = template["Resources"]
    holders = {name for name, each in resources.items() if each["Type"] in HOLDERS} | PERSONAL_QUEUES
    kept = {name for name, each in resources.items() if each.get("DeletionPolicy") == "RetainExceptOnCreate"}
    assert kept == holders
    assert {name for name, each in resources.items() if each.get("UpdateReplacePolicy") == "Retain"} == holders


def test_tables_are_on_demand_encrypted_recoverable_and_protected(template: Template) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    for table in tables.values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert {"SSEEnabled": True, "SSEType": "KMS"}.items() <= table["SSESpecification"].items()
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}
        assert not {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} & table.keys()


def test_no_table_is_protected_while_it_is_created(template: Template) -> None:
    """A failed creation deletes its resources. A protected table would stop that in ROLLBACK_FAILED."""
    assert template["Parameters"]["Protect"]["Default"] == "no"
    assert template["Conditions"]["Protected"] == {"Fn::Equals": [{"Ref": "Protect"}, "yes"]}


def test_counts_and_the_activity_log_do_not_expire(template: Template) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert not [name for name in ("CountsTable", "AuditTable") if "TimeToLiveSpecification" in tables[name]]


def test_the_charitys_own_key_encrypts_everything_that_holds_names(template: Template) -> None:
    signatures = of_type(template, "AWS::DynamoDB::Table")["SignaturesTable"]["SSESpecification"]
    bucket = of_type(template, "AWS::S3::Bucket")["ExportsBucket"]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert signatures["KMSMasterKeyId"] == {"Fn::If": ["HasCustomerKey", OWN_KEY, NOTHING]}
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::If": ["HasCustomerKey", OWN_KEY, NOTHING]}
    queues = of_type(template, "AWS::SQS::Queue")
    for name in PERSONAL_QUEUES:
        assert queues[name]["KmsMasterKeyId"] == {"Fn::If": ["HasCustomerKey", OWN_KEY, "alias/aws/sqs"]}
    assert template["Parameters"]["CustomerKeyArn"]["Default"] == ""


def test_functions_may_use_the_key_through_these_services_only(template: Template) -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```json\n(\{.*?\n\})\n```", text, re.DOTALL)
    [using] = [each for each in json.loads(code)["Statement"] if each["Sid"] == "FunctionsUseIt"]
    services = {each.partition(".")[0] for each in using["Condition"]["StringEquals"]["kms:ViaService"]}
    assert services == {"dynamodb", "sqs", "s3"}
    pattern = using["Condition"]["ArnLike"]["aws:PrincipalArn"]
    assert pattern.endswith(":role/petitions-prod-*")
    # A role with an explicit name would not match the pattern.
    assert not [name for name, role in of_type(template, "AWS::IAM::Role").items() if "RoleName" in role]


# Queues and event sources.


def test_queues_are_encrypted_keep_14_days_and_have_dead_letter_queues(template: Template) -> None:
    for name, queue in of_type(template, "AWS::SQS::Queue").items():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert ("KmsMasterKeyId" in queue) is (name in PERSONAL_QUEUES)
        assert queue.get("SqsManagedSseEnabled") is (None if name in PERSONAL_QUEUES else True)
        is_last = "DeadLetter" in name
        assert is_last != ("RedrivePolicy" in queue)


def test_each_queue_policy_names_its_own_queue_only(template: Template) -> None:
    """SQS refuses a policy whose statements name another queue, and the stack is not created."""
    policies = of_type(template, "AWS::SQS::QueuePolicy")
    governed = [queue["Ref"] for policy in policies.values() for queue in policy["Queues"]]
    assert len(governed) == len(set(governed)) == len(policies)
    for policy in policies.values():
        [queue] = policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}


def test_sns_may_send_to_every_queue_of_its_subscription(template: Template) -> None:
    subscription = template["Resources"]["MailEventsSubscription"]["Properties"]
    targets = [subscription["Endpoint"], subscription["RedrivePolicy"]["deadLetterTargetArn"]]
    governed = [policy["Queues"][0]["Ref"] for policy in of_type(template, "AWS::SQS::QueuePolicy").values()]
    assert [target["Fn::GetAtt"][0] for target in targets] == governed


def test_only_functions_that_send_to_their_own_queue_may_run_in_a_loop(template: Template) -> None:
    """Lambda stops such a function after about 16 rounds, unless its RecursiveLoop is Allow."""
    functions = of_type(template, "AWS::Serverless::Function")
    roles = of_type(template, "AWS::IAM::Role")
    looping = {
        name
        for name, function in functions.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
        and event["Properties"]["Queue"] in _queues_sent_to(roles[function["Role"]["Fn::GetAtt"][0]])
    }
    assert looping == {"RunExport", "RunImport", "RunUpdate"}
    allowed = {name for name, each in functions.items() if each.get("RecursiveLoop") == "Allow"}
    assert allowed == looping


def _queues_sent_to(role: dict[str, Any]) -> list[Any]:
    sending = [each["Resource"] for each in statements(role) if "sqs:SendMessage" in str(each["Action"])]
    return [queue for found in sending for queue in (found if isinstance(found, list) else [found])]


def test_event_sources_report_single_failures_and_streams_give_up_in_the_end(template: Template) -> None:
    for function in of_type(template, "AWS::Serverless::Function").values():
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


# Roles.


def test_only_named_functions_reach_signatures(template: Template) -> None:
    reach = {
        name.removesuffix("Role"): _actions_on(role, "SignaturesTable")
        for name, role in of_type(template, "AWS::IAM::Role").items()
    }
    assert {name: actions for name, actions in reach.items() if actions} == {
        "ApiHandler": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DescribeTable"},
        "Links": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "Partners": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "People": {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        "SendMail": {"dynamodb:UpdateItem"},
        "SendOtherMail": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "SweepMail": {"dynamodb:Query", "dynamodb:UpdateItem"},
        "ReceiveFeedback": {"dynamodb:UpdateItem"},
        "StoreOverflow": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
        "RecountTallies": {"dynamodb:Query"},
        "RunExport": {"dynamodb:Query"},
        "RunImport": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "RunUpdate": {"dynamodb:Query"},
    }


def _actions_on(role: dict[str, Any], table: str) -> set[str]:
    arn = {"Fn::GetAtt": [table, "Arn"]}
    return {action for each in statements(role) if each["Resource"] == arn for action in each["Action"]}


def test_no_role_has_a_wildcard_action_or_resource(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            assert "*" not in str(statement["Action"])
            # Of all actions in use, only this one has no resource type.
            assert statement["Resource"] != "*" or statement["Action"] == ["dynamodb:ListStreams"]
