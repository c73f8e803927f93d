"""The served OpenAPI document and its schemas."""

import json
from collections.abc import Iterator
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from stack.openapi.document import FILE

SPEC: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def resolve(node: Any) -> Any:
    while "$ref" in node:
        *_, kind, name = node["$ref"].split("/")
        node = SPEC["components"][kind][name]
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def answers(operation: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {int(status): resolve(answer) for status, answer in operation["responses"].items()}


def validator(schema: dict[str, Any]) -> OAS31Validator:
    """Include the components, because references start at the root of the document."""
    return OAS31Validator({**schema, "components": SPEC["components"]}, format_checker=oas31_format_checker)


def schema_errors(value: object, schema: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(value)]
