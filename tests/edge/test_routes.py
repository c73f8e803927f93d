"""The list of routes agrees with itself."""

import pytest
from chalice.app import Blueprint, ChaliceAuthorizer

from chalicelib.core.rights import Right
from chalicelib.edge.route import Access, Cache, Route
from chalicelib.edge.routes import all_routes
from chalicelib.edge.views import bind_view, problem_in_chosen_language
from chalicelib.staff.authorizer import authorizer as ours


def test_each_right_opens_the_routes_of_one_function_only() -> None:
    """A route listed with a wrong right or a wrong function would open data to other people.

    The routes of two rights, manage and export, are in one function, because their role reads no signatures.
    """
    routes = [route for route in all_routes().values() if isinstance(route.right, Right)]
    rights = {route.right for route in routes}
    pairs = {(route.right, route.function) for route in routes}
    assert rights == set(Right)
    assert len(pairs) == len(rights)


def test_only_public_get_routes_are_cached() -> None:
    for route in all_routes().values():
        if route.cache is not Cache.NEVER:
            assert (route.method, route.right) == ("GET", Access.PUBLIC)


@pytest.mark.parametrize(
    ("right", "authorizer"), [(Right.COUNTS, None), (Access.ANY_STAFF_TOKEN, None), (Access.PUBLIC, ours)]
)
def test_a_route_has_an_authorizer_exactly_if_it_needs_a_token(
    right: Right | Access, authorizer: ChaliceAuthorizer | None
) -> None:
    route = Route("GET", "/api/staff/new", "", right=right)
    with pytest.raises(LookupError, match="/api/staff/new"):
        bind_view(Blueprint(__name__), route, problem_in_chosen_language, authorizer)
