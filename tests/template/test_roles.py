"""Each function has a role of its own, which allows no more than the function needs."""

import json

from stack.template.functions import logical_id
from stack.template.rights import RIGHTS, declared_policies
from tests.template.packaged import (
    CONFIG,
    FUNCTIONS,
    actions_allowed,
    every_function,
    of_type,
    registered_functions,
    statements,
    statements_about,
)

# IAM has no resource type for these actions, so they need "*".
WITHOUT_RESOURCE = (["dynamodb:ListStreams"], ["ses:GetAccount"], ["ses:GetSuppressedDestination"])

# The attributes of a signature that say who signed, and what they wrote. `typed` holds a name that its owner has not
# confirmed.
WHO = {"name", "email", "postcode", "typed", "letter", "letter_asked"}


def test_every_function_has_its_own_role_and_policy() -> None:
    assert CONFIG["autogen_policy"] is False
    assert RIGHTS.keys() == CONFIG["lambda_functions"].keys() == registered_functions()
    for name, policy in declared_policies().items():
        assert statements(logical_id(name)) == policy["Statement"]
    roles = [json.dumps(each["Role"]) for each in FUNCTIONS.values()]
    assert len(set(roles)) == len(roles) == len(RIGHTS)


@every_function
def test_no_policy_has_a_wildcard_action_or_resource(function: str) -> None:
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert "*" not in "".join(statement["Action"])
        assert ("*" in statement["Resource"]) is (statement["Action"] in WITHOUT_RESOURCE)


@every_function
def test_a_role_is_the_same_on_the_emulator_and_on_aws(function: str) -> None:
    assert "Fn::If" not in json.dumps(statements(function))


def test_counts_and_authorizer_have_no_access_to_signatures() -> None:
    for function in ("Counts", "Authorizer"):
        assert "SignaturesTable" not in json.dumps(statements(function))


@every_function
def test_no_function_can_access_every_partition_of_the_counts_table(function: str) -> None:
    for each in statements_about(function, "CountsTable"):
        assert "dynamodb:LeadingKeys" in json.dumps(each) or each["Action"] == ["dynamodb:DescribeTable"]


@every_function
def test_a_role_can_write_the_log_of_its_function(function: str) -> None:
    [log] = [each for each in statements(function) if "logs:PutLogEvents" in each["Action"]]
    assert f"/aws/lambda/${{AWS::StackName}}-{function}-*" in log["Resource"][0]["Fn::Sub"]


def test_every_log_has_a_retention_time() -> None:
    groups = of_type("AWS::Logs::LogGroup").values()
    kept = {group["LogGroupName"]["Fn::Sub"]: group["RetentionInDays"] for group in groups}
    assert kept.keys() == {f"/aws/lambda/${{{function}}}" for function in FUNCTIONS}
    assert all(0 < days <= 90 for days in kept.values())


def test_the_audit_trail_is_append_only() -> None:
    """Only the code makes sure that a put does not overwrite an entry: IAM has no condition for that."""
    allowed = {name: actions_allowed(name, "AuditTable") for name in FUNCTIONS}
    assert allowed.pop("Manage") == {"dynamodb:PutItem", "dynamodb:Query"}
    for others_actions in allowed.values():
        assert others_actions <= {"dynamodb:PutItem"}


def test_exports_read_names_and_no_addresses_and_only_the_list_of_subscribers_reads_both() -> None:
    """Other functions that query signatures read neither. The judge's tests show that each needs what it may read."""
    seen: dict[str, set[str]] = {}
    for function in FUNCTIONS:
        for each in statements_about(function, '"SignaturesTable", "Arn"'):
            if "dynamodb:Query" in each["Action"]:
                assert each["Action"] == ["dynamodb:Query"]
                select = each["Condition"]["StringEquals"]
                if select == {"dynamodb:Select": ["COUNT"]}:
                    continue  # It may only learn how many items match.
                assert select == {"dynamodb:Select": ["SPECIFIC_ATTRIBUTES"]}
                readable = each["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]
                seen.setdefault(function, set()).update({*readable} & WHO)
    assert seen == {
        "RecountTallies": set(),
        "CheckMail": set(),
        "RunJob": {"name", "postcode"},
        "RunAddressJob": {"name", "email"},
    }
