"""The responses that API Gateway gives by itself, and its access log. `gateway` has its paths."""

import json
from http import HTTPStatus

from stack.template.busy import REFUSED_KEY
from stack.template.cfn import Template, get, if_condition, output, ref, resource, sub

PROBLEM = "application/problem+json"
_NOT_FOUND = (404, "There is nothing at this address.")
_BAD = (400, "The request could not be understood.")
_REFUSED = (403, "This request is not allowed.")
# Without a CDN, a browser without JavaScript shows these texts.
_AGAIN = "Please go back, wait a few seconds, and try again. It is safe to send something twice."
_BUSY = (503, f"The service could not answer just now. {_AGAIN}")
_TOO_MANY = (429, f"Very many people are here right now. {_AGAIN}")
# The status and text of each kind of response, and the seconds of its Retry-After.
_RESPONSES = {
    "MISSING_AUTHENTICATION_TOKEN": (*_NOT_FOUND, 0),
    "RESOURCE_NOT_FOUND": (*_NOT_FOUND, 0),
    "UNAUTHORIZED": (401, "This needs a staff token: Authorization: Bearer ...", 0),
    "ACCESS_DENIED": (403, "This token does not give that right.", 0),
    "AUTHORIZER_FAILURE": (*_BUSY, 5),
    "AUTHORIZER_CONFIGURATION_ERROR": (*_BUSY, 5),
    "API_CONFIGURATION_ERROR": (*_BUSY, 30),
    "THROTTLED": (*_TOO_MANY, 5),
    "QUOTA_EXCEEDED": (*_TOO_MANY, 60),
    "REQUEST_TOO_LARGE": (413, "The request is too large.", 0),
    "UNSUPPORTED_MEDIA_TYPE": (415, "This content type is not understood here.", 0),
    "INTEGRATION_TIMEOUT": (*_BUSY, 5),
    "INTEGRATION_FAILURE": (*_BUSY, 5),
    "BAD_REQUEST_BODY": (*_BAD, 0),
    "BAD_REQUEST_PARAMETERS": (*_BAD, 0),
    "EXPIRED_TOKEN": (*_REFUSED, 0),
    "INVALID_API_KEY": (*_REFUSED, 0),
    "INVALID_SIGNATURE": (*_REFUSED, 0),
    "WAF_FILTERED": (*_REFUSED, 0),
    "DEFAULT_4XX": (*_BAD, 0),
    "DEFAULT_5XX": (503, f"Something went wrong on our side. {_AGAIN}", 5),
}
_TITLES = {413: "Content Too Large"}
# No user input and no IP address.
_LOGGED = {
    "requestId": "requestId",
    "time": "requestTimeEpoch",
    "method": "httpMethod",
    "resource": "resourcePath",
    "status": "status",
    "error": "error.responseType",
    "latency": "responseLatency",
    "integrationStatus": "integration.status",
    "integrationLatency": "integration.latency",
    "bytes": "responseLength",
}


def api() -> Template:
    line = json.dumps({name: f"$context.{variable}" for name, variable in _LOGGED.items()})
    log = {"LogGroupName": sub("/aws/apigateway/petitions-${Stage}"), "RetentionInDays": 30}
    rest_api = {
        "AccessLogSetting": if_condition("LogsAccess", {"DestinationArn": get("ApiAccessLog"), "Format": line}),
        "DefinitionBody": {
            "info": {"title": sub("petitions-${Stage}")},
            "securityDefinitions": {"partner_authorizer": _by_any_header()},
            "x-amazon-apigateway-gateway-responses": {name: _response(*each) for name, each in _RESPONSES.items()},
        },
    }
    address = sub("https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/site")
    in_use = if_condition("HasSiteUrl", ref("SiteUrl"), address)
    return {
        "Globals": {"Api": {"OpenApiVersion": "2.0"}},
        "Resources": {
            "RestAPI": {"Properties": rest_api},
            "ApiAccessLog": resource("Logs::LogGroup", log, Condition="LogsAccess"),
        },
        "Outputs": {"SiteUrlInUse": output(in_use, "Where supporters reach the site")},
    }


def _by_any_header() -> Template:
    """Make an authorizer get all headers. Without identity sources, API Gateway always calls it (docs/aws-facts.md)."""
    return {"name": "Unused", "x-amazon-apigateway-authorizer": {"type": "request"}}


def _response(status: int, detail: str, retry_after: int) -> Template:
    """Return a problem like our own (RFC 9457).

    A gateway response is the same for forms and programs. Behind a CDN, Refresh leads browsers on to a page in words:
    it takes the place of the problem, so that Back leads to the form. Programs do not follow it. What was sent may have
    arrived all the same: the page says so.
    """
    headers = {"Content-Type": PROBLEM, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    # Refresh would tell the page this address, which may have a token.
    headers |= {"Referrer-Policy": "no-referrer"}
    headers |= {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    headers |= {"Retry-After": str(retry_after)} if retry_after else {}
    parameters: Template = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}
    if retry_after:
        parameters["gatewayresponse.header.Refresh"] = if_condition("HasEdge", f"'0; url=/{REFUSED_KEY}'")
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return {
        "statusCode": str(status),
        "responseParameters": parameters,
        "responseTemplates": {"application/json": json.dumps(body)},
    }
