"""The operation of a route in the document: derived from its declaration, its docstring and its types."""

from collections.abc import Iterable
from typing import Any

from chalicelib.core.rights import Right
from chalicelib.edge.http import FORM, JSON
from chalicelib.edge.route import Route
from chalicelib.partners.osdi.read import HAL
from chalicelib.projections.api import ALL, MAX_TOP
from chalicelib.projections.dimensions import Dimension
from chalicelib.projections.funnel import FunnelBy
from chalicelib.staff.audit.api import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.tallies.model import TallyDimension
from stack.openapi.problems import PROBLEMS, too_large
from stack.openapi.schemas import TEXT, reference
from stack.openapi.views import Shapes, Texts, View, shapes_of, texts_of

Node = dict[str, Any]
CSV = "text/csv"

# The component that describes the answer 404, by the last parameter of the path. Others: UnknownThing.
NOT_FOUND = {
    "slug": "UnknownPetition",
    "token": "NotAStatement",
    "code": "NotAStatement",
    "name": "NoFile",
    "digest": "UnknownPetition",
}
# The tags of routes under /api, by the second part of the path.
_TAG_BY_SECOND_PART = {"staff": "staff", "openapi.json": "site", "partner": "partners", "osdi": "partners"}

# The names of headers, by their components in components.json.
_HEADERS = {
    "CacheControl": "Cache-Control",
    "RetryAfter": "Retry-After",
    "Revision": "ETag",
    "Download": "Content-Disposition",
}
# The parameters of queries that several routes have. A view describes its other parameters in its docstring.
_QUERIES = {
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


def operation_of(route: Route, view: View) -> Node:
    texts, shapes = texts_of(view), shapes_of(view)
    found: Node = {"operationId": operation_id(route.view), "tags": [tag_of(route)], "summary": texts.summary}
    if texts.description:
        found["description"] = texts.description
    parameters = list(_parameters(route, texts))
    if parameters:
        found["parameters"] = parameters
    if shapes.body:
        found["requestBody"] = _body(route, shapes)
    if route.needs_token:
        found["security"] = [{"partner": []}, {"osdi": []}] if route.right is Right.PARTNER else [{"staff": []}]
    responses = _responses(route, texts, shapes)
    found["responses"] = {str(status): responses[status] for status in sorted(responses)}
    return found


def operation_id(view: str) -> str:
    first, *others = view.split("_")
    return first + "".join(word.capitalize() for word in others)


def tag_of(route: Route) -> str:
    first, _, rest = route.path.strip("/").partition("/")
    if _is_emailed_link(route):
        return "links"
    if first == "api":
        second, _, _ = rest.partition("/")
        return _TAG_BY_SECOND_PART.get(second, "petitions")
    return "site" if first in ("assets", "health", "embed.js") else "pages"


def _is_emailed_link(route: Route) -> bool:
    return "token" in route.query


def _is_page(route: Route) -> bool:
    """Return whether the route's own errors are pages (HTML), not problems (JSON)."""
    return tag_of(route) in ("pages", "links")


def _is_osdi(route: Route) -> bool:
    return route.path.startswith("/api/osdi")


def _changes_revision(route: Route) -> bool:
    """Return whether a request must name the revision that it changes, in the header If-Match."""
    return "Revision" in route.headers and route.method != "GET" and bool(_path_parameters(route))


def _parameters(route: Route, texts: Texts) -> Iterable[Node]:
    for name in _path_parameters(route):
        yield _parameter(name)
    for name in route.query:
        yield _query_parameter(route.view, name, texts.queries.get(name) or _QUERIES[name])
    if route.not_modified:
        yield _parameter("IfNoneMatch")
    if _changes_revision(route):
        yield _parameter("IfMatch")


def _query_parameter(view: str, name: str, description: str) -> Node:
    details = _DETAILS.get(f"{view}.{name}", _DETAILS.get(name, {}))
    return {"name": name, "in": "query", "description": description, "schema": TEXT, **details}


def _parameter(name: str) -> Node:
    return {"$ref": f"#/components/parameters/{name}"}


def _header(component: str) -> tuple[str, Node]:
    """Return the header's name, and a reference to its component."""
    return _HEADERS.get(component, component), {"$ref": f"#/components/headers/{component}"}


def _path_parameters(route: Route) -> list[str]:
    return [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]


def _content_type(route: Route, shapes: Shapes) -> str:
    if shapes.body is str:
        return CSV
    return FORM if _is_page(route) else JSON


def _body(route: Route, shapes: Shapes) -> Node:
    schema = TEXT if shapes.body is str else reference(shapes.body)
    return {"required": shapes.is_body_required, "content": {_content_type(route, shapes): {"schema": schema}}}


def _responses(route: Route, texts: Texts, shapes: Shapes) -> dict[int, Node]:
    found: dict[int, Node] = {}
    for status, component in _problems(route, shapes).items():
        found[status] = {"$ref": f"#/components/responses/{component}"}
    found[route.status] = _answer(route, texts, shapes)
    if route.not_modified:
        found[304] = {"description": "Nothing has changed.", "headers": _headers("ETag", "CacheControl")}
    return found


def _answer(route: Route, texts: Texts, shapes: Shapes) -> Node:
    etag = ["ETag"] if route.not_modified else []
    is_redirect = route.status in (302, 303)
    location = ["Location"] if is_redirect else []
    headers = _headers(*etag, "CacheControl", *location, *route.headers)
    content: Node = {} if is_redirect else {"content": _content(route, shapes)}
    return {"description": texts.answer, "headers": headers, **content}


def _headers(*components: str) -> Node:
    return dict(map(_header, components))


def _content(route: Route, shapes: Shapes) -> Node:
    if shapes.answer is None:
        return {content_type: {"schema": TEXT} for content_type in route.content_types}
    schema = {"type": "object"} if shapes.answer is dict else reference(shapes.answer)
    csv: Node = {CSV: {"schema": TEXT}} if "format" in route.query else {}
    return {HAL if _is_osdi(route) else JSON: {"schema": schema}, **csv}


def _problems(route: Route, shapes: Shapes) -> dict[int, str]:
    if _is_osdi(route):
        return _osdi_problems(route, shapes)
    suffix = "Page" if _is_page(route) else ""
    problems = {429: "TooMany", 503: f"Unavailable{suffix}"}
    if route.needs_token:
        problems |= {401: "Unauthorized", 403: "Forbidden"}
    if shapes.body:
        problems |= {413: f"{too_large(route.body_kb)}{suffix}", 415: f"WrongType{suffix}", 422: f"Invalid{suffix}"}
        if _content_type(route, shapes) == JSON:
            problems[400] = "NotJson"
    if _changes_revision(route):
        problems |= {412: "Stale", 428: "PreconditionRequired"}
    raised = {PROBLEMS[error.__name__][1].status: f"{error.__name__}{suffix}" for error in route.raises}
    return problems | _not_found_problems(route, suffix) | raised


def _osdi_problems(route: Route, shapes: Shapes) -> dict[int, str]:
    """API Gateway sends 401, 403 and 429 in its own format."""
    problems = {401: "Unauthorized", 403: "Forbidden", 429: "TooMany", 503: "OsdiUnavailable"}
    if shapes.body or route.query:
        problems[400] = "OsdiError"
    if shapes.body:
        problems |= {413: "OsdiError", 415: "OsdiError"}
    if _path_parameters(route):
        problems |= {404: "OsdiError", 410: "OsdiError"}
    return problems | {PROBLEMS[error.__name__][1].status: "OsdiError" for error in route.raises}


def _not_found_problems(route: Route, suffix: str) -> dict[int, str]:
    if _is_emailed_link(route):
        return {400: "LinkDamagedPage", 404: "UnknownPetitionPage", 410: "LinkExpiredPage"}
    names = _path_parameters(route)
    if not names:
        return {}
    # The last parameter names the thing that the route returns or changes.
    found = {404: f"{NOT_FOUND.get(names[-1], 'UnknownThing')}{suffix}"}
    is_public_petition = names == ["slug"] and not route.needs_token
    if is_public_petition:
        found[410] = f"PetitionRemoved{suffix}"
    return found
