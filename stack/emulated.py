"""What the emulator drops from a template, put back through its API from the template itself."""

from typing import Any

from stack.aws import Cloud

_TABLES = {"SignaturesTable": "SignaturesTableName", "CountsTable": "CountsTableName", "AuditTable": "AuditTableName"}


def complete(cloud: Cloud, template: dict[str, Any], outputs: dict[str, str]) -> None:
    """Bring an emulated stack up to its template. AWS does all of this by itself."""
    _expire_items(cloud, template, outputs)
    _count_workers(cloud)
    _answer_errors(cloud, template, outputs["RestAPIId"])
    _answer_preflights(cloud, template, outputs["RestAPIId"])
    _publish(cloud, template, outputs["RestAPIId"])


def verify_sender(cloud: Cloud, address: str) -> None:
    """Let the address send; on AWS somebody answers SES's mail or sets DNS records."""
    known = cloud.client("sesv2").list_email_identities()["EmailIdentities"]
    if address not in {identity["IdentityName"] for identity in known}:
        cloud.client("sesv2").create_email_identity(EmailIdentity=address)


def _expire_items(cloud: Cloud, template: dict[str, Any], outputs: dict[str, str]) -> None:
    client = cloud.client("dynamodb")
    for logical, output in _TABLES.items():
        wanted = template["Resources"][logical]["Properties"].get("TimeToLiveSpecification")
        name = outputs[output]
        current = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if wanted and current.get("TimeToLiveStatus") != "ENABLED":
            client.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


def _count_workers(cloud: Cloud) -> None:
    """A number that comes from a parameter is stored as text there, and the event source then starts nothing."""
    client = cloud.client("lambda")
    pages = client.get_paginator("list_event_source_mappings").paginate()
    for mapping in [each for page in pages for each in page["EventSourceMappings"] if "ScalingConfig" in each]:
        client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=mapping["ScalingConfig"])


def _answer_errors(cloud: Cloud, template: dict[str, Any], api: str) -> None:
    declared = _definition(template).get("x-amazon-apigateway-gateway-responses", {})
    for kind, response in declared.items():
        cloud.client("apigateway").put_gateway_response(restApiId=api, responseType=kind, **response)


def _answer_preflights(cloud: Cloud, template: dict[str, Any], api: str) -> None:
    """CORS headers of OPTIONS: they live in the mock integration's response."""
    client = cloud.client("apigateway")
    found = client.get_resources(restApiId=api, limit=500)["items"]
    resources = {item["path"]: item["id"] for item in found}
    for path, methods in _definition(template)["paths"].items():
        if "options" in methods:
            _answer_preflight(client, api, resources[path], methods["options"])


def _answer_preflight(client: Any, api: str, resource: str, operation: dict[str, Any]) -> None:
    where = {"restApiId": api, "resourceId": resource, "httpMethod": "OPTIONS", "statusCode": "200"}
    headers = operation["x-amazon-apigateway-integration"]["responses"]["default"]
    parameters = headers["responseParameters"]
    client.put_method_response(**where, responseParameters=dict.fromkeys(parameters, False))
    client.put_integration_response(**where, responseParameters=parameters)


def _publish(cloud: Cloud, template: dict[str, Any], api: str) -> None:
    """A stage serves what its deployment captured, so what was just put needs a new one."""
    stage = template["Resources"]["RestAPI"]["Properties"]["StageName"]
    cloud.client("apigateway").create_deployment(restApiId=api, stageName=stage)


def _definition(template: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    return body
