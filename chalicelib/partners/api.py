"""Signatures from partners over HTTP, in our own JSON."""

from datetime import datetime

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.settings import settings
from chalicelib.core.validation import decode_json
from chalicelib.edge.http import json_answer, json_body
from chalicelib.partners.form import MOST_AT_ONCE, MOST_BODY_KB, SentSignature, identifier_of, read_sent
from chalicelib.partners.model import Partner, ReceiveOutcome
from chalicelib.partners.receive import ReceiveResult, take_each
from chalicelib.partners.receiving import Receiving
from chalicelib.partners.register import find_partner
from chalicelib.petitions.find import find_open_petition
from chalicelib.signatures.sign import SigningContext
from chalicelib.staff.authorizer import partner_of, partner_view

routes = Blueprint(__name__)


@partner_view(routes)
def take_signatures(request: Request, slug: str) -> Response:
    """Return the result of each signature, in order. A repeat changes nothing."""
    now = times.now()
    raws = _each(decode_json(json_body(request, most=MOST_BODY_KB * 1024)))
    receiving = receiving_of(request, slug, "api", now)
    results = take_raw(raws, receiving, now)
    shown = [_shown(identifier_of(raw), result) for raw, result in zip(raws, results, strict=True)]
    return json_answer({"results": shown})


def receiving_of(request: Request, slug: str, channel: str, now: datetime) -> Receiving:
    """Return the settings for receiving the calling partner's signatures. Raise what find_open_petition raises."""
    partner = find_partner(partner_of(request), tables())
    petition = find_open_petition(slug, now, tables())
    return Receiving(partner, petition, channel, SigningContext(tables(), overflow_queue, settings().signature_keys))


def take_raw(raws: list[object], receiving: Receiving, now: datetime) -> list[ReceiveResult]:
    """Validate and take each signature, and return the results in order."""
    read = [_read(raw, receiving.partner, now) for raw in raws]
    received = iter(take_each([each for each in read if isinstance(each, SentSignature)], receiving, now))
    results = [
        next(received) if isinstance(each, SentSignature) else ReceiveResult(ReceiveOutcome.INVALID, each.errors)
        for each in read
    ]
    numbers = {result.value: sum(each.result is result for each in results) for result in ReceiveOutcome}
    log.note("taken", petition=receiving.petition.slug, partner=receiving.partner.source, **numbers)
    return results


def _read(raw: object, partner: Partner, now: datetime) -> SentSignature | Invalid:
    try:
        return read_sent(raw, partner, now)
    except Invalid as invalid:
        return invalid


def _each(body: object) -> list[object]:
    """Return the signatures of a body: one alone, or a list of them. Raise Invalid."""
    if not isinstance(body, dict):
        raise Invalid([FieldError("body", "Send one signature, or an object with the list signatures")])
    if "signatures" not in body:
        return [body]
    listed = body["signatures"]
    if len(body) > 1 or not isinstance(listed, list) or not 1 <= len(listed) <= MOST_AT_ONCE:
        raise Invalid([FieldError("signatures", f"Send a list of 1 to {MOST_AT_ONCE} signatures and no other field")])
    return listed


def _shown(identifier: str | None, result: ReceiveResult) -> dict[str, object]:
    errors = [{"field": each.field, "message": each.message} for each in result.errors]
    return {"identifier": identifier, "result": result.result, "errors": errors}
