"""Which function serves a route, as the template's API definition says."""

import re
from collections.abc import Mapping
from typing import Any

_FUNCTION = re.compile(r"\$\{(\w+)\.Arn\}")
DEFAULT = "APIHandler"


def function_of(template: Mapping[str, Any], method: str, path: str) -> str:
    """Logical id of the function. Chalice sends every route that the template does not bind to its own function."""
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    operation = paths.get(path, {}).get(method.lower(), {})
    uri = operation.get("x-amazon-apigateway-integration", {}).get("uri", {}).get("Fn::Sub", "")
    found = _FUNCTION.search(uri)
    return found.group(1) if found else DEFAULT
