"""The parameters of requests and the headers of answers, each described once for all operations."""

from typing import Any

from chalicelib.projections.api import ALL, MAX_TOP
from chalicelib.projections.dimensions import Dimension
from chalicelib.projections.funnel import FunnelBy
from chalicelib.staff.audit.api import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.tallies.model import TallyDimension

Node = dict[str, Any]
TEXT: Node = {"type": "string"}

PARAMETERS: dict[str, Node] = {
    "slug": {"description": "The petition's name in URLs.", "example": "protect-trafficked-children"},
    "token": {"description": "The signed statement."},
    "code": {"description": "The end of a statement's short address.", "example": "k7mp2x"},
    "source": {"description": "The partner's source.", "example": "partner-oak"},
    "token_id": {"description": "The token's id, as in the list of tokens."},
    "signature_id": {"description": "The signature's id, as returned by the search."},
    "target": {"description": "The target's key, as in the petition's letter."},
    "update_id": {"description": "The update's id, as in the list of updates."},
    "reminders_id": {"description": "Their id, as in the list of reminders."},
    "export_id": {"description": "The export's id, as in the list of exports."},
    "digest": {"description": "The picture's digest, as in the petition.", "example": "0123456789abcdef"},
    "import_id": {"description": "The import's id, as in the list of imports."},
    "list_id": {"description": "The list's id, as in the list of lists."},
    "version": {
        "description": "Changes whenever one of these files changes. A request with an older version is answered too, "
        "but caches do not keep the answer.",
        "example": "0a1b2c3d",
    },
    "name": {"description": "The name of the file.", "example": "app.js"},
}
HEADER_PARAMETERS: dict[str, Node] = {
    "IfNoneMatch": {"name": "If-None-Match", "description": "The `ETag` of your cached answer."},
    "IfMatch": {
        "name": "If-Match",
        "description": "The ETag of the revision that you change. Without it, the answer is 428.",
        "example": '"7"',
    },
}
# By name of the component: the name of the header, and its description.
HEADERS: dict[str, tuple[str, Node]] = {
    "CacheControl": (
        "Cache-Control",
        {
            "description": "How long browsers and CDNs may keep the answer (RFC 9111), and how long they may use an "
            "old answer while they refresh it or we cannot answer (RFC 5861).",
            "schema": TEXT,
            "example": "public, max-age=5, stale-while-revalidate=1, stale-if-error=86400",
        },
    ),
    "ETag": (
        "ETag",
        {
            "description": "Identifies this version of the answer. Send it as `If-None-Match`.",
            "schema": TEXT,
            "example": 'W/"12345-20000"',
        },
    ),
    "RetryAfter": (
        "Retry-After",
        {
            "description": "Seconds to wait before you try again.",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
            "example": "5",
        },
    ),
    "Location": (
        "Location",
        {
            "description": "The page to show next, or the address of what was made.",
            "required": True,
            "schema": {"type": "string", "format": "uri-reference"},
            "example": "/petitions/protect-trafficked-children/thanks",
        },
    ),
    "Revision": (
        "ETag",
        {
            "description": "The revision in quotes. Send it as If-Match.",
            "required": True,
            "schema": {"type": "string", "pattern": '^"\\d+"$'},
        },
    ),
    "Download": ("Content-Disposition", {"description": "Marks the answer as a download.", "schema": TEXT}),
}
# The parameters of queries that several routes have. A view describes its other parameters in its docstring.
QUERIES = {
    "lang": "The code of a language, such as `cy`. Texts with a translation are shown in this language.",
    "source": "Stored with the signature: `[a-z0-9-]{1,40}`. Any other value is ignored.",
    "preview": "From a preview link made by staff. Shows the stored page before it is published. Never cached.",
    "v": "The version of the file. A new file has a new version, so that caches can keep a file for a year.",
    "embed": "`1` if the form is in a frame on another site. The next page is then shown in the frame too.",
    "token": "The token from the email. A POST may send it in the body instead.",
    "from": "First day (UTC), inclusive.",
    "to": "Last day (UTC), inclusive. Not before `from`.",
    "format": "`csv` for spreadsheets, like `Accept: text/csv`. Takes precedence over `Accept`. Any other value means "
    "JSON.",
    "member": "A constituency, as in `paused_members`: only the letters to its member of parliament.",
}
# What is not an optional text, by view and name, or by name only. A link with GET needs its token.
_DATE: Node = {"schema": {"type": "string", "format": "date"}}
_TOKEN: Node = {"required": True}
_DETAILS: dict[str, Node] = {
    "lang": {"example": "cy"},
    "from": {**_DATE, "example": "2026-11-01"},
    "to": {**_DATE, "example": "2026-11-24"},
    "read_audit.from": {},
    "read_audit.to": {},
    "format": {"schema": {"type": "string", "enum": ["csv", "json"]}},
    "member": {"example": "E14009991"},
    "read_counts.by": {"schema": {"type": "string", "enum": [*TallyDimension, *Dimension, ALL]}},
    "read_counts.top": {"schema": {"type": "integer", "minimum": 1, "maximum": MAX_TOP}},
    "read_funnel.by": {"schema": {"type": "string", "enum": [*FunnelBy], "default": "day"}},
    "read_audit.limit": {"schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}},
    "list_osdi_petitions.page": {"schema": {"type": "integer", "minimum": 1, "default": 1}},
    "start_import.partner": {"required": True, "example": "partner-oak"},
    "start_import.dry_run": {"schema": {"type": "string", "enum": ["true", "false"]}},
    "start_import.mapping": {"example": '{"email": "E-mail", "name": ["Forename", "Surname"]}'},
    "start_import.zone": {"example": "Europe/Dublin"},
    **{f"show_{what}.token": _TOKEN for what in ("confirmation", "withdrawal", "unsubscription", "stop")},
}


def query_parameter(view: str, name: str, description: str) -> Node:
    details = _DETAILS.get(f"{view}.{name}", _DETAILS.get(name, {}))
    return {"name": name, "in": "query", "description": description, "schema": TEXT, **details}


def components() -> dict[str, Node]:
    in_path = {
        name: {"name": name, "in": "path", "required": True, "schema": TEXT, **each}
        for name, each in PARAMETERS.items()
    }
    in_header = {name: {"in": "header", "schema": TEXT, **each} for name, each in HEADER_PARAMETERS.items()}
    headers = {component: description for component, (_header_name, description) in HEADERS.items()}
    return {"parameters": in_path | in_header, "headers": headers}


def parameter(name: str) -> Node:
    return {"$ref": f"#/components/parameters/{name}"}


def header(component: str) -> tuple[str, Node]:
    """Return the header's name, and a reference to its component."""
    name, _ = HEADERS[component]
    return name, {"$ref": f"#/components/headers/{component}"}
