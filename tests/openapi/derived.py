"""The requests that follow from the declaration of a route: one for each status that most routes of its kind have."""

import json
from collections.abc import Iterator
from dataclasses import replace

from chalicelib.core.rights import Right
from chalicelib.edge.route import Access, Route
from chalicelib.edge.routes import all_routes
from tests.exports.subscribers.listing import SLUG
from tests.fake_site import JSON
from tests.openapi.cases import Case, get, petition_cases, refused_bodies, staff
from tests.openapi.spec import SPEC, resolve

# What is stored (tests/openapi/stored.py), by the names of parameters of paths.
STORED = {
    "slug": "safe-children",
    "token_id": "<bobs-id>",
    "signature_id": "<alices-id>",
    "update_id": "draft",
    "export_id": "closed.done",
    "import_id": "safe-children.done",
    "reminders_id": "closed.done",
    "retention_id": "ended.done",
    "removal_id": "safe-children.done",
    "list_id": f"{SLUG}.done",
    "target": "home-secretary",
    "source": "partner-oak",
}
# By view, where another thing is needed for a success.
OTHERS = {
    **{view: {"slug": "lettered"} for view in ("pause_letters", "resume_letters", "email_letter_test")},
    "request_list": {"slug": "closed"},
    "resume_update": {"update_id": "paused"},
    "run_retention": {"slug": "ended"},
    # Jobs that have not ended.
    "cancel_export": {"export_id": "closed.waiting"},
    "cancel_list": {"list_id": f"{SLUG}.20261124T120000Z-00000001"},
    "cancel_import": {"slug": "lettered", "import_id": "lettered.waiting"},
    "cancel_removal": {"slug": "lettered", "removal_id": "lettered.waiting"},
    "cancel_retention": {"retention_id": "lettered.waiting"},
    "switch_off": {"reminders_id": "lettered.waiting"},
}
# The views whose requests of staff need more than a path and an example: a query, the header If-Match, a petition.
SPECIAL = ("create_petition", "edit_petition", "move_petition", "start_import")


def derived_cases() -> Iterator[Case]:
    for route in all_routes().values():
        is_of_staff = route.needs_token and route.right is not Right.PARTNER
        if is_of_staff and route.view not in SPECIAL:
            yield from _of_staff(route)
        elif route.method == "GET" and route.right is Access.PUBLIC and "token" not in route.query:
            yield from _of_public(route)


def success(route: Route) -> Case:
    """Return the request of staff that succeeds."""
    return staff(route.method, route.status, route.path, _url(route), _body(route))


def _of_staff(route: Route) -> Iterator[Case]:
    right = success(route)
    yield right
    if "{" in route.path:
        yield replace(right, status=404, url=_url(route, is_known=False))
    if route.not_modified:
        yield replace(right, status=304, headers={**right.headers, "If-None-Match": "*"})
    if right.body:
        yield from refused_bodies(right, route.body_kb * 1024)


def _of_public(route: Route) -> Iterator[Case]:
    parameters = [part for part in route.path.split("/") if part.startswith("{")]
    url = _url(route) if parameters == ["{slug}"] else route.path
    if parameters == ["{slug}"]:
        yield from petition_cases(route.path)
    elif not parameters:
        yield get(200, route.path)
    if route.not_modified and len(parameters) == parameters.count("{slug}"):
        yield get(304, route.path, url, **{"If-None-Match": "*"})


def _url(route: Route, is_known: bool = True) -> str:
    """Return the path. If `is_known` is False, its last parameter names a thing that does not exist."""
    *others, last = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")] or [""]
    values = {**STORED, **OTHERS.get(route.view, {})}
    named = {name: values[name] for name in others}
    return route.path.format(**named, **{last: values[last] if is_known else "nobody"} if last else {})


def _body(route: Route) -> bytes:
    """Return the first example of the body's schema, or nothing if the route takes no body."""
    operation = SPEC["paths"][route.path][route.method.lower()]
    if "requestBody" not in operation:
        return b""
    schema = resolve(operation["requestBody"]["content"][JSON]["schema"])
    return json.dumps(schema["examples"][0]).encode()
