"""A view is bound to the route that its decorator declares."""

import pytest
from chalice.app import Blueprint, ChaliceAuthorizer

from chalicelib.core.rights import Right
from chalicelib.edge.route import Access, Route
from chalicelib.edge.views import bind_view, problem_in_chosen_language
from chalicelib.staff.authorizer import authorizer as ours


@pytest.mark.parametrize(
    ("right", "authorizer"), [(Right.COUNTS, None), (Access.ANY_STAFF_TOKEN, None), (Access.PUBLIC, ours)]
)
def test_a_route_has_an_authorizer_exactly_if_it_needs_a_token(
    right: Right | Access, authorizer: ChaliceAuthorizer | None
) -> None:
    route = Route("GET", "/api/staff/new", "", right=right)
    with pytest.raises(LookupError, match="/api/staff/new"):
        bind_view(Blueprint(__name__), route, problem_in_chosen_language, authorizer)
