"""The requests get exactly the statuses that the OpenAPI document describes, and the answers fit their descriptions."""

import json
import os

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.settings import settings
from tests.fake_site import FakeSite
from tests.openapi.cases import NO_PROVIDER, Case
from tests.openapi.derived import derived_cases
from tests.openapi.petition_requests import PETITION_REQUESTS
from tests.openapi.public_requests import PUBLIC_REQUESTS
from tests.openapi.spec import SPEC, answers, operations, schema_errors
from tests.openapi.staff_requests import STAFF_REQUESTS
from tests.openapi.stored import filled_in

# API Gateway itself answers with these statuses. tests/template checks those answers.
GATEWAY_STATUSES = {401, 403, 429}
COMMON_STATUSES = {429, 503}
REQUESTS = [*derived_cases(), *PUBLIC_REQUESTS, *PETITION_REQUESTS, *STAFF_REQUESTS]


def send(case: Case, site: FakeSite) -> HTTPResponse:
    case = filled_in(case, site)
    if case.url.endswith(NO_PROVIDER):
        os.environ.pop("OIDC_ISSUER")
        settings.cache_clear()
    return site.client.http.request(case.method, case.url, headers=case.headers, body=case.body)


def assert_fits_description(answer: HTTPResponse, case: Case) -> None:
    described = answers(SPEC["paths"][case.route][case.method.lower()])[answer.status_code]
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert {name.lower() for name in described.get("headers", {})} <= headers.keys()
    content = described.get("content", {})
    if not content:
        assert not answer.body
        return
    kind = headers["content-type"].partition(";")[0]
    assert kind in content
    if "json" in kind:
        assert schema_errors(json.loads(answer.body), content[kind]["schema"]) == []


@pytest.mark.parametrize("case", REQUESTS, ids=str)
def test_an_answer_fits_its_description(case: Case, site: FakeSite) -> None:
    answer = send(case, site)
    assert answer.status_code == case.status, answer.body
    assert_fits_description(answer, case)


def test_exactly_the_described_statuses_of_our_code_are_tested() -> None:
    tested = {(case.method, case.route, case.status) for case in REQUESTS}
    described: set[tuple[str, str, int]] = set()
    for method, path, operation in operations():
        statuses = answers(operation).keys() - GATEWAY_STATUSES - COMMON_STATUSES
        described.update((method, path, status) for status in statuses)
    assert tested == described
