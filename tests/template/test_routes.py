"""The gateway has the declared routes, with their functions, authorizers, throttles and CORS."""

import json
import re

import pytest

from app import app
from chalicelib.edge.route import Function
from chalicelib.edge.routes import CATCH_ALL, all_routes
from tests.template.packaged import API, FUNCTIONS, LIMITS, every_function, integrations

# Staff get a token here, so there is no token yet.
OPEN_TO_STAFF_WITHOUT_TOKEN = {"/api/staff/sign-in", "/api/staff/session"}


def test_the_gateway_throttles_each_route_as_listed() -> None:
    for route in all_routes().values():
        limit = LIMITS.get((route.path, route.method), LIMITS["/*", "*"])
        assert (limit["ThrottlingRateLimit"], limit["ThrottlingBurstLimit"]) == route.throttle, route


def test_the_paths_of_throttles_are_written_as_aws_reads_them() -> None:
    """Slashes are ~1, but the root is a slash (docs/aws-facts.md)."""
    paths = {limit["ResourcePath"] for limit in LIMITS.values()}
    assert {"/", "/~1petitions~1{slug}"} <= paths
    for path in paths - {"/", "/*"}:
        assert re.fullmatch(r"/(~1[^/~]+)+", path), path


def test_the_throttles_fit_one_update_of_the_stage() -> None:
    """API Gateway has accepted 80 settings at once. A throttle has two: rate and burst (docs/aws-facts.md)."""
    assert 2 * len(LIMITS) <= 80


def test_what_is_not_for_a_crowd_has_the_low_limit() -> None:
    assert LIMITS["/*", "*"]["ThrottlingRateLimit"] == 50, "a scanner could use up the capacity"
    limited = {path for path, _ in LIMITS}
    assert CATCH_ALL not in limited
    for route in all_routes().values():
        if route.needs_token:
            assert route.path not in limited


def test_only_signing_and_the_page_after_it_may_use_the_whole_account() -> None:
    """An account has 10,000 requests a second and a burst of 5,000 (AWS quotas)."""
    full = {key for key, limit in LIMITS.items() if limit["ThrottlingRateLimit"] >= 10_000}
    assert full == {
        ("/petitions/{slug}/signatures", "POST"),
        ("/api/petitions/{slug}/signatures", "POST"),
        ("/api/petitions/{slug}/signatures", "OPTIONS"),
        ("/petitions/{slug}/thanks", "GET"),
    }


def test_every_throttle_belongs_to_an_existing_method() -> None:
    existing = set()
    for path, methods in API["paths"].items():
        existing |= {(path, method.upper()) for method in methods}
    assert LIMITS.keys() - {("/*", "*")} <= existing


def test_the_gateway_calls_the_listed_function_of_each_route_and_otherwise_the_default_function() -> None:
    listed = {(method, route.path): route.function for route in all_routes().values() for method in route.methods}
    for method, path, function in integrations():
        assert function == listed.pop((method, path), Function.API), f"{method} {path}"
    assert not listed


def test_head_has_the_same_routes_and_authorizer_as_get() -> None:
    for path, methods in API["paths"].items():
        assert ("head" in methods) is ("get" in methods), path
        if "get" in methods:
            assert methods["head"].get("security") == methods["get"].get("security"), path


def test_unknown_paths_and_methods_reach_the_catch_all() -> None:
    """Each method is listed: the emulator does not read x-amazon-apigateway-any-method from a template."""
    methods = {"get", "head", "post", "put", "patch", "delete", "options"}
    assert API["paths"][CATCH_ALL].keys() == methods
    assert API["paths"]["/"].keys() == methods, "the catch-all does not match /"


@pytest.mark.parametrize(
    ("authorizer", "prefixes"),
    {"authorizer": ("/api/staff/",), "partner_authorizer": ("/api/partner/", "/api/osdi")}.items(),
)
def test_exactly_the_routes_of_staff_and_partners_have_their_authorizer(
    authorizer: str, prefixes: tuple[str, ...]
) -> None:
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            guarded = operation.get("security") == [{authorizer: []}]
            needs_token = path.startswith(prefixes) and path not in OPEN_TO_STAFF_WITHOUT_TOKEN
            assert guarded is (needs_token and method != "options"), f"{method} {path}"


@pytest.mark.parametrize(("name", "kind"), [("authorizer", "token"), ("partner_authorizer", "request")])
def test_the_authorizers_answers_are_not_cached(name: str, kind: str) -> None:
    """API Gateway calls an authorizer of all headers without identity sources only if it caches no answer."""
    definition = API["securityDefinitions"][name]
    authorizer = definition["x-amazon-apigateway-authorizer"]
    assert "${Authorizer.Arn}" in json.dumps(authorizer["authorizerUri"])
    assert (authorizer["authorizerResultTtlInSeconds"], authorizer["type"]) == (0, kind)
    assert "identitySource" not in authorizer
    assert definition["name"] == ("Authorization" if kind == "token" else "Unused")


def test_exactly_the_listed_routes_have_views() -> None:
    registered = set()
    for path, methods in app.routes.items():
        registered |= {(method, path, route.view_name) for method, route in methods.items()}
    listed = {(method, each.path, each.view) for each in all_routes().values() for method in each.methods}
    assert registered == listed


@pytest.mark.parametrize("function", Function)
def test_a_function_that_serves_routes_gets_its_name(function: Function) -> None:
    assert FUNCTIONS[function]["Environment"]["Variables"]["SERVED_FUNCTION"] == function


def test_exactly_the_public_json_allows_any_origin() -> None:
    guarded = ("/api/staff/", "/api/partner/", "/api/osdi")
    json_paths = [path for path in app.routes if path.startswith("/api/")]
    public_json = {path for path in json_paths if not path.startswith(guarded)}
    with_options = {path for path, methods in API["paths"].items() if "options" in methods}
    assert with_options == public_json | {CATCH_ALL, "/"}, "these two answer OPTIONS without allowing an origin"
    for path in public_json:
        for route in app.routes[path].values():
            assert route.cors.allow_origin == "*"
            assert "allow_credentials" not in str(route.cors.get_access_control_headers()).lower()


@every_function
def test_a_function_times_out_before_api_gateway(function: str) -> None:
    if function in {called for _, _, called in integrations()}:
        assert FUNCTIONS[function]["Timeout"] < 29
