"""Requests that the served OpenAPI description allows or forbids get one of the described answers."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.emulated import eventually

SOURCE = Path(__file__).parents[2] / "chalicelib" / "edge" / "openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SECONDS = 30
# The same cases every time, so a failure can be repeated.
SEED = int(os.environ.get("SCHEMATHESIS_SEED", "1"))
bounded = settings(max_examples=20, database=None, deadline=None)


def _described(mode: GenerationMode) -> schemathesis.BaseSchema:
    """Return the schema without the coverage phase: tests without a network cover every boundary of every field."""
    description = schemathesis.openapi.from_dict(json.loads(SOURCE.read_text(encoding="utf-8")))
    description.config.phases.coverage.enabled = False
    description.config.generation.update(modes=[mode])
    description.config.seed = SEED
    return description


as_described = _described(GenerationMode.POSITIVE)
otherwise = _described(GenerationMode.NEGATIVE)


Listed = list[dict[str, object]]


def _petitions(site: str, staff_token: str) -> Listed:
    headers = {"Authorization": f"Bearer {staff_token}"}
    listed: Listed = requests.get(f"{site}/api/staff/petitions", headers=headers, timeout=SECONDS).json()["petitions"]
    return listed


@pytest.fixture
def slug(site: str, staff_token: str) -> str:
    """An open petition."""
    return str(next(each["slug"] for each in _petitions(site, staff_token) if each["state"] == "open"))


@pytest.fixture
def _counted(site: str, staff_token: str) -> Iterator[None]:
    """Wait until the pending count, which lags by about a second, is stable for the next test."""
    yield

    def still() -> bool:
        before = _petitions(site, staff_token)
        sleep(1)
        return before == _petitions(site, staff_token)

    eventually(still)


def _checked(case: Case[Any], site: str, slug: str | None = None, **headers: str) -> None:
    if slug and "slug" in case.path_parameters:
        case.path_parameters["slug"] = slug
    case.call_and_validate(site, headers=headers, checks=CHECKS, timeout=SECONDS)


def test_the_cases_come_from_the_served_description(site: str) -> None:
    served = requests.get(f"{site}/api/openapi.json", timeout=SECONDS)
    assert served.json() == as_described.raw_schema


@as_described.include(tag=["petitions", "site"], method="GET").parametrize()
@bounded
def test_valid_reads_get_described_answers(case: Case[Any], site: str, slug: str) -> None:
    _checked(case, site, slug)


@as_described.include(tag="petitions", method="POST").parametrize()
@pytest.mark.usefixtures("_counted")
@bounded
def test_valid_signings_get_described_answers(case: Case[Any], site: str, slug: str) -> None:
    _checked(case, site, slug)


@otherwise.include(tag="petitions", method="POST").parametrize()
@pytest.mark.usefixtures("_counted")
@bounded
def test_invalid_signings_get_described_answers(case: Case[Any], site: str, slug: str) -> None:
    _checked(case, site, slug)


@as_described.include(tag="petitions").parametrize()
@bounded
def test_an_unknown_petition_gets_a_described_answer(case: Case[Any], site: str) -> None:
    _checked(case, site)


@as_described.include(tag="staff").parametrize()
@bounded
def test_valid_staff_requests_get_described_answers(case: Case[Any], site: str, slug: str, staff_token: str) -> None:
    _checked(case, site, slug, Authorization=f"Bearer {staff_token}")


@otherwise.include(operation_id="readCounts").parametrize()
@bounded
def test_invalid_staff_requests_get_described_answers(case: Case[Any], site: str, slug: str, staff_token: str) -> None:
    _checked(case, site, slug, Authorization=f"Bearer {staff_token}")
