"""The scenes of routes without scenes of their own."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from urllib.parse import parse_qsl

from app import app
from chalicelib.edge.routes import all_routes
from chalicelib.staff.audit.record import entries
from stack.template.functions import logical_id
from tests.actors import DAY, NOW
from tests.fake_site import FakeSite
from tests.faults.scenes import (
    Scene,
    State,
    assert_exact_counts,
    has_status,
    invoke_route,
    request_with,
)
from tests.openapi.cases import Case
from tests.openapi.stored import filled_in, stored_items
from tests.openapi.test_answers import REQUESTS, assert_fits_description


def derived_scenes(handlers: Collection[str]) -> Iterator[Scene]:
    """Yield the scenes of the routes whose views are not among these handlers, and one of each function of routes."""
    views = {(route.method, route.path): (view, route) for view, route in all_routes().items()}
    successes = {(case.method, case.route): case for case in reversed(REQUESTS) if case.status < 303}
    for address, case in successes.items():
        view, route = views[address]
        if view not in handlers:
            is_action = route.needs_token and case.method != "GET"
            then = assert_action_is_recorded if is_action else assert_exact_counts
            yield Scene(view, stored_for(case), ask, then)
    yield from _of_functions(case for case in successes.values() if case.method == "GET" and case.status == 200)


def _of_functions(cases: Iterable[Case]) -> Iterator[Scene]:
    """Yield one scene of each function that serves routes, called as API Gateway calls it."""
    functions = {(route.method, route.path): route.function for route in all_routes().values()}
    one_case: dict[str, Case] = {functions[case.method, case.route]: case for case in cases}
    for name in app.handler_map:
        if case := one_case.get(logical_id(name)):
            yield Scene(name, stored_for(case), partial(invoke, name), assert_exact_counts)


def stored_for(case: Case) -> State:
    """Return the state in which the request succeeds. The scene remembers the request with its tokens."""

    def with_everything_stored(fake_site: FakeSite) -> None:
        fake_site.tables.items.update({key: dict(item) for key, item in stored_items().items()})
        fake_site.scene_state.request = filled_in(case, fake_site)

    return with_everything_stored


def ask(fake_site: FakeSite) -> bool:
    """Send the request, and check its answer. 409 on a retry means that an earlier action took effect."""
    case = fake_site.scene_state.request
    answer = request_with("", case.method, case.url, case.body, fake_site, **case.headers)
    if answer is not None and answer.status_code == 503:
        assert_fits_description(answer, case)
    already_done = () if case.method == "GET" else (409,)
    return has_status(answer, case.status, *already_done)


def invoke(function: str, fake_site: FakeSite) -> bool:
    case = fake_site.scene_state.request
    path, _, query = case.url.partition("?")
    return invoke_route(function, case.route, path, fake_site, **dict(parse_qsl(query)))


def assert_action_is_recorded(fake_site: FakeSite) -> None:
    assert_exact_counts(fake_site)
    assert list(entries(NOW - DAY, NOW + DAY, fake_site.tables))
