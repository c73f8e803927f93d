"""The API without its paths: its address, and the responses that API Gateway gives without calling our code.

The module `gateway` has the paths of the API.
"""

import json
from http import HTTPStatus
from typing import Any

from stack.busy_page import REFUSED_PATH
from stack.template.cfn import Template, if_condition, output, ref, sub
from stack.template.config import api_stage

PROBLEM = "application/problem+json"
_NOT_FOUND = (404, "There is nothing at this address.")
# People read these texts if the site has no CDN and their browser has no JavaScript: the browser then shows the JSON.
_TRY_AGAIN = "Please go back, wait a few seconds, and try again. It is safe to send something twice."
_BUSY = (503, f"The service could not answer just now. {_TRY_AGAIN}")
# By API Gateway's name of the response: status, text, and seconds in the header Retry-After (0: no such header).
_RESPONSES = {
    "MISSING_AUTHENTICATION_TOKEN": (*_NOT_FOUND, 0),
    "RESOURCE_NOT_FOUND": (*_NOT_FOUND, 0),
    "UNAUTHORIZED": (401, "This needs a staff token: Authorization: Bearer ...", 0),
    "ACCESS_DENIED": (403, "This token does not give that right.", 0),
    "AUTHORIZER_FAILURE": (*_BUSY, 5),
    "AUTHORIZER_CONFIGURATION_ERROR": (*_BUSY, 5),
    "THROTTLED": (429, f"Very many people are here right now. {_TRY_AGAIN}", 5),
    "REQUEST_TOO_LARGE": (413, "The request is too large.", 0),
    "INTEGRATION_TIMEOUT": (*_BUSY, 5),
    "INTEGRATION_FAILURE": (*_BUSY, 5),
    "DEFAULT_4XX": (400, "The request could not be understood.", 0),
    "DEFAULT_5XX": (503, f"Something went wrong on our side. {_TRY_AGAIN}", 5),
}


def api() -> Template:
    responses = {name: _gateway_response(*each) for name, each in _RESPONSES.items()}
    definition = {"info": {"title": sub("petitions-${Stage}")}, "x-amazon-apigateway-gateway-responses": responses}
    gateway_url = sub(f"https://${{RestAPI}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{api_stage()}")
    site_url = if_condition("HasSiteUrl", ref("SiteUrl"), gateway_url)
    return {
        # If the version is set, SAM does not add a second stage with the name Stage.
        "Globals": {"Api": {"OpenApiVersion": "2.0"}},
        "Resources": {"RestAPI": {"Properties": {"DefinitionBody": definition}}},
        "Outputs": {"SiteUrlInUse": output(site_url, "Where supporters reach the site")},
    }


def _gateway_response(status: int, detail: str, retry_after: int) -> Template:
    """Return a response with an error in JSON (a problem, RFC 9457), like the errors that our code returns.

    Behind a CDN, a 429 is a 503. CloudFront then shows the busy page or an old copy of the page instead: it does so for
    5xx, and perhaps not for 429 (docs/aws-facts.md). API Gateway's metrics count it as 4xx nevertheless.

    API Gateway gives the same response to forms and to programs. If the site has a CDN, a response with Retry-After
    also has the header Refresh. Because of this header, a browser opens a page for people (busy_page). Programs ignore
    the header. The page replaces the problem in the browser's history, so that Back leads to the form. The page says
    that it is safe to send the form again.
    """
    headers = {"Content-Type": PROBLEM, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
    # Without this header, a browser that follows Refresh sends the request's URL as the referrer, perhaps with a token.
    headers["Referrer-Policy"] = "no-referrer"
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    parameters: Template = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()}
    if retry_after:
        parameters["gatewayresponse.header.Refresh"] = if_condition("HasEdge", f"'0; url={REFUSED_PATH}'")
    status_code, body = _with_status(status, detail)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        busy_code, busy_body = _with_status(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        status_code, body = if_condition("HasEdge", busy_code, status_code), if_condition("HasEdge", busy_body, body)
    return {
        "statusCode": status_code,
        "responseParameters": parameters,
        "responseTemplates": {"application/json": body},
    }


def _with_status(status: int, detail: str) -> tuple[Any, Any]:
    title = HTTPStatus(status).phrase.replace("Request Entity", "Content")  # As our code says.
    problem = {"type": "about:blank", "title": title, "status": int(status), "detail": detail}
    return str(int(status)), json.dumps(problem)
