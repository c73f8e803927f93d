"""The list of routes agrees with itself, with its views, and with how long the answers may be cached."""

import re

import pytest
from chalice.app import Blueprint, ChaliceAuthorizer, MultiDict
from chalice.test import HTTPResponse

from chalicelib.core.keys import picture
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.edge.route import Access, Cache, Route
from chalicelib.edge.routes import all_routes
from chalicelib.edge.views import bind_view, problem_in_chosen_language
from chalicelib.pages.render import asset_url, dashboard_version
from chalicelib.petitions.model import Petition
from chalicelib.staff.authorizer import authorizer as ours
from chalicelib.statements.freeze import freeze, statement_token, store_short_code
from tests.actors import NOW, bobs_token
from tests.fake_site import JSON, FakeSite

READ_ROUTES = [route for route in all_routes().values() if route.method == "GET"]
WRITES = [route for route in all_routes().values() if route.method not in ("GET", "OPTIONS")]
CACHED_ROUTES = [route for route in READ_ROUTES if route.cache is not Cache.NEVER]


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


def fresh_seconds(answer: HTTPResponse) -> int:
    """Return for how long a shared cache may keep the answer as fresh."""
    control = answer.headers["Cache-Control"]
    found = re.search(r"public, max-age=(\d+)", control)
    assert found or re.fullmatch("no-store|private, no-cache", control)
    return int(found[1]) if found else 0


def path_of(route: Route, petition: Petition, fake_site: FakeSite) -> str:
    token = statement_token(freeze(petition, NOW, fake_site.tables), settings().token_keys)
    name = "app.js" if "{version}" in route.path else "site.css"
    values = {"slug": petition.slug, "token": token, "version": dashboard_version(), "name": name}
    values["digest"] = "0" * 16
    fake_site.tables.put(picture(petition.slug, values["digest"]), {"jpeg": "aGFyYm91cg=="})
    values["code"] = store_short_code(token, fake_site.tables)

    def value_of(parameter: re.Match[str]) -> str:
        return values.get(parameter[1], "0" * 16)

    return re.sub(r"\{(\w+)\}", value_of, route.path)


@pytest.mark.parametrize("route", READ_ROUTES, ids=lambda route: route.path)
def test_an_answer_is_cached_for_as_long_as_its_route_states(
    fake_site: FakeSite, petition: Petition, route: Route
) -> None:
    token = f"Bearer {bobs_token(fake_site.tables, NOW, *Right)}"
    path = path_of(route, petition, fake_site)
    if route.view == "read_asset":
        path = asset_url("site.css", base="")  # It is cached under this version only.
    answer = fake_site.get(path, authorization=token)
    seconds = fresh_seconds(answer)
    shortest = next(cache for cache in Cache if seconds <= cache.value)
    assert shortest is route.cache
    if route.cache is not Cache.NEVER:
        assert answer.status_code in (200, 302)


@pytest.mark.parametrize(
    "route", [route for route in CACHED_ROUTES if route.cache is Cache.SECONDS], ids=lambda route: route.path
)
def test_an_answer_that_changes_is_shown_a_little_longer_while_it_is_refreshed_and_for_a_day_while_the_site_fails(
    fake_site: FakeSite, petition: Petition, route: Route
) -> None:
    control = fake_site.get(path_of(route, petition, fake_site)).headers["Cache-Control"]
    found = re.fullmatch(r"public, max-age=(\d+), stale-while-revalidate=(\d+), stale-if-error=86400", control)
    assert found
    assert int(found[2]) == int(found[1]) // 5


@pytest.mark.parametrize("route", WRITES, ids=lambda route: f"{route.method} {route.path}")
def test_no_answer_to_a_write_may_be_cached(fake_site: FakeSite, petition: Petition, route: Route) -> None:
    token = f"Bearer {bobs_token(fake_site.tables, NOW, *Right)}"
    path = path_of(route, petition, fake_site)
    answer = fake_site.client.http.request(route.method, path, {"Authorization": token, "Content-Type": JSON}, b"{}")
    assert re.fullmatch("no-store|private, no-cache", answer.headers["Cache-Control"])


@pytest.mark.parametrize("route", CACHED_ROUTES, ids=lambda route: route.path)
def test_a_cached_answer_depends_on_the_listed_keys_of_the_query_only(
    fake_site: FakeSite, petition: Petition, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CDN drops all other keys, so a view behind a CDN would never get a key that is not listed."""
    read: set[str] = set()

    def record(values: MultiDict, name: str) -> object:
        read.add(name)
        return values._dict[name][-1]

    monkeypatch.setattr(MultiDict, "__getitem__", record)
    path = path_of(route, petition, fake_site)
    assert fake_site.get(f"{path}?unlisted=1").status_code in (200, 302)
    # Code that copies the whole query into links or redirects reads this key.
    assert read - {"unlisted"} <= {*route.query}


@pytest.mark.parametrize(
    ("right", "authorizer"), [(Right.COUNTS, None), (Access.ANY_STAFF_TOKEN, None), (Access.PUBLIC, ours)]
)
def test_a_route_has_an_authorizer_exactly_if_it_needs_a_token(
    right: Right | Access, authorizer: ChaliceAuthorizer | None
) -> None:
    route = Route("GET", "/api/staff/new", "", right=right)
    with pytest.raises(LookupError, match="/api/staff/new"):
        bind_view(Blueprint(__name__), route, problem_in_chosen_language, authorizer)
