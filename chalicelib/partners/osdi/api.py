"""The routes of our OSDI API: its entry point, the petitions, and the helper, which records a signature."""

import json
import re
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import FieldError, Invalid, PetitionNotOpen
from chalicelib.core.settings import settings
from chalicelib.core.validation import decode_json
from chalicelib.edge.http import JSON, NO_STORE, answer, json_body, query, retry_after_header
from chalicelib.edge.problems import Problem
from chalicelib.partners.api import receiving_of
from chalicelib.partners.model import ReceiveOutcome
from chalicelib.partners.osdi.read import (
    HAL,
    Document,
    entry_point,
    error_description,
    error_document,
    identifiers_of,
    osdi_path,
    petition_document,
    petition_list,
    read_osdi_signature,
    signature_document,
)
from chalicelib.partners.receive import ReceiveResult, take_each
from chalicelib.petitions.find import find_petition, open_petitions_with_counts
from chalicelib.staff.authorizer import partner_view
from chalicelib.tallies.count import exact_count

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.partners.answers import OsdiSignature

routes = Blueprint(__name__)

CONTENT_TYPES = (JSON, HAL, "")  # "": the request names no type.
_page_pattern = re.compile(r"[1-9][0-9]{0,5}")


def _problem_answer(_: Request, problem: Problem) -> Response:
    """OSDI uses 400, not 422, for invalid input."""
    status = 400 if problem.status == 422 else problem.status
    descriptions = [error_description("INVALID", each.message, each.field) for each in problem.errors]
    if not descriptions:
        code = problem.title.upper().replace(" ", "_")
        descriptions = [error_description(code, problem.detail)]
    return _hal_answer(error_document(status, descriptions), status, retry_after_header(problem))


@partner_view(routes, "GET", "/api/osdi", _problem_answer)
def read_entry_point(request: Request) -> "Answer[Document]":
    """OSDI: the entry point.

    [OSDI](https://opensupporter.github.io/osdi-docs/) 1.2.0. Follow the links; do not build URLs.
    """
    return _hal_answer(entry_point(_base_url()))


@partner_view(routes, "GET", "/api/osdi/petitions", _problem_answer, query=("page",))
def list_osdi_petitions(request: Request) -> "Answer[Document]":
    """OSDI: the open petitions.

    Answer: A page of petitions. Follow `next`.

    ?page= The number of the page.
    """
    page = query(request, "page") or "1"
    if not _page_pattern.fullmatch(page):
        raise Invalid([FieldError("page", "Use the number of a page")])
    petitions = open_petitions_with_counts(times.now(), tables())
    return _hal_answer(petition_list(petitions, int(page), _base_url()))


@partner_view(routes, "GET", "/api/osdi/petitions/{slug}", _problem_answer)
def read_osdi_petition(request: Request, slug: str) -> "Answer[Document]":
    """OSDI: a petition."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    count = exact_count(petition, now, tables())
    return _hal_answer(petition_document(petition, count, _base_url()))


@partner_view(routes, "POST", "/api/osdi/petitions/{slug}/record", _problem_answer, raises=(PetitionNotOpen,))
def record_signature(request: "Sent[OsdiSignature]", slug: str) -> "Answer[Document]":
    """OSDI: record a signature.

    The petition's link `osdi:record_signature_helper` leads here. Idempotent by `identifiers`, or else by email
    address. OSDI has no field for consent, so `custom_fields` of the person may have `consent_wording`,
    `consent_version`, `consent_obtained_at`, `consent_updates` and `consent_email`. Without them, the consent is to
    the partner's usual wording, at `action_date`. A subscription `status` is not a consent and is ignored.
    """
    now = times.now()
    body = decode_json(json_body(request, media_types=CONTENT_TYPES))
    receiving = receiving_of(request, slug, "osdi", now)
    submission = read_osdi_signature(body, receiving.partner, now)
    [result] = take_each([submission], receiving, now)
    log.note("taken", petition=slug, partner=receiving.partner.source, result=result.outcome.value)
    if result.outcome in (ReceiveOutcome.INVALID, ReceiveOutcome.SUPPRESSED):
        return _refusal(result)
    url = f"{_base_url()}/petitions/{slug}"
    document = signature_document(identifiers_of(body), submission.consent.obtained_at, now, url)
    return _hal_answer(document)


def _refusal(result: ReceiveResult) -> "Answer[Document]":
    """OSDI has no error code for a person who must not be sent again, so we use our own, SUPPRESSED."""
    descriptions = [error_description("INVALID", each.message, osdi_path(each.field)) for each in result.errors]
    if not descriptions:
        message = "This person withdrew or cannot be reached by email. Do not send them again"
        descriptions = [error_description("SUPPRESSED", message)]
    return _hal_answer(error_document(400, descriptions), 400)


def _hal_answer(body: Document, status: int = 200, headers: dict[str, str] | None = None) -> "Answer[Document]":
    return answer(json.dumps(body), status, {"Content-Type": HAL, **NO_STORE, **(headers or {})})


def _base_url() -> str:
    return f"{settings().site_url}/api/osdi"
