"""What the template promises and the emulator cannot show."""

from typing import Any

import pytest

from stack.package import Package

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("build")]

Template = dict[str, Any]


@pytest.fixture(scope="module")
def template(built: Package) -> Template:
    return built.read_template()


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def test_tables_are_on_demand_encrypted_recoverable_and_protected(template: Template) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert tables.keys() == {"SignaturesTable", "CountsTable", "AuditTable"}
    for name, table in tables.items():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Protected", True, False]}
        assert template["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_no_table_is_protected_while_it_is_created(template: Template) -> None:
    """A creation that fails deletes what it made; a protected table would stop it in ROLLBACK_FAILED."""
    assert template["Parameters"]["Protect"]["Default"] == "no"
    assert template["Conditions"]["Protected"] == {"Fn::Equals": [{"Ref": "Protect"}, "yes"]}


def test_only_signatures_expire_and_stream(template: Template) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert tables["SignaturesTable"]["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert tables["SignaturesTable"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert tables["CountsTable"].keys().isdisjoint({"TimeToLiveSpecification", "StreamSpecification"})


def test_every_queue_keeps_14_days_encrypted_and_every_worked_queue_has_a_dead_letter_queue(template: Template) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    for name, queue in queues.items():
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue.get("SqsManagedSseEnabled") is True or queue["KmsMasterKeyId"] == "alias/aws/sqs"
        is_last = "DeadLetter" in name
        assert is_last != ("RedrivePolicy" in queue)


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_run(template: Template) -> None:
    functions = of_type(template, "AWS::Serverless::Function")
    queues = of_type(template, "AWS::SQS::Queue")
    for queue, function in (
        ("MailQueue", "SendMail"),
        ("OtherMailQueue", "SendOtherMail"),
        ("FeedbackQueue", "ReceiveFeedback"),
        ("OverflowQueue", "StoreOverflow"),
    ):
        assert queues[queue]["VisibilityTimeout"] >= 6 * functions[function]["Timeout"]


def test_each_queue_policy_names_one_queue_and_speaks_of_no_other(template: Template) -> None:
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


def test_only_functions_that_feed_their_own_queue_may_run_in_a_loop(template: Template) -> None:
    """Lambda stops such a function after about 16 rounds, unless it is told that the loop is meant."""
    functions = of_type(template, "AWS::Serverless::Function")
    roles = of_type(template, "AWS::IAM::Role")
    looping = {
        name
        for name, function in functions.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "SQS"
        and event["Properties"]["Queue"] in _queues_sent_to(roles[function["Role"]["Fn::GetAtt"][0]])
    }
    assert looping == {"RunExport"}
    allowed = {name for name, each in functions.items() if each.get("RecursiveLoop") == "Allow"}
    assert allowed == looping


def _queues_sent_to(role: dict[str, Any]) -> list[Any]:
    statements = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
    sending = [each["Resource"] for each in statements if "sqs:SendMessage" in str(each["Action"])]
    return [queue for found in sending for queue in (found if isinstance(found, list) else [found])]


def test_every_event_source_reports_single_failures_and_streams_never_block_for_ever(template: Template) -> None:
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
                assert "StreamDeadLetterQueue" in str(source["DestinationConfig"]["OnFailure"])


def test_only_the_two_that_change_single_signatures_and_the_workers_reach_them(template: Template) -> None:
    reach = {
        name.removesuffix("Role"): _actions_on(role, "SignaturesTable")
        for name, role in of_type(template, "AWS::IAM::Role").items()
    }
    assert {name: actions for name, actions in reach.items() if actions} == {
        "ApiHandler": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DescribeTable"},
        "Links": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "People": {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        "SendMail": {"dynamodb:UpdateItem"},
        "SendOtherMail": {"dynamodb:UpdateItem"},
        "SweepMail": {"dynamodb:Query", "dynamodb:UpdateItem"},
        "ReceiveFeedback": {"dynamodb:UpdateItem"},
        "StoreOverflow": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
        "RecountTallies": {"dynamodb:Query"},
        "RunExport": {"dynamodb:Query"},
    }


def _actions_on(role: dict[str, Any], table: str) -> set[str]:
    statements = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
    arn = {"Fn::GetAtt": [table, "Arn"]}
    return {action for each in statements if each["Resource"] == arn for action in each["Action"]}


def test_no_role_may_do_everything_or_reach_everything(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            assert "*" not in str(statement["Action"])
            assert statement["Resource"] != "*"
