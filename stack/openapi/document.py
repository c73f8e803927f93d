"""The whole OpenAPI document, and the text of the committed file openapi.json."""

import json
from pathlib import Path
from typing import Any

from chalicelib import VERSION
from chalicelib.edge.answers import ProblemDetails
from chalicelib.edge.routes import views
from stack.openapi.paths import operation_of
from stack.openapi.petitions import with_schema_for_edits
from stack.openapi.problems import responses
from stack.openapi.schemas import schemas
from stack.openapi.views import shapes_of
from stack.paths import ROOT

FILE = ROOT / "chalicelib" / "edge" / "openapi.json"
DESCRIPTION = Path(__file__).with_name("description.md")
# What is written in OpenAPI itself: tags, security schemes, headers, and the parameters that are not in the query.
COMPONENTS = Path(__file__).with_name("components.json")
EXAMPLES = Path(__file__).with_name("examples.json")
SERVER = (
    "Relative to this document, so that it works behind a custom domain and behind an API stage: `/api/openapi.json` "
    "means `/`, and `/site/api/openapi.json` means `/site/`."
)
WIDTH = 120
Node = dict[str, Any]


def document() -> Node:
    written = json.loads(COMPONENTS.read_text(encoding="utf-8"))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Petitions",
            "version": VERSION,
            "summary": "Petitions of a children's charity: sign, confirm and count.",
            "description": DESCRIPTION.read_text(encoding="utf-8").strip(),
        },
        "servers": [{"url": "..", "description": SERVER}],
        "tags": written["tags"],
        "paths": _paths(),
        "components": {
            "securitySchemes": written["securitySchemes"],
            "schemas": _schemas(),
            "responses": responses(),
            "parameters": written["parameters"],
            "headers": written["headers"],
        },
    }


def document_text(whole: Node) -> str:
    return _json(whole, "") + "\n"


def _json(value: Any, indent: str) -> str:
    """Return the value as JSON: one line if it fits, else each of its parts on a new line."""
    line = json.dumps(value, ensure_ascii=False)
    fits = len(indent + line) <= WIDTH
    has_parts = isinstance(value, (dict, list))
    if fits or not has_parts:
        return line
    inner = indent + " "
    if isinstance(value, dict):
        opening, closing = "{", "}"
        parts = [f"{json.dumps(name)}: {_json(each, inner)}" for name, each in value.items()]
    else:
        opening, closing = "[", "]"
        parts = [_json(each, inner) for each in value]
    lines = f",\n{inner}".join(parts)
    return f"{opening}\n{inner}{lines}\n{indent}{closing}"


def _paths() -> Node:
    paths: dict[str, Node] = {}
    for route, view in views().items():
        paths.setdefault(route.path, {})[route.method.lower()] = operation_of(route, view)
    return paths


def _schemas() -> Node:
    shapes = [shapes_of(view) for view in views().values()]
    # `str` stands for any text and `dict` for any object: they need no schema.
    bodies = [each.body for each in shapes if each.body not in (None, str)]
    answers = [each.answer for each in shapes if each.answer not in (None, dict)]
    found = with_schema_for_edits(schemas(bodies, [ProblemDetails, *answers]))
    for name, examples in json.loads(EXAMPLES.read_text(encoding="utf-8")).items():
        found[name]["examples"] = examples
    return found
