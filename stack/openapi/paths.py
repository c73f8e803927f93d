"""The paths: derived from the list of routes, with the words of each operation."""

from collections.abc import Iterable
from typing import Any

from chalicelib.core.rights import Right
from chalicelib.edge.route import Function, Route
from stack.openapi.operation import CSV, JSON, ROUTE_QUERIES, TEXT, Answer, Body, Operation, Query
from stack.openapi.parameters import header, parameter
from stack.openapi.schemas import reference

Node = dict[str, Any]

# The component of a 404, by the last parameter of the path.
NOT_FOUND = {
    "slug": "UnknownPetition",
    "token": "NotAStatement",
    "code": "NotAStatement",
    "source": "UnknownThing",
    "token_id": "UnknownThing",
    "signature_id": "UnknownThing",
    "export_id": "UnknownThing",
    "import_id": "UnknownThing",
    "comparison_id": "UnknownThing",
    "list_id": "UnknownThing",
    "update_id": "UnknownThing",
    "target": "UnknownThing",
    "name": "NoFile",
}


def operation_of(route: Route, words: Operation) -> Node:
    """Return the operation of a route."""
    described = {"description": words.description} if words.description else {}
    parameters = list(_parameters(route, words))
    return {
        "operationId": operation_id(route.view),
        "tags": [tag_of(route)],
        "summary": words.summary,
        **described,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _body(words.body)} if words.body else {}),
        **({"security": _security(route)} if route.needs_token else {}),
        "responses": {str(status): each for status, each in sorted(_responses(route, words).items())},
    }


def _security(route: Route) -> list[Node]:
    return [{"partner": []}, {"osdi": []}] if route.right is Right.PARTNER else [{"staff": []}]


def operation_id(view: str) -> str:
    """Return the id of the operation: showPetition for show_petition."""
    first, *others = view.split("_")
    return first + "".join(word.capitalize() for word in others)


def tag_of(route: Route) -> str:
    """Return the name of the route's group in the document."""
    first, second = (*route.path.strip("/").split("/"), "")[:2]
    if route.function is Function.LINKS:
        return "links"
    if first == "api":
        return {"staff": "staff", "openapi.json": "site", "partner": "partners", "osdi": "partners"}.get(
            second, "petitions"
        )
    return "site" if first in ("assets", "health") else "pages"


def _is_page(route: Route) -> bool:
    return tag_of(route) in ("pages", "links")


def _parameters(route: Route, words: Operation) -> Iterable[Node]:
    """Yield the parameters of path, query and headers."""
    yield from map(parameter, _path_parameters(route))
    yield from map(_query, (*(ROUTE_QUERIES[name] for name in route.query), *words.query))
    if words.answer.etag:
        yield parameter("IfNoneMatch")
    if words.changes_revision:
        yield parameter("IfMatch")


def _path_parameters(route: Route) -> list[str]:
    return [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]


def _query(query: Query) -> Node:
    required = {"required": True} if query.required else {}
    example = {"example": query.example} if query.example else {}
    words = {"description": query.description, "schema": query.schema, **example}
    return {"name": query.name, "in": "query", **required, **words}


def _body(body: Body) -> Node:
    content: Node = {"schema": TEXT if body.model is str else reference(body.model)}
    if body.example:
        content["example"] = body.example
    if body.examples:
        content["examples"] = {
            f"example{number}": {"summary": summary, "value": value}
            for number, (summary, value) in enumerate(body.examples.items(), 1)
        }
    return {"required": body.required, "content": {body.kind: content}}


def _responses(route: Route, words: Operation) -> dict[int, Node]:
    problems = {**_problems(route, words), **words.problems}
    found: dict[int, Node] = {status: {"$ref": f"#/components/responses/{name}"} for status, name in problems.items()}
    found[words.answer.status] = _answer(words.answer)
    if words.answer.etag:
        found[304] = {"description": words.answer.etag, "headers": _headers("ETag", "CacheControl")}
    return found


def _answer(answer: Answer) -> Node:
    tag = ["ETag"] if answer.etag else []
    headers = _headers(*tag, "CacheControl", *answer.headers)
    found: Node = {"description": answer.description, "headers": headers}
    content = _content(answer)
    return {**found, "content": content} if content else found


def _headers(*names: str) -> Node:
    return dict(map(header, names))


def _content(answer: Answer) -> Node:
    if answer.model is None:
        return {kind: {"schema": TEXT} for kind in answer.kinds}
    example = {"example": answer.example} if answer.example else {}
    schema = {"type": "object"} if answer.model is dict else reference(answer.model)
    csv: Node = {CSV: {"schema": TEXT, "example": answer.csv}} if answer.csv else {}
    return {answer.json: {"schema": schema, **example}, **csv}


def _problems(route: Route, words: Operation) -> dict[int, str]:
    """Return the components of the errors that follow from the route, by status."""
    if route.path.startswith("/api/osdi"):
        return _osdi_problems(route, words)
    page = "Page" if _is_page(route) else ""
    found = {429: "TooMany", 503: f"Unavailable{page}"}
    if route.needs_token:
        found |= {401: "Unauthorized", 403: "Forbidden"}
    if words.body:
        found |= {413: f"TooLarge{page}", 415: f"WrongType{page}", 422: f"Invalid{page}"}
        found |= {400: "NotJson"} if words.body.kind == JSON else {}
    if words.changes_revision:
        found |= {412: "Stale", 428: "PreconditionRequired"}
    return found | _not_found_problems(route, page)


def _osdi_problems(route: Route, words: Operation) -> dict[int, str]:
    """Return the errors of an OSDI route. API Gateway answers 401, 403 and 429 with problems of its own."""
    found = {401: "Unauthorized", 403: "Forbidden", 429: "TooMany", 503: "OsdiUnavailable"}
    found |= {400: "OsdiError"} if words.body or words.query else {}
    found |= {413: "OsdiError", 415: "OsdiError"} if words.body else {}
    return found | ({404: "OsdiError", 410: "OsdiError"} if _path_parameters(route) else {})


def _not_found_problems(route: Route, page: str) -> dict[int, str]:
    """Return the errors if there is nothing at the address, or no longer."""
    if route.function is Function.LINKS:
        return {400: "LinkDamagedPage", 404: "UnknownPetitionPage", 410: "LinkExpiredPage"}
    names = _path_parameters(route)
    if not names:
        return {}
    removed = {} if route.needs_token or names != ["slug"] else {410: f"Removed{page}"}
    return {404: NOT_FOUND[names[-1]] + page, **removed}
