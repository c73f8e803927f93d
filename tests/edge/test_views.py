"""Views are bound to the listed routes only."""

import pytest
from chalice.app import Blueprint, Request, Response

from chalicelib.edge.views import json_view
from chalicelib.staff.authorizer import staff_view


def read_unlisted(request: Request) -> Response:
    raise NotImplementedError


def read_counts(request: Request) -> Response:
    raise NotImplementedError


def read_count(request: Request) -> Response:
    raise NotImplementedError


def test_a_view_without_a_listed_route_fails_at_import() -> None:
    with pytest.raises(LookupError, match="read_unlisted"):
        json_view(Blueprint(__name__))(read_unlisted)


def test_a_route_with_a_right_is_never_bound_without_the_authorizer() -> None:
    with pytest.raises(LookupError, match="read_counts"):
        json_view(Blueprint(__name__))(read_counts)


def test_a_public_route_is_never_bound_with_the_authorizer() -> None:
    with pytest.raises(LookupError, match="read_count"):
        staff_view(Blueprint(__name__))(read_count)
