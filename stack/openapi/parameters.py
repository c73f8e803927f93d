"""The parameters of queries, and references to other parameters and to headers, which components.json describes."""

from typing import Any

from chalicelib.projections.api import ALL, MAX_TOP
from chalicelib.projections.dimensions import Dimension
from chalicelib.projections.funnel import FunnelBy
from chalicelib.staff.audit.api import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.tallies.model import TallyDimension

Node = dict[str, Any]
TEXT: Node = {"type": "string"}

# The names of headers, by their components in components.json.
_HEADERS = {
    "CacheControl": "Cache-Control",
    "RetryAfter": "Retry-After",
    "Revision": "ETag",
    "Download": "Content-Disposition",
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
    **{f"show_{what}.token": _TOKEN for what in ("confirmation", "withdrawal", "unsubscription", "stop", "my_move")},
}


def query_parameter(view: str, name: str, description: str) -> Node:
    details = _DETAILS.get(f"{view}.{name}", _DETAILS.get(name, {}))
    return {"name": name, "in": "query", "description": description, "schema": TEXT, **details}


def parameter(name: str) -> Node:
    return {"$ref": f"#/components/parameters/{name}"}


def header(component: str) -> tuple[str, Node]:
    """Return the header's name, and a reference to its component."""
    return _HEADERS.get(component, component), {"$ref": f"#/components/headers/{component}"}
