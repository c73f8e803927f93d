"""The responses that API Gateway gives by itself, and its access log. The module `gateway` has the paths."""

import json
from http import HTTPStatus

from stack.template.busy import REFUSED_KEY
from stack.template.cfn import Template, get_att, if_condition, output, ref, resource, sub

PROBLEM = "application/problem+json"
_NOT_FOUND = (404, "There is nothing at this address.")
_BAD_REQUEST = (400, "The request could not be understood.")
_REFUSED = (403, "This request is not allowed.")
# If there is no CDN, a browser without JavaScript shows these texts.
_TRY_AGAIN = "Please go back, wait a few seconds, and try again. It is safe to send something twice."
_BUSY = (503, f"The service could not answer just now. {_TRY_AGAIN}")
_TOO_MANY = (429, f"Very many people are here right now. {_TRY_AGAIN}")
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
    "BAD_REQUEST_BODY": (*_BAD_REQUEST, 0),
    "BAD_REQUEST_PARAMETERS": (*_BAD_REQUEST, 0),
    "EXPIRED_TOKEN": (*_REFUSED, 0),
    "INVALID_API_KEY": (*_REFUSED, 0),
    "INVALID_SIGNATURE": (*_REFUSED, 0),
    "WAF_FILTERED": (*_REFUSED, 0),
    "DEFAULT_4XX": (*_BAD_REQUEST, 0),
    "DEFAULT_5XX": (503, f"Something went wrong on our side. {_TRY_AGAIN}", 5),
}
_TITLES = {413: "Content Too Large"}
# No user input and no IP address.
_LOG_FIELDS = {
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
    line = json.dumps({name: f"$context.{variable}" for name, variable in _LOG_FIELDS.items()})
    log = {"LogGroupName": sub("/aws/apigateway/petitions-${Stage}"), "RetentionInDays": 30}
    rest_api = {
        "AccessLogSetting": if_condition("LogsAccess", {"DestinationArn": get_att("ApiAccessLog"), "Format": line}),
        "DefinitionBody": {
            "info": {"title": sub("petitions-${Stage}")},
            "securityDefinitions": {"partner_authorizer": _authorizer_with_all_headers()},
            "x-amazon-apigateway-gateway-responses": {
                name: _gateway_response(*each) for name, each in _RESPONSES.items()
            },
        },
    }
    address = sub("https://${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}/site")
    site_url = if_condition("HasSiteUrl", ref("SiteUrl"), address)
    return {
        "Globals": {"Api": {"OpenApiVersion": "2.0"}},
        "Resources": {
            "RestAPI": {"Properties": rest_api},
            "ApiAccessLog": resource("Logs::LogGroup", log, Condition="LogsAccess"),
        },
        "Outputs": {"SiteUrlInUse": output(site_url, "Where supporters reach the site")},
    }


def _authorizer_with_all_headers() -> Template:
    """Return an authorizer without identity sources: API Gateway always calls it, with all headers (aws-facts.md)."""
    return {"name": "Unused", "x-amazon-apigateway-authorizer": {"type": "request"}}


def _gateway_response(status: int, detail: str, retry_after: int) -> Template:
    """Return a problem like our own (RFC 9457).

    A gateway response is the same for forms and programs. Behind a CDN, the header Refresh sends browsers to a page for
    people. The page replaces the problem in the browser's history, so that Back leads to the form. Programs ignore the
    header. The request may have succeeded nevertheless, and the page says so.
    """
    headers = {"Content-Type": PROBLEM, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    # With Refresh, the browser would send this address as the referrer, and it may contain a token.
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
