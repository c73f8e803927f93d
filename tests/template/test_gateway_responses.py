"""API Gateway's own error responses have the format of ours, application/problem+json."""

import json

import pytest

from chalicelib.edge.http import PROBLEM
from stack.judge.resolve import EMULATED, Resolver
from tests.template.packaged import API, EDGE_PARAMETERS, TEMPLATE, Resource
from tests.template.test_behaviours import BEHAVIOURS

GATEWAY: dict[str, Resource] = API["x-amazon-apigateway-gateway-responses"]
DIRECT: dict[str, Resource] = Resolver(TEMPLATE, {}, EMULATED).value(GATEWAY)
BEHIND_CDN: dict[str, Resource] = Resolver(TEMPLATE, EDGE_PARAMETERS, EMULATED).value(GATEWAY)


@pytest.mark.parametrize(
    ("kind", "status"),
    {
        "UNAUTHORIZED": 401,
        "ACCESS_DENIED": 403,
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "RESOURCE_NOT_FOUND": 404,
        "REQUEST_TOO_LARGE": 413,
        "THROTTLED": 429,
        "AUTHORIZER_FAILURE": 503,
        "INTEGRATION_FAILURE": 503,
        "INTEGRATION_TIMEOUT": 503,
    }.items(),
)
def test_a_gateway_response_has_the_right_status(kind: str, status: int) -> None:
    assert DIRECT[kind]["statusCode"] == str(status)
    # CloudFront's list of statuses that have a busy page may lack 429, and every list has 503.
    assert BEHIND_CDN[kind]["statusCode"] == str(503 if status == 429 else status)


@pytest.mark.parametrize("kind", GATEWAY)
@pytest.mark.parametrize("responses", [DIRECT, BEHIND_CDN], ids=["direct", "behind_cdn"])
def test_a_gateway_response_has_the_format_of_our_problems(responses: dict[str, Resource], kind: str) -> None:
    response = responses[kind]
    parameters = {name.rpartition(".")[2]: value for name, value in response["responseParameters"].items()}
    assert parameters["Content-Type"] == f"'{PROBLEM}'"
    assert parameters["Access-Control-Allow-Origin"] == "'*'"
    assert parameters["Cache-Control"] == "'no-store'"
    assert parameters["Referrer-Policy"] == "'no-referrer'"
    body = json.loads(response["responseTemplates"]["application/json"])
    assert {"type", "title", "detail"} <= body.keys()
    assert "$" not in json.dumps(body), "the body must not contain template variables of the request or of AWS"
    status = response.get("statusCode", "")
    assert body.get("status") == (int(status) if status else None)
    is_our_failure = kind == "DEFAULT_5XX" or status.startswith("5")
    can_be_retried = is_our_failure or status == "429"
    if can_be_retried:
        assert int(parameters["Retry-After"].strip("'")) > 0
    assert ("Refresh" in parameters) is (can_be_retried and responses is BEHIND_CDN)


def test_a_browser_whose_form_is_refused_is_sent_on_to_a_page_of_the_cdn() -> None:
    """The gateway answers forms and programs alike. The page needs neither gateway nor function."""
    refresh = GATEWAY["THROTTLED"]["responseParameters"]["gatewayresponse.header.Refresh"]
    assert refresh == {"Fn::If": ["HasEdge", "'0; url=/busy-form.html'", {"Ref": "AWS::NoValue"}]}
    assert BEHAVIOURS[0]["PathPattern"] == "/busy-form.html"
    assert BEHAVIOURS[0]["FunctionAssociations"]
