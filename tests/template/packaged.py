"""The template that Chalice packages for production, and its parts. The tests of the template import them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib.core import keys
from stack.template.application import application_template
from stack.template.tables import table_id

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text())

Resource = dict[str, Any]


TEMPLATE = application_template(app, "prod")
RESOURCES: dict[str, Resource] = TEMPLATE["Resources"]
API: Resource = RESOURCES["RestAPI"]["Properties"]["DefinitionBody"]
TABLES = {name: table_id(name) for name in keys.TABLES}
EDGE_PARAMETERS = {"EdgeDomain": "site.localhost"}
"""Parameters with which the stack has a CDN."""


def of_type(kind: str) -> dict[str, Resource]:
    """Return the properties of each resource of this type, by its logical id."""
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


FUNCTIONS = of_type("AWS::Serverless::Function")
QUEUES = of_type("AWS::SQS::Queue")
every_function = pytest.mark.parametrize("function", sorted(FUNCTIONS))
every_table = pytest.mark.parametrize("table", TABLES.values())


def registered_functions() -> set[str]:
    """Return the names of the functions that app.py registers, and of the one that serves the API."""
    handlers = app.pure_lambda_functions + app.event_sources + list(app.builtin_auth_handlers)
    return {"api_handler", *(handler.name for handler in handlers)}


def events(kind: str) -> dict[str, Resource]:
    """Return the properties of the events of this type, by the function that receives them."""
    found: dict[str, Resource] = {}
    for name, function in FUNCTIONS.items():
        for event in function.get("Events", {}).values():
            if event["Type"] == kind:
                found[name] = event["Properties"]
    return found


def statements(function: str) -> list[Resource]:
    """Return the statements of the function's role."""
    role = RESOURCES[logical_id(FUNCTIONS[function]["Role"])]
    found: list[Resource] = []
    for policy in role["Properties"]["Policies"]:
        found += policy["PolicyDocument"]["Statement"]
    return found


def statements_about(function: str, resource: str) -> list[Resource]:
    """Return the statements of the function's role that name the resource."""
    return [each for each in statements(function) if resource in json.dumps(each["Resource"])]


def functions_allowed(text: str) -> set[str]:
    """Return the functions whose role contains this text, which is a part of an action or a resource."""
    return {name for name in FUNCTIONS if text in json.dumps(statements(name))}


def logical_id(reference: Resource) -> str:
    """Return the logical id of the resource that a Ref or Fn::GetAtt names."""
    found: str = reference.get("Ref") or reference["Fn::GetAtt"][0]
    return found


def actions_allowed(function: str, resource: str) -> set[str]:
    """Return the actions that the function's role allows on the resource."""
    return {action for statement in statements_about(function, resource) for action in statement["Action"]}


def environment_of(function: str) -> Resource:
    """Return the global environment variables and the function's own."""
    own: Resource = FUNCTIONS[function].get("Environment", {}).get("Variables", {})
    return {**TEMPLATE["Globals"]["Function"]["Environment"]["Variables"], **own}


def integrations() -> Iterator[tuple[str, str, str]]:
    """Yield method, path, and the logical name of the function that answers."""
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            if method != "options":
                uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
                [function] = re.findall(r"\$\{(\w+)\.Arn\}", uri)
                yield method.upper(), path, function


LIMITS = {
    (each["ResourcePath"].replace("~1", "/").replace("//", "/"), each["HttpMethod"]): each
    for each in RESOURCES["RestAPI"]["Properties"]["MethodSettings"]
}
