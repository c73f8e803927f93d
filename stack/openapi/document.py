"""The whole OpenAPI document, and the text of the committed file openapi.json."""

import json
from pathlib import Path
from typing import Any

from chalicelib import VERSION
from chalicelib.edge.answers import ProblemDetails
from chalicelib.edge.routes import views
from stack.openapi.parameters import components
from stack.openapi.paths import operation_of
from stack.openapi.petitions import with_schema_for_edits
from stack.openapi.problems import responses
from stack.openapi.schemas import schemas
from stack.openapi.views import shapes_of
from stack.paths import ROOT

FILE = ROOT / "chalicelib" / "edge" / "openapi.json"
DESCRIPTION = Path(__file__).with_name("description.md")
EXAMPLES = Path(__file__).with_name("examples.json")
SERVER = (
    "Relative to this document, so that it works behind a custom domain and behind an API stage: `/api/openapi.json` "
    "means `/`, and `/site/api/openapi.json` means `/site/`."
)
WIDTH = 120
TAGS = {
    "petitions": "Public JSON, from any origin.",
    "pages": "The hosted form, HTML.",
    "links": "The links in our emails, HTML. GET shows a page, and POST does what the page offers. Both are "
    "safe to repeat.",
    "staff": "Needs a staff token.",
    "partners": "Signatures from other sites. Needs a partner's token.",
    "site": "The site itself.",
}
STAFF = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "staff_<id>_<secret>",
    "description": "A staff token with the right that the route needs, issued by staff or engineers (`make token`). "
    "401 without a token, 403 without the right.",
}

PARTNER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "staff_<id>_<secret>",
    "description": "A partner's token, issued by staff. It can only send signatures of that partner.",
}
OSDI = {
    "type": "apiKey",
    "in": "header",
    "name": "OSDI-API-Token",
    "description": "The same token, in the header that OSDI names. A token in the query is not accepted.",
}

Node = dict[str, Any]


def document() -> Node:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Petitions",
            "version": VERSION,
            "summary": "Petitions of a children's charity: sign, confirm and count.",
            "description": DESCRIPTION.read_text(encoding="utf-8").strip(),
        },
        "servers": [{"url": "..", "description": SERVER}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"staff": STAFF, "partner": PARTNER, "osdi": OSDI},
            "schemas": _schemas(),
            "responses": responses(),
            **components(),
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
