"""Apply the parts of the template that the emulator's CloudFormation ignores, with calls of the emulated services."""

from typing import Any

from stack.aws import Cloud
from stack.judge.model import Where
from stack.judge.resolve import Resolver
from stack.paths import REGION


def complete(cloud: Cloud, template: dict[str, Any], outputs: dict[str, str]) -> None:
    """Apply the parts of the template that the emulator ignored or stored wrongly. AWS does neither.

    Deploy the API last, because a deployment contains only the changes before it.
    """
    _enable_ttl(cloud, template, outputs)
    _repair_concurrency(cloud)
    _set_error_responses(cloud, template, outputs)
    _set_preflight_headers(cloud, template, outputs["RestAPIId"])
    _set_throttles(cloud, template, outputs["RestAPIId"])
    _deploy_api(cloud, template, outputs["RestAPIId"])


def verify_sender(cloud: Cloud, address: str) -> None:
    """Verify the sender's address in the emulated SES. On AWS, the owner confirms SES's email or sets DNS records."""
    identities = cloud.client("sesv2").list_email_identities()["EmailIdentities"]
    if address not in {identity["IdentityName"] for identity in identities}:
        cloud.client("sesv2").create_email_identity(EmailIdentity=address)


def _enable_ttl(cloud: Cloud, template: dict[str, Any], outputs: dict[str, str]) -> None:
    client = cloud.client("dynamodb")
    for logical, resource in template["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table" and "TimeToLiveSpecification" in resource["Properties"]:
            name = outputs[f"{logical}Name"]
            current = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            if current.get("TimeToLiveStatus") != "ENABLED":
                declared = resource["Properties"]["TimeToLiveSpecification"]
                client.update_time_to_live(TableName=name, TimeToLiveSpecification=declared)


def _repair_concurrency(cloud: Cloud) -> None:
    """Set each ScalingConfig again, because the emulator stored its numbers as text and then starts no function.

    botocore turns the text into a number when it reads the list.
    """
    client = cloud.client("lambda")
    pages = client.get_paginator("list_event_source_mappings").paginate()
    for page in pages:
        for mapping in page["EventSourceMappings"]:
            if "ScalingConfig" in mapping:
                client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"])


def _set_error_responses(cloud: Cloud, template: dict[str, Any], outputs: dict[str, str]) -> None:
    """Set the errors that API Gateway answers without calling our code."""
    declared = _definition(template).get("x-amazon-apigateway-gateway-responses", {})
    # Behind a CDN, some responses differ. They name no resource, so they need no account.
    parameters = {"EdgeDomain": outputs.get("EdgeArn", "")}
    responses = Resolver(template, parameters, Where(REGION, account="")).value(declared)
    for kind, response in responses.items():
        cloud.client("apigateway").put_gateway_response(restApiId=outputs["RestAPIId"], responseType=kind, **response)


def _set_preflight_headers(cloud: Cloud, template: dict[str, Any], api_id: str) -> None:
    """Set the CORS headers of each preflight. The template has them in the mock integration's response."""
    client = cloud.client("apigateway")
    api_resources = client.get_resources(restApiId=api_id, limit=500)["items"]
    resource_ids = {item["path"]: item["id"] for item in api_resources}
    for path, methods in _definition(template)["paths"].items():
        integration = methods.get("options", {}).get("x-amazon-apigateway-integration", {})
        if integration.get("type") == "mock":
            headers = integration["responses"]["default"]["responseParameters"]
            _set_headers_of_method(client, api_id, resource_ids[path], headers)


def _set_headers_of_method(client: Any, api_id: str, resource_id: str, headers: dict[str, str]) -> None:
    method = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "OPTIONS", "statusCode": "200"}
    # False: the API need not send the header.
    client.put_method_response(**method, responseParameters=dict.fromkeys(headers, False))
    client.put_integration_response(**method, responseParameters=headers)


def _set_throttles(cloud: Cloud, template: dict[str, Any], api_id: str) -> None:
    """Set the throttle of each route. The emulator takes only the default from the template.

    The other throttles have paths with ~1 in place of /, such as /~1api~1petitions. The emulator reads ~1 in calls of
    UpdateStage, but not in templates.
    """
    api = template["Resources"]["RestAPI"]["Properties"]
    operations = []
    for setting in api["MethodSettings"]:
        path = f"{setting['ResourcePath']}/{setting['HttpMethod']}/throttling"
        limits = {"rateLimit": setting["ThrottlingRateLimit"], "burstLimit": setting["ThrottlingBurstLimit"]}
        for name, number in limits.items():
            operations.append({"op": "replace", "path": f"{path}/{name}", "value": str(number)})
    cloud.client("apigateway").update_stage(restApiId=api_id, stageName=api["StageName"], patchOperations=operations)


def _deploy_api(cloud: Cloud, template: dict[str, Any], api_id: str) -> None:
    """Create a deployment of the API. Without it, the API's stage would go on serving the previous version."""
    stage = template["Resources"]["RestAPI"]["Properties"]["StageName"]
    cloud.client("apigateway").create_deployment(restApiId=api_id, stageName=stage)


def _definition(template: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    return body
