"""A request gets each status that the OpenAPI document describes, and no other, and the answer is as described."""

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
from tests.fakes import FakeTables
from tests.openapi.asks import NO_PROVIDER, Ask
from tests.openapi.petition_requests import OF_PETITIONS
from tests.openapi.public_requests import PUBLIC
from tests.openapi.spec import SPEC, answers, faults, operations
from tests.openapi.staff_requests import OF_STAFF
from tests.openapi.stored import filled
from tests.served import Served

# API Gateway answers these before our code runs. tests/template checks them.
OF_THE_GATEWAY = {401, 403, 429}
BY_ANY_ROUTE = {429, 503}
REQUESTS = [*PUBLIC, *OF_PETITIONS, *OF_STAFF]


def _answered(ask: Ask, site: Served) -> HTTPResponse:
    headers = {name: filled(value, site) for name, value in ask.headers.items()}
    body = filled(ask.body.decode(), site).encode()
    if ask.url.endswith(NO_PROVIDER):
        os.environ.pop("OIDC_ISSUER")
        settings.cache_clear()
    return site.client.http.request(ask.method, filled(ask.url, site), headers=headers, body=body)


def _described(ask: Ask) -> dict[int, dict[str, Any]]:
    return answers(SPEC["paths"][ask.route][ask.method.lower()])


def assert_as_described(answer: HTTPResponse, described: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert {name.lower() for name in described.get("headers", {})} <= headers.keys()
    content = described.get("content", {})
    if not content:
        assert not answer.body
        return
    kind = headers["content-type"].partition(";")[0]
    assert kind in content
    if "json" in kind:
        assert faults(json.loads(answer.body), content[kind]["schema"]) == []


@pytest.mark.parametrize("ask", REQUESTS, ids=str)
def test_an_answer_is_as_described(ask: Ask, site: Served) -> None:
    answer = _answered(ask, site)
    assert answer.status_code == ask.status, answer.body
    assert_as_described(answer, _described(ask)[ask.status])


def test_exactly_the_described_statuses_of_our_code_are_tested() -> None:
    tested = {(ask.method, ask.route, ask.status) for ask in REQUESTS}
    described = {
        (method, path, status)
        for method, path, operation in operations()
        for status in answers(operation)
        if status not in OF_THE_GATEWAY | BY_ANY_ROUTE
    }
    assert tested == described


WITHOUT_STORAGE = (
    "/assets", "/api/openapi", "/api/staff/me", "/api/staff/sign-in", "/staff", "/api/statements", "/statements",
    "/api/osdi$",
)  # fmt: skip
WITH_STORAGE = [
    ask
    for ask in REQUESTS
    if ask.status < 400 and not ask.route.startswith(WITHOUT_STORAGE) and ask.route not in ("/api/osdi", "/embed.js")
]


@pytest.mark.parametrize("ask", WITH_STORAGE, ids=str)
def test_every_route_that_needs_storage_answers_503_when_storage_fails(ask: Ask, site: Served) -> None:
    # Make the tokens first, because they need storage.
    headers = {name: filled(value, site) for name, value in ask.headers.items()}
    ready = replace(ask, url=filled(ask.url, site), headers=headers)
    _throttle(site.tables)
    answer = _answered(ready, site)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert_as_described(answer, _described(ask)[503])


def _throttle(tables: FakeTables) -> None:
    """Throttle all reads except staff tokens. API Gateway itself answers when the authorizer fails."""

    def throttled(key: Key | str | None = None, *_: object, **__: object) -> Item | None:
        if isinstance(key, Key) and key.pk == keys.TOKENS_PARTITION:
            return tables.items[key]
        raise Throttled

    for name in ("get", "batch_get", "query", "check", "put_new"):
        setattr(tables, name, throttled)
