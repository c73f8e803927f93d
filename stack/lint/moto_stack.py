"""Create a stack from the packaged template with moto, a simulation of AWS, to find errors in the template."""

import ast
import json
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

Template = dict[str, Any]
Policies = dict[str, dict[str, Any]]

_BUCKET, _CODE, _TEMPLATE, _STACK = "deployed", "code.zip", "template.json", "stack"
_SESSION = boto3.Session("test", "test", region_name="us-east-1")
_TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
}


def transform(template: Template) -> Template:
    """Return the template as AWS's Serverless transform expands it. This also changes `template`.

    moto ignores the body of a REST API. So give the API the name that its body has, and leave out its stage and
    deployment, which moto refuses for an API without methods.
    """
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": _BUCKET, "Key": _CODE}
    plain: Template = Translator({}, Parser(), boto_session=_SESSION).translate(template, {})
    for name, resource in list(plain["Resources"].items()):
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            resource["Properties"].setdefault("Name", "name")
        elif resource["Type"].startswith("AWS::ApiGateway::"):
            del plain["Resources"][name]
    return plain


def create_stack(template: Template) -> Policies:
    with mock_aws():
        s3 = _SESSION.client("s3")
        cloudformation = _SESSION.client("cloudformation")
        s3.create_bucket(Bucket=_BUCKET)
        s3.put_object(Bucket=_BUCKET, Key=_CODE, Body=b"")
        s3.put_object(Bucket=_BUCKET, Key=_TEMPLATE, Body=json.dumps(template).encode())
        address = f"https://{_BUCKET}.s3.amazonaws.com/{_TEMPLATE}"
        parameters = [{"ParameterKey": "Stage", "ParameterValue": "dev"}]
        cloudformation.create_stack(StackName=_STACK, TemplateURL=address, Parameters=parameters)
        return dict(_policies())


def _policies() -> list[tuple[str, dict[str, Any]]]:
    iam = _SESSION.client("iam")
    policies = []
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    for role in roles:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            # moto keeps CloudFormation's policies as the text of a Python value.
            if isinstance(document, str):
                document = ast.literal_eval(document)
            policies.append((role, document))
    return policies


def find_refused_policies(policies: Policies) -> list[str]:
    """Return one line for each policy that moto's IAM refuses: moto's CloudFormation does not check policies."""
    refusals = []
    with mock_aws():
        iam = _SESSION.client("iam")
        iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(_TRUST))
        for role, policy in policies.items():
            try:
                iam.put_role_policy(RoleName="role", PolicyName="policy", PolicyDocument=json.dumps(policy))
            except ClientError as error:
                refusals.append(f"{role}: moto's IAM: {error.response['Error']['Message']}")
    return refusals
