"""The route by which partners send signatures in our own JSON format."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import FieldError, Invalid, PetitionNotOpen, PetitionRemoved
from chalicelib.core.settings import settings
from chalicelib.core.validation import decode_json
from chalicelib.edge.http import json_answer, json_body
from chalicelib.partners.form import MAX_BODY_KB, MAX_SIGNATURES, SentSignature, identifier_of, read_signature
from chalicelib.partners.model import Partner, ReceiveOutcome
from chalicelib.partners.receive import ReceiveResult, take_each
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.partners.register import find_partner
from chalicelib.petitions.find import find_open_petition
from chalicelib.signatures.sign import SigningContext
from chalicelib.staff.authorizer import partner_of, partner_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.partners.answers import ReceivedSignatures, SentSignatures

routes = Blueprint(__name__)


@partner_view(
    routes,
    "POST",
    "/api/partner/petitions/{slug}/signatures",
    body_kb=MAX_BODY_KB,
    raises=(PetitionNotOpen, PetitionRemoved),
)
def take_signatures(request: "Sent[SentSignatures]", slug: str) -> "Answer[ReceivedSignatures]":
    """Send signatures from a partner.

    One signature, or up to {MAX_SIGNATURES} in a body of {MAX_BODY_KB} KB at most. Needs a partner's token.
    Idempotent: send it again after 429, 503 or no answer. `accepted`: new. `existing`: the person has signed
    already, through you, through others or here, and counts once. `invalid`: nothing was stored, see `errors`. The
    result is `invalid` too if you sent the identifier before with another email address. `suppressed`: nothing was
    stored, because the person withdrew, was erased or cannot be reached by email. A repeat changes nothing, unless
    the signature expired meanwhile, or the undo of an import took it back: then it is stored again.

    Answer: The result of each signature, in order.
    """
    now = times.now()
    body = decode_json(json_body(request, max_bytes=MAX_BODY_KB * 1024))
    raws = _raw_signatures(body)
    receiving = receiving_of(request, slug, "partner", now)
    results = _take_raw(raws, receiving, now)
    shown = [_result_json(raw, result) for raw, result in zip(raws, results, strict=True)]
    return json_answer({"results": shown})


def receiving_of(request: Request, slug: str, channel: str, now: datetime) -> ReceivingContext:
    """Raise Forbidden, UnknownThing (no such partner), UnknownPetition, PetitionRemoved or PetitionNotOpen."""
    partner = find_partner(partner_of(request), tables())
    petition = find_open_petition(slug, now, tables())
    signing = SigningContext(tables(), overflow_queue, settings().signature_keys)
    return ReceivingContext(partner, petition, channel, signing)


def _take_raw(raws: list[object], receiving: ReceivingContext, now: datetime) -> list[ReceiveResult]:
    validated = [_signature_or_error(raw, receiving.partner, now) for raw in raws]
    valid = [each for each in validated if isinstance(each, SentSignature)]
    # `take_each` keeps the order of `valid`, so the next valid signature gets the next result.
    results_of_valid = iter(take_each(valid, receiving, now))
    results: list[ReceiveResult] = []
    for each in validated:
        if isinstance(each, Invalid):
            results.append(ReceiveResult(ReceiveOutcome.INVALID, each.errors))
        else:
            results.append(next(results_of_valid))
    outcomes = [result.outcome for result in results]
    counts = {outcome.value: outcomes.count(outcome) for outcome in ReceiveOutcome}
    log.note("taken", petition=receiving.petition.slug, partner=receiving.partner.source, **counts)
    return results


def _signature_or_error(raw: object, partner: Partner, now: datetime) -> SentSignature | Invalid:
    try:
        return read_signature(raw, partner, now)
    except Invalid as invalid:
        return invalid


def _raw_signatures(body: object) -> list[object]:
    if not isinstance(body, dict):
        raise Invalid([FieldError("body", "Send one signature, or an object with a list named signatures")])
    if "signatures" not in body:
        return [body]
    listed = body["signatures"]
    has_other_fields = len(body) > 1
    if has_other_fields or not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SIGNATURES:
        raise Invalid([FieldError("signatures", f"Send a list of 1 to {MAX_SIGNATURES} signatures and no other field")])
    return listed


def _result_json(raw: object, result: ReceiveResult) -> dict[str, object]:
    errors = [{"field": each.field, "message": each.message} for each in result.errors]
    return {"identifier": identifier_of(raw), "result": result.outcome, "errors": errors}
