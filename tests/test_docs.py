"""The documentation names only existing files, tests and links. Its policy for the deployer allows every deployment."""

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from stack.paths import ROOT
from stack.template.merge import merge_template
from stack.us_east_1 import us_east_1

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
# Folders in the repository. A page may also name files that a command makes or the reader writes.
FOLDERS = "tests|chalicelib|stack|commands|benchmarks|docs|[.]chalice"
POLICY = json.loads((DOCS / "deployer-policy.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(rf"`((?:{FOLDERS})/[\w/.-]+\.\w+)`", page.read_text(encoding="utf-8")))
    elsewhere = {
        ".chalice/constituencies.csv",
        ".chalice/members.csv",
        ".chalice/constituencies.hexjson",
        "benchmarks/results.json",
    }
    assert [name for name in named - elsewhere if not (ROOT / name).exists()] == []


def test_each_row_about_an_attacker_or_accessibility_names_a_test_and_a_known_risk() -> None:
    risks = {f"API{number}" for number in range(1, 11)}
    security, accessibility = (
        (DOCS / name).read_text(encoding="utf-8") for name in ("security.md", "accessibility.md")
    )
    attackers = security.partition("## Attackers")[2].partition("\n## ")[0]
    rows = [*rows_of(attackers), *rows_of(accessibility)]
    assert len(rows) > 15
    assert [row for row in rows if "`tests/" not in row] == []
    assert {risk for row in rows_of(attackers) for risk in row.split("|")[-2].strip().split(", ")} == risks


def rows_of(section: str) -> list[str]:
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(((?!https?:)[^)\s]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return anchor == "" or anchor in anchors(target)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in words}


@pytest.mark.parametrize(
    ("page", "pattern", "template", "named"),
    [
        ("evening-news.md", r'EDGE_SET="(\w+)=(\w+)"', us_east_1(), ("Blocks", "yes")),
        ("deploy.md", r'[" ](Budget\w+)=([^" ]+)', merge_template(), ("BudgetDollars", "200")),
    ],
)
def test_a_page_sets_only_parameters_that_exist_to_values_that_are_allowed(
    page: str, pattern: str, template: dict[str, Any], named: tuple[str, str]
) -> None:
    settings = re.findall(pattern, (DOCS / page).read_text(encoding="utf-8"))
    assert named in settings
    for name, value in settings:
        parameter = template["Parameters"][name]
        assert value in parameter.get("AllowedValues", [value])
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value)


def granted_actions() -> list[str]:
    """Return every action of the deployer's policy, with its wildcards."""
    return [action for statement in POLICY["Statement"] for action in statement["Action"]]


def is_about(statement: dict[str, Any], arn: str) -> bool:
    resources = statement["Resource"]
    patterns = [resources] if isinstance(resources, str) else resources
    return any(fnmatchcase(arn, pattern) for pattern in patterns if pattern != "*")


# A deployment of each type needs these, among others. Source: `handlers` in CloudFormation's schemas, as cfn-lint ships
# them. A type that is not here fails the test: give its actions to the deployer first.
NEEDED_ACTIONS = {
    "AWS::Budgets::Budget": ("budgets:ModifyBudget", "budgets:ViewBudget", "budgets:TagResource"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard"),
    "AWS::DynamoDB::Table": (
        "dynamodb:CreateTable", "dynamodb:DescribeTable", "dynamodb:UpdateTable", "dynamodb:DeleteTable",
        "dynamodb:UpdateTimeToLive", "dynamodb:UpdateContinuousBackups",
    ),
    "AWS::Lambda::Permission": ("lambda:AddPermission", "lambda:RemovePermission"),
    "AWS::Logs::MetricFilter": ("logs:PutMetricFilter", "logs:DeleteMetricFilter", "logs:DescribeMetricFilters"),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
    "AWS::S3::Bucket": ("s3:CreateBucket", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"),
    "AWS::S3::BucketPolicy": ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    "AWS::SES::ConfigurationSet": ("ses:CreateConfigurationSet", "ses:DeleteConfigurationSet"),
    **{
        f"AWS::CloudFront::{kind}": tuple(f"cloudfront:{verb}{kind}" for verb in ("Create", "Get", "Update", "Delete"))
        for kind in ("CachePolicy", "Distribution", "OriginRequestPolicy")
    },
    # The last one: stack/us_east_1.py tells the deployer to look for the certificate's record.
    "AWS::CertificateManager::Certificate": (
        "acm:RequestCertificate", "acm:DescribeCertificate", "acm:ListCertificates",
    ),
    "AWS::WAFv2::WebACL": ("wafv2:CreateWebACL", "wafv2:GetWebACL", "wafv2:UpdateWebACL", "wafv2:DeleteWebACL"),
    "AWS::SES::ConfigurationSetEventDestination": ("ses:CreateConfigurationSetEventDestination",),
    "AWS::SES::EmailIdentity": (
        "ses:CreateEmailIdentity", "ses:GetEmailIdentity", "ses:PutEmailIdentityMailFromAttributes",
    ),
    "AWS::SNS::Subscription": ("sns:Subscribe", "sns:Unsubscribe"),
    "AWS::SNS::Topic": ("sns:CreateTopic", "sns:DeleteTopic"),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes",),
    "AWS::SQS::Queue": ("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes"),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes",),
    "AWS::SecretsManager::Secret": (
        "secretsmanager:CreateSecret", "secretsmanager:GetRandomPassword", "secretsmanager:GetSecretValue",
    ),
    # What SAM makes of functions, their events and the API.
    # The last one: for the policy that refuses requests that do not come through CloudFront.
    "AWS::CloudFront::Function": tuple(f"cloudfront:{verb}Function" for verb in ("Create", "Describe", "Publish")),
    "AWS::Serverless::Api": (
        "apigateway:POST", "apigateway:PATCH", "apigateway:DELETE", "apigateway:UpdateRestApiPolicy",
    ),
    "AWS::Serverless::Function": (
        "lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        "lambda:PutFunctionConcurrency", "lambda:PutFunctionRecursionConfig",
        "lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping",
        *(f"lambda:{verb}FunctionEventInvokeConfig" for verb in ("Put", "Get", "Update", "Delete")),
        "iam:CreateRole", "iam:PassRole", "iam:PutRolePolicy", "events:PutRule", "events:PutTargets",
    ),
    # What stack/deploy.py calls.
    "make deploy": (
        "sts:GetCallerIdentity",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:DescribeChangeSet",
        "cloudformation:DeleteChangeSet",
        "cloudformation:DescribeStacks",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeEvents",
        "cloudformation:DeleteStack",
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:UpdateTerminationProtection",
        "apigateway:GET",
        "s3:PutObject",
        "s3:GetObject",
        "s3:PutBucketPublicAccessBlock",
    ),
}  # fmt: skip


def test_the_deployer_may_do_what_a_deployment_does() -> None:
    patterns = granted_actions()
    for actions in NEEDED_ACTIONS.values():
        for action in actions:
            assert any(fnmatchcase(action, pattern) for pattern in patterns), action


@pytest.mark.parametrize("resource", ["function:petitions-dev-Links", "event-source-mapping:0f0e0d0c"])
def test_the_deployer_may_tag_functions_and_event_sources(resource: str) -> None:
    """CloudFormation adds tags of its own to both when it creates them (docs/aws-facts.md)."""
    arn = f"arn:aws:lambda:eu-west-2:<account>:{resource}"
    allowed: set[str] = set()
    for statement in POLICY["Statement"]:
        if is_about(statement, arn):
            allowed.update(statement["Action"])
    assert {"lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"} <= allowed


def test_the_deployers_policy_is_valid_and_short_enough() -> None:
    assert POLICY["Version"] == "2012-10-17"
    assert len(json.dumps(POLICY, separators=(",", ":"))) < 10_240, "a role's inline policies together"
    for statement in POLICY["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Resource"]
    for action in granted_actions():
        assert re.fullmatch(r"[a-z0-9]+:\w+[\w*]*", action), action


def test_every_resource_type_of_the_template_is_in_the_deployers_policy() -> None:
    resources = [*merge_template()["Resources"].values(), *us_east_1()["Resources"].values()]
    types = {resource["Type"] for resource in resources if "Type" in resource}
    assert types - NEEDED_ACTIONS.keys() == set()
