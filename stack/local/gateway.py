"""API Gateway: what it answers itself, as the template defines, and the calls of authorizers and functions.

Chalice's LocalGateway matches the route, builds the event and asks the authorizer.
"""

import base64
import json
import re
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qs

from chalice.config import Config
from chalice.local import ForbiddenError, InvalidAuthorizerError, LocalGateway, NotAuthorizedError, RouteMatcher

from chalicelib.edge.routes import CATCH_ALL
from stack.judge.caller import calling
from stack.local.functions import Functions, name_of, report

# AWS Lambda developer guide, "Lambda quotas": the payload of a synchronous invocation.
_MAX_EVENT = 6 * 1024 * 1024
_UNAUTHORIZED = "Unauthorized"  # With this text, an authorizer's error means 401.
_FUNCTION = re.compile(r"functions/\$\{(\w+)\.Arn\}/invocations")
_JSON = ("Content-Type", "application/json")
_CONFIG = Config(config_from_disk={"stages": {"dev": {}}})


@dataclass(frozen=True)
class HttpRequest:
    """`path`: as sent, without the query. `headers`: by their names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str


class HttpAnswer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class _FunctionFailed(Exception):
    """The function of a route failed, and `Functions` reported it."""


# No token, or one that the authorizer does not know or that opens other routes; an authorizer without an answer.
_RESPONSES: Mapping[type[Exception], str] = {
    NotAuthorizedError: "UNAUTHORIZED",
    ForbiddenError: "ACCESS_DENIED",
    InvalidAuthorizerError: "AUTHORIZER_CONFIGURATION_ERROR",
    _FunctionFailed: "INTEGRATION_FAILURE",
}


class ApiGateway:
    """`api`: the properties of the template's API, resolved except for the functions' URIs. `app`: the application."""

    def __init__(self, api: Mapping[str, Any], app: Any, functions: Functions) -> None:
        definition = api["DefinitionBody"]
        self._paths: Mapping[str, Any] = definition["paths"]
        self._responses: Mapping[str, Any] = definition["x-amazon-apigateway-gateway-responses"]
        self._authorizers: Mapping[str, Any] = definition["securityDefinitions"]
        self._matcher = RouteMatcher([path for path in self._paths if path != CATCH_ALL])
        for each in self._authorizers.values():
            seconds = each["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"]
            assert seconds == 0, "the local gateway caches no answers of authorizers"
        self._app, self._functions = app, functions

    def answer(self, request: HttpRequest) -> HttpAnswer:
        route = self._route(request)
        operation = self._paths[route].get(request.method.lower())
        if operation is None:
            return self._own("MISSING_AUTHENTICATION_TOKEN")
        integration = operation["x-amazon-apigateway-integration"]
        if integration["type"] == "mock":
            headers = integration["responses"]["default"]["responseParameters"]
            return HttpAnswer(
                200, [*_headers(headers, "method.response.header."), ("Content-Type", "application/json")], b""
            )
        if _event_size(request) > _MAX_EVENT:
            return self._own("REQUEST_TOO_LARGE")
        return self._from_function(request, route, operation)

    def _route(self, request: HttpRequest) -> str:
        """Return the path of the template's resource. A path, or a method of a path, without one is the catch-all's."""
        try:
            found = self._matcher.match_route(request.path)
        except ValueError:
            return CATCH_ALL
        is_whole = all(found.captured.values()) and request.method.lower() in self._paths[found.route]
        return str(found.route) if is_whole else CATCH_ALL

    def _from_function(self, request: HttpRequest, route: str, operation: Mapping[str, Any]) -> HttpAnswer:
        function = _function(operation["x-amazon-apigateway-integration"]["uri"])
        run = _Application(self._app, self._functions, function, request, route)
        try:
            # LocalGateway would answer OPTIONS itself, and knows no catch-all.
            if request.method not in self._app.routes.get(route, {}):
                return _answer(run({"pathParameters": {"proxy": request.path[1:]}, "stageVariables": {}}))
            return _answer(self._through_authorizer(run, request, operation))
        except Exception as error:
            return self._own(_kind_of(error))

    def _through_authorizer(self, run: "_Application", request: HttpRequest, operation: Mapping[str, Any]) -> Any:
        gateway, headers = LocalGateway(cast(Any, run), _CONFIG), dict(request.headers)
        target = f"{request.path}?{request.query}" if request.query else request.path
        security = operation.get("security")
        if not security:
            return gateway.handle_request(request.method, target, headers, request.body)
        [name] = security[0]
        authorizer = self._authorizers[name]["x-amazon-apigateway-authorizer"]
        if authorizer["type"] == "request":  # It has no identity source, so it is asked without this header too.
            headers.setdefault("authorization", "")
        with calling(name_of(_function(authorizer["authorizerUri"]))):
            return gateway.handle_request(request.method, target, headers, request.body)

    def _own(self, kind: str) -> HttpAnswer:
        response = self._responses[kind]
        body = response["responseTemplates"]["application/json"].encode()
        return HttpAnswer(
            int(response["statusCode"]), _headers(response["responseParameters"], "gatewayresponse.header."), body
        )


class _Application:
    """What LocalGateway takes for the application: runs the function of one request, with an event as on AWS."""

    def __init__(self, app: Any, functions: Functions, function: str, request: HttpRequest, route: str) -> None:
        self.routes, self.api = app.routes, app.api
        self._functions, self._function, self._request, self._route = functions, function, request, route

    def __call__(self, event: dict[str, Any], context: object = None) -> Any:
        request = self._request
        forwarded = request.headers.get("x-forwarded-for")
        addresses = f"{forwarded}, {request.address}" if forwarded else request.address
        headers = {**request.headers, "x-forwarded-for": addresses}
        request_context = {
            **event.get("requestContext", {}),
            "httpMethod": request.method,
            "resourcePath": self._route,
            "path": request.path,
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": request.address, "userAgent": request.headers.get("user-agent")},
        }
        whole = {
            **event,
            "httpMethod": request.method,
            "resource": self._route,
            "path": request.path,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "requestContext": request_context,
            "body": base64.b64encode(request.body).decode() if request.body else None,
            "isBase64Encoded": bool(request.body),
            "multiValueQueryStringParameters": parse_qs(request.query, keep_blank_values=True) or None,
        }
        try:
            return self._functions.invoke(self._function, whole)
        except Exception as error:
            raise _FunctionFailed from error


def _kind_of(error: Exception) -> str:
    for kind, response in _RESPONSES.items():
        if isinstance(error, kind):
            return response
    if str(error) == _UNAUTHORIZED:
        return "UNAUTHORIZED"
    report(f"an authorizer failed:\n{''.join(traceback.format_exception(error))}")
    return "AUTHORIZER_FAILURE"


def _function(uri: Any) -> str:
    found = _FUNCTION.search(uri["Fn::Sub"])
    assert found, uri
    return found[1]


def _headers(parameters: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    """The template has the values of headers in single quotes."""
    return [(name.removeprefix(prefix), value[1:-1]) for name, value in parameters.items()]


def _event_size(request: HttpRequest) -> int:
    """Return roughly the bytes of the request's event: the body is in base64, and nothing else is large."""
    return (len(request.body) + 2) // 3 * 4 + len(json.dumps(dict(request.headers)))


def _answer(answer: Mapping[str, Any]) -> HttpAnswer:
    """API Gateway decodes a body in base64, and adds a type if there is none."""
    headers = [*answer.get("headers", {}).items()]
    for name, values in answer.get("multiValueHeaders", {}).items():
        headers += [(name, value) for value in values]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(_JSON)
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return HttpAnswer(int(answer["statusCode"]), headers, content)
