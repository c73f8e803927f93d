"""What the list of routes adds to Chalice's API: functions, throttles, and an answer to every other request.

Chalice writes each route with its methods and authorizer, and binds all of them to the API's own function.
"""

from collections.abc import Iterator
from itertools import product

from chalicelib.edge.route import USUAL, Function, Route, Throttle
from chalicelib.edge.routes import CATCH_ALL, RARE, ROUTES
from stack.template.cfn import Template, ref, resource, sub

# Each is listed: the emulator does not read x-amazon-apigateway-any-method from a template.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# The catch-all matches every path but the site's own address.
_ANYWHERE = (CATCH_ALL, "/")
# A picture reaches every reader as bytes, whatever the reader's Accept. Requests then arrive in base64, which Chalice
# decodes; Chalice's preflights have the contentHandling that they need with this.
_ANY_TYPE = "*/*"
_CALLERS = sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RestAPI}/*")


def gateway() -> Template:
    paths: Template = {}
    for path, method, operation in (*_bindings(), *_other_requests()):
        paths.setdefault(path, {})[method.lower()] = operation
    definition = {"paths": paths, "x-amazon-apigateway-binary-media-types": [_ANY_TYPE]}
    api = {"MethodSettings": [*_throttles()], "DefinitionBody": definition}
    return {"Resources": {"RestAPI": {"Properties": api}, **dict(_permissions())}}


def _bindings() -> Iterator[tuple[str, str, Template]]:
    for route in ROUTES.values():
        if route.function is not Function.API:
            for method in route.methods:
                yield route.path, method, {"x-amazon-apigateway-integration": {"uri": _address(route.function)}}


def _other_requests() -> Iterator[tuple[str, str, Template]]:
    """Yield the operations that answer 404 or 405 in our own form (edge/site_app.py)."""
    taken = {(route.path, method) for route in ROUTES.values() for method in route.methods}
    proxy = {"name": "proxy", "in": "path", "required": True, "type": "string"}
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "passthroughBehavior": "when_no_match",
        "uri": _address(Function.API),
    }
    for path, method in product(_ANYWHERE, _METHODS):
        if (path, method) not in taken:
            parameters = {"parameters": [proxy]} if path == CATCH_ALL else {}
            yield path, method, {**parameters, "responses": {}, "x-amazon-apigateway-integration": integration}


def _throttles() -> Iterator[Template]:
    yield _throttle("/*", "*", USUAL)
    for route in ROUTES.values():
        if route.throttle is not USUAL:
            yield from (_throttle(_escaped(route.path), method, route.throttle) for method in _throttled(route))
    yield from (_throttle(_escaped(CATCH_ALL), method, RARE) for method in _METHODS)


def _throttled(route: Route) -> list[str]:
    """Return the route's methods. A browser asks with OPTIONS before it posts from another site."""
    asks_first = route.any_origin and route.method != "GET"
    return [*route.methods, *(["OPTIONS"] if asks_first else [])]


def _throttle(path: str, method: str, throttle: Throttle) -> Template:
    return {
        "ResourcePath": path,
        "HttpMethod": method,
        "ThrottlingRateLimit": throttle.rate,
        "ThrottlingBurstLimit": throttle.burst,
    }


def _escaped(path: str) -> str:
    return "/" + path.replace("/", "~1")


def _permissions() -> Iterator[tuple[str, Template]]:
    """Yield the permission to call each function. Chalice writes that of the API's own."""
    for function in (each for each in Function if each is not Function.API):
        properties = {
            "FunctionName": ref(function),
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": _CALLERS,
        }
        yield f"{function}InvokePermission", resource("Lambda::Permission", properties)


def _address(function: Function) -> Template:
    lambdas = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions"
    return sub(f"{lambdas}/${{{function}.Arn}}/invocations")
