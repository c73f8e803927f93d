"""Requests that the served OpenAPI description allows or forbids get one of the described answers."""

import json
import os
from pathlib import Path
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

from tests.site import DeployedSite

DESCRIPTION = Path(__file__).parents[2] / "chalicelib" / "edge" / "openapi.json"
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


def _load_schema(mode: GenerationMode) -> schemathesis.BaseSchema:
    """Return the schema without the coverage phase: tests without a network cover every boundary of every field."""
    description = schemathesis.openapi.from_dict(json.loads(DESCRIPTION.read_text(encoding="utf-8")))
    description.config.phases.coverage.enabled = False
    description.config.generation.update(modes=[mode])
    description.config.seed = SEED
    return description


valid_requests = _load_schema(GenerationMode.POSITIVE)
invalid_requests = _load_schema(GenerationMode.NEGATIVE)


@pytest.fixture
def slug(deployed_site: DeployedSite) -> str:
    """The slug of an open petition."""
    petitions = deployed_site.staff("/petitions").json()["petitions"]
    slugs: list[str] = [petition["slug"] for petition in petitions if petition["state"] == "open"]
    return slugs[0]


def _call_and_check(case: Case[Any], site_url: str, slug: str | None = None, **headers: str) -> None:
    if slug and "slug" in case.path_parameters:
        case.path_parameters["slug"] = slug
    case.call_and_validate(site_url, headers=headers, checks=CHECKS, timeout=SECONDS)


def test_the_cases_come_from_the_served_description(site_url: str) -> None:
    answer = requests.get(f"{site_url}/api/openapi.json", timeout=SECONDS)
    assert answer.json() == valid_requests.raw_schema


@valid_requests.include(tag=["petitions", "site"], method="GET").include(tag="petitions", method="POST").parametrize()
@bounded
def test_valid_reads_and_signings_get_described_answers(case: Case[Any], site_url: str, slug: str) -> None:
    _call_and_check(case, site_url, slug)


@invalid_requests.include(tag="petitions", method="POST").parametrize()
@bounded
def test_invalid_signings_get_described_answers(case: Case[Any], site_url: str, slug: str) -> None:
    _call_and_check(case, site_url, slug)


@valid_requests.include(tag="petitions").parametrize()
@bounded
def test_an_unknown_petition_gets_a_described_answer(case: Case[Any], site_url: str) -> None:
    _call_and_check(case, site_url)


@valid_requests.include(tag="staff").parametrize()
@bounded
def test_valid_staff_requests_get_described_answers(
    case: Case[Any], site_url: str, slug: str, staff_token: str
) -> None:
    _call_and_check(case, site_url, slug, Authorization=f"Bearer {staff_token}")


@invalid_requests.include(operation_id="readCounts").parametrize()
@bounded
def test_invalid_staff_requests_get_described_answers(
    case: Case[Any], site_url: str, slug: str, staff_token: str
) -> None:
    _call_and_check(case, site_url, slug, Authorization=f"Bearer {staff_token}")
