"""The requests get exactly the statuses that the OpenAPI document describes, and the answers fit their descriptions."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled
from chalicelib.core.keys import Key
from chalicelib.core.settings import settings
from tests.fake_site import FakeSite
from tests.fakes import FakeTables
from tests.openapi.cases import NO_PROVIDER, Case
from tests.openapi.derived import derived_cases
from tests.openapi.petition_requests import PETITION_REQUESTS
from tests.openapi.public_requests import PUBLIC_REQUESTS
from tests.openapi.spec import SPEC, answers, operations, schema_errors
from tests.openapi.staff_requests import STAFF_REQUESTS
from tests.openapi.stored import with_tokens

# API Gateway itself answers with these statuses. tests/template checks those answers.
GATEWAY_STATUSES = {401, 403, 429}
COMMON_STATUSES = {429, 503}
REQUESTS = [*derived_cases(), *PUBLIC_REQUESTS, *PETITION_REQUESTS, *STAFF_REQUESTS]


def _send(case: Case, site: FakeSite) -> HTTPResponse:
    headers = {name: with_tokens(value, site) for name, value in case.headers.items()}
    body = with_tokens(case.body.decode(), site).encode()
    if case.url.endswith(NO_PROVIDER):
        os.environ.pop("OIDC_ISSUER")
        settings.cache_clear()
    return site.client.http.request(case.method, with_tokens(case.url, site), headers=headers, body=body)


def _described_answers(case: Case) -> dict[int, dict[str, Any]]:
    return answers(SPEC["paths"][case.route][case.method.lower()])


def assert_fits_description(answer: HTTPResponse, described: dict[str, Any]) -> None:
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
    answer = _send(case, site)
    assert answer.status_code == case.status, answer.body
    assert_fits_description(answer, _described_answers(case)[case.status])


def test_exactly_the_described_statuses_of_our_code_are_tested() -> None:
    tested = {(case.method, case.route, case.status) for case in REQUESTS}
    described: set[tuple[str, str, int]] = set()
    for method, path, operation in operations():
        statuses = answers(operation).keys() - GATEWAY_STATUSES - COMMON_STATUSES
        described.update((method, path, status) for status in statuses)
    assert tested == described


ROUTES_WITHOUT_STORAGE = (
    "/assets", "/api/openapi", "/api/staff/me", "/api/staff/sign-in", "/staff", "/api/statements", "/statements",
    "/api/osdi$", "/api/staff/constituencies",
)  # fmt: skip
REQUESTS_WITH_STORAGE = [
    case
    for case in REQUESTS
    if case.status < 400
    and not case.route.startswith(ROUTES_WITHOUT_STORAGE)
    and case.route not in ("/api/osdi", "/embed.js")
    and (case.method, case.url) != ("GET", "/my-signatures")
]


@pytest.mark.parametrize("case", REQUESTS_WITH_STORAGE, ids=str)
def test_every_route_that_needs_storage_answers_503_when_storage_fails(case: Case, site: FakeSite) -> None:
    # Issue the tokens before the storage fails.
    headers = {name: with_tokens(value, site) for name, value in case.headers.items()}
    body = with_tokens(case.body.decode(), site).encode()
    case_with_tokens = replace(case, url=with_tokens(case.url, site), headers=headers, body=body)
    _throttle(site.tables)
    answer = _send(case_with_tokens, site)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert_fits_description(answer, _described_answers(case)[503])


def _throttle(tables: FakeTables) -> None:
    """Throttle all calls except reads of staff tokens: if the authorizer fails, API Gateway itself answers."""

    def call(key: Key | str | None = None, *_: object, **__: object) -> Item | None:
        if isinstance(key, Key) and key.pk == keys.TOKENS_PARTITION:
            return tables.items[key]
        raise Throttled

    for name in ("get", "batch_get", "query", "check", "put_new", "update"):
        setattr(tables, name, call)
