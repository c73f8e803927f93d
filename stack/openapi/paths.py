"""The operation of a route in the document: derived from the route, with its texts and examples from `operations`."""

from collections.abc import Iterable
from typing import Any

from chalicelib.core.rights import Right
from chalicelib.edge.route import Function, Route
from stack.openapi.operation import CSV, JSON, ROUTE_QUERIES, TEXT, Answer, Body, Operation, Query
from stack.openapi.parameters import header, parameter
from stack.openapi.schemas import reference

Node = dict[str, Any]

# The component that describes the answer 404, by the last parameter of the path.
NOT_FOUND = {
    "slug": "UnknownPetition",
    "token": "NotAStatement",
    "code": "NotAStatement",
    "source": "UnknownThing",
    "token_id": "UnknownThing",
    "signature_id": "UnknownThing",
    "export_id": "UnknownThing",
    "import_id": "UnknownThing",
    "list_id": "UnknownThing",
    "update_id": "UnknownThing",
    "target": "UnknownThing",
    "name": "NoFile",
}
# The tags of routes under /api, by the second part of the path.
_TAG_BY_SECOND_PART = {"staff": "staff", "openapi.json": "site", "partner": "partners", "osdi": "partners"}


def operation_of(route: Route, operation: Operation) -> Node:
    """Return the operation of a route, as in the document. `operation`: the parts that are written by hand."""
    found: Node = {"operationId": operation_id(route.view), "tags": [tag_of(route)], "summary": operation.summary}
    if operation.description:
        found["description"] = operation.description
    parameters = list(_parameters(route, operation))
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        found["requestBody"] = _body(operation.body)
    if route.needs_token:
        found["security"] = _security(route)
    responses = _responses(route, operation)
    found["responses"] = {str(status): responses[status] for status in sorted(responses)}
    return found


def _security(route: Route) -> list[Node]:
    if route.right is Right.PARTNER:
        return [{"partner": []}, {"osdi": []}]
    return [{"staff": []}]


def operation_id(view: str) -> str:
    """Return the id of the view's operation: showPetition for show_petition."""
    first, *others = view.split("_")
    return first + "".join(word.capitalize() for word in others)


def tag_of(route: Route) -> str:
    """Return the name of the group (tag) in which the document lists the route."""
    first, _, rest = route.path.strip("/").partition("/")
    if route.function is Function.LINKS:
        return "links"
    if first == "api":
        second, _, _ = rest.partition("/")
        return _TAG_BY_SECOND_PART.get(second, "petitions")
    return "site" if first in ("assets", "health") else "pages"


def _is_page(route: Route) -> bool:
    """Return whether the route's own errors are pages (HTML), not problems (JSON)."""
    return tag_of(route) in ("pages", "links")


def _parameters(route: Route, operation: Operation) -> Iterable[Node]:
    """Yield the parameters in the path, the query and the headers of a request."""
    for name in _path_parameters(route):
        yield parameter(name)
    for name in route.query:
        yield _query(ROUTE_QUERIES[name])
    for query in operation.query:
        yield _query(query)
    if operation.answer.not_modified_text:
        yield parameter("IfNoneMatch")
    if operation.changes_revision:
        yield parameter("IfMatch")


def _path_parameters(route: Route) -> list[str]:
    """Return the names of the parameters in the path, in their order."""
    parts = route.path.split("/")
    return [part.strip("{}") for part in parts if part.startswith("{")]


def _query(query: Query) -> Node:
    required = {"required": True} if query.required else {}
    example = {"example": query.example} if query.example else {}
    described = {"description": query.description, "schema": query.schema, **example}
    return {"name": query.name, "in": "query", **required, **described}


def _body(body: Body) -> Node:
    schema = TEXT if body.model is str else reference(body.model)
    content: Node = {"schema": schema}
    if body.example:
        content["example"] = body.example
    if body.examples:
        examples: Node = {}
        for number, (summary, value) in enumerate(body.examples.items(), 1):
            examples[f"example{number}"] = {"summary": summary, "value": value}
        content["examples"] = examples
    return {"required": body.required, "content": {body.content_type: content}}


def _responses(route: Route, operation: Operation) -> dict[int, Node]:
    """Return all answers by status: errors, the answer to a request that succeeds, and perhaps 304."""
    problems = {**_problems(route, operation), **operation.problems}
    found: dict[int, Node] = {}
    for status, component in problems.items():
        found[status] = {"$ref": f"#/components/responses/{component}"}
    found[operation.answer.status] = _answer(operation.answer)
    if operation.answer.not_modified_text:
        found[304] = {"description": operation.answer.not_modified_text, "headers": _headers("ETag", "CacheControl")}
    return found


def _answer(answer: Answer) -> Node:
    etag = ["ETag"] if answer.not_modified_text else []
    headers = _headers(*etag, "CacheControl", *answer.headers)
    found: Node = {"description": answer.description, "headers": headers}
    content = _content(answer)
    if content:
        found["content"] = content
    return found


def _headers(*components: str) -> Node:
    """Return a reference to each of these header components, by the header's name."""
    return dict(map(header, components))


def _content(answer: Answer) -> Node:
    """Return the schema and example of each content type of an answer."""
    if answer.model is None:
        return {content_type: {"schema": TEXT} for content_type in answer.content_types}
    example = {"example": answer.example} if answer.example else {}
    schema = {"type": "object"} if answer.model is dict else reference(answer.model)
    csv: Node = {CSV: {"schema": TEXT, "example": answer.csv_example}} if answer.csv_example else {}
    return {answer.json_type: {"schema": schema, **example}, **csv}


def _problems(route: Route, operation: Operation) -> dict[int, str]:
    """Return, by status, the component of each error that follows from the route and from what its requests contain."""
    if route.path.startswith("/api/osdi"):
        return _osdi_problems(route, operation)
    suffix = "Page" if _is_page(route) else ""
    problems = {429: "TooMany", 503: f"Unavailable{suffix}"}
    if route.needs_token:
        problems |= {401: "Unauthorized", 403: "Forbidden"}
    if operation.body:
        problems |= {413: f"TooLarge{suffix}", 415: f"WrongType{suffix}", 422: f"Invalid{suffix}"}
        if operation.body.content_type == JSON:
            problems[400] = "NotJson"
    if operation.changes_revision:
        problems |= {412: "Stale", 428: "PreconditionRequired"}
    return problems | _not_found_problems(route, suffix)


def _osdi_problems(route: Route, operation: Operation) -> dict[int, str]:
    """Return the errors in OSDI, a standard of some partners. API Gateway sends 401, 403 and 429 in its own format."""
    problems = {401: "Unauthorized", 403: "Forbidden", 429: "TooMany", 503: "OsdiUnavailable"}
    if operation.body or operation.query:
        problems[400] = "OsdiError"
    if operation.body:
        problems |= {413: "OsdiError", 415: "OsdiError"}
    if _path_parameters(route):
        problems |= {404: "OsdiError", 410: "OsdiError"}
    return problems


def _not_found_problems(route: Route, suffix: str) -> dict[int, str]:
    """Return the errors for things that do not exist, or no longer exist. `suffix`: "Page" if the route is a page."""
    if route.function is Function.LINKS:
        return {400: "LinkDamagedPage", 404: "UnknownPetitionPage", 410: "LinkExpiredPage"}
    names = _path_parameters(route)
    if not names:
        return {}
    # The last parameter names the thing that the route returns or changes.
    not_found = NOT_FOUND[names[-1]]
    found = {404: f"{not_found}{suffix}"}
    is_public_petition = names == ["slug"] and not route.needs_token
    if is_public_petition:
        found[410] = f"Removed{suffix}"
    return found
