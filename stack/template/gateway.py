"""The paths of the API, derived from the list of routes.

Chalice writes each route, with the authorizer of staff, for one function, APIHandler. This module connects routes to
the other functions (a `Function` is the logical id), gives partners their authorizer, limits requests (throttles), and
sends requests without a route to our code.
"""

from collections.abc import Iterator
from itertools import product

from chalicelib.core.rights import Right
from chalicelib.edge.route import DEFAULT_THROTTLE, Function, Route, Throttle
from chalicelib.edge.routes import CATCH_ALL, all_routes
from stack.template.cfn import Template, ref, resource, sub

# All methods that API Gateway can route. Each is listed: the emulator does not read x-amazon-apigateway-any-method from
# a template.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# The catch-all matches every path except /.
_CATCH_ALL_PATHS = (CATCH_ALL, "/")
_PARTNER_AUTHORIZER = "partner_authorizer"
# With this type, API Gateway returns pictures as bytes, whatever the request's header Accept says. API Gateway also
# sends request bodies in base64, which Chalice decodes. Preflights then need the setting contentHandling, which Chalice
# writes.
_BINARY_TYPE = "*/*"
_ANY_CALL = sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPI}/*")


def gateway() -> Template:
    paths: Template = {}
    for path, method, operation in (*_routes_of_other_functions(), *_requests_without_route()):
        paths.setdefault(path, {})[method.lower()] = operation
    definition = {
        "paths": paths,
        "securityDefinitions": {_PARTNER_AUTHORIZER: _authorizer_with_all_headers()},
        "x-amazon-apigateway-binary-media-types": [_BINARY_TYPE],
    }
    api = {"MethodSettings": [*_throttles()], "DefinitionBody": definition}
    return {"Resources": {"RestAPI": {"Properties": api}, **dict(_permissions())}}


def _routes_of_other_functions() -> Iterator[tuple[str, str, Template]]:
    for route in all_routes().values():
        if route.function is not Function.API:
            operation: Template = {"x-amazon-apigateway-integration": {"uri": _invocation_uri(route.function)}}
            if route.right is Right.PARTNER:
                operation["security"] = [{_PARTNER_AUTHORIZER: []}]
            for method in route.methods:
                yield route.path, method, operation


def _requests_without_route() -> Iterator[tuple[str, str, Template]]:
    """Our code answers requests without a route with 404 or 405."""
    listed = {(route.path, method) for route in all_routes().values() for method in route.methods}
    proxy = {"name": "proxy", "in": "path", "required": True, "type": "string"}
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "passthroughBehavior": "when_no_match",
        "uri": _invocation_uri(Function.API),
    }
    for path, method in product(_CATCH_ALL_PATHS, _METHODS):
        if (path, method) not in listed:  # `GET /` has a route.
            parameters = {"parameters": [proxy]} if path == CATCH_ALL else {}
            yield path, method, {**parameters, "responses": {}, "x-amazon-apigateway-integration": integration}


def _authorizer_with_all_headers() -> Template:
    """Return the authorizer of partners. It calls the same function as that of staff.

    It has no identity sources, so API Gateway always calls it, with all headers: a partner sends its token in one of
    two headers, Authorization or OSDI-API-Token (docs/aws-facts.md).
    """
    authorizer = {"type": "request", "authorizerUri": _invocation_uri("Authorizer"), "authorizerResultTtlInSeconds": 0}
    return {
        "type": "apiKey",
        "in": "header",
        # OpenAPI requires the name of a header. `Unused` is the name that SAM itself writes for the type `request`.
        "name": "Unused",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": authorizer,
    }


def _throttles() -> Iterator[Template]:
    """Keep these few: API Gateway refuses too many settings at once (docs/aws-facts.md)."""
    yield _throttle("/*", "*", DEFAULT_THROTTLE)
    for route in all_routes().values():
        if route.throttle is not DEFAULT_THROTTLE:
            path = _escaped_path(route.path)
            for method in _throttled_methods(route):
                yield _throttle(path, method, route.throttle)


def _throttled_methods(route: Route) -> list[str]:
    """Return the route's method, and OPTIONS, which browsers send before a POST of another site's script."""
    has_preflight = route.allows_any_origin and route.method != "GET"
    preflight = ["OPTIONS"] if has_preflight else []
    return [route.method, *preflight]


def _throttle(path: str, method: str, throttle: Throttle) -> Template:
    return {
        "ResourcePath": path,
        "HttpMethod": method,
        "ThrottlingRateLimit": throttle.rate,
        "ThrottlingBurstLimit": throttle.burst,
    }


def _escaped_path(path: str) -> str:
    """Return the path as MethodSettings contain it: /~1api~1petitions for /api/petitions, but / for the root."""
    return path if path == "/" else "/" + path.replace("/", "~1")


def _permissions() -> Iterator[tuple[str, Template]]:
    """Let API Gateway call each function. Chalice itself writes the permission for APIHandler."""
    for function in Function:
        if function is Function.API:
            continue
        properties = {
            "FunctionName": ref(function),
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": _ANY_CALL,
        }
        yield f"{function}InvokePermission", resource("Lambda::Permission", properties)


def _invocation_uri(function: str) -> Template:
    lambdas = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
    return sub(f"{lambdas}/${{{function}.Arn}}/invocations")
