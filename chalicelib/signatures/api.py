"""The routes to sign a petition: with JSON, or with the form on the petition's page. Both follow the same rules.

`signing_tables` makes one attempt at each call. If storing fails, the overflow queue gets the signature.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request, Response
from pydantic import PlainValidator, WithJsonSchema

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import signing_tables
from chalicelib.core import log, times
from chalicelib.core.address import Address
from chalicelib.core.errors import FieldError, Invalid, PetitionNotOpen, Unavailable
from chalicelib.core.language import translatable
from chalicelib.core.models import ClosedModel
from chalicelib.core.settings import settings
from chalicelib.core.validation import parse_body
from chalicelib.edge.html import is_embedded, page_view
from chalicelib.edge.http import (
    NO_STORE,
    form_fields,
    is_from_own_page,
    json_answer,
    json_body,
    query,
    redirect,
    source_ip,
)
from chalicelib.edge.problems import RETRY_AFTER
from chalicelib.edge.route import PETITION_PAGE, SIGNING
from chalicelib.edge.views import json_view
from chalicelib.petitions.find import find_open_petition, find_petition
from chalicelib.petitions.model import Petition
from chalicelib.petitions.page import petition_page
from chalicelib.signatures.form import EMAIL, WORDS, SignatureForm, as_typed, read_fields, read_json, typed_address
from chalicelib.signatures.held import Signer, reason_for_proof, reason_to_hold
from chalicelib.signatures.mailboxes import SUGGESTION_FIELD, suggested_address
from chalicelib.signatures.network import network_hash
from chalicelib.signatures.sign import SigningContext, own_origin, sign

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.signatures.answers import Accepted, Asked, SignatureFields

routes = Blueprint(__name__)

CHECK_ADDRESS = translatable("Check your email address")


@json_view(routes, "POST", "/api/petitions/{slug}/signatures", throttle=SIGNING, status=202, raises=(PetitionNotOpen,))
def sign_by_json(request: "Sent[SignatureForm]", slug: str) -> "Answer[Accepted]":
    """Sign.

    Idempotent: a person has one signature, however often it is sent and however the email address is written. Retry
    on 429, 503, timeouts and broken connections, after `Retry-After` and with increasing, jittered delays. The
    answer is the same for new, repeated and blocked signatures. The signature counts once the person confirms it
    from their email.

    Answer: Accepted. The person gets an email to confirm, unless the address is blocked. The answer does not reveal
    whether it is.
    """
    now = times.now()
    petition = find_open_petition(slug, now, signing_tables())
    _sign(request, read_json(json_body(request)), petition, _channel(request, is_form=False), now)
    return json_answer({"status": "check-your-inbox"}, 202)


class ChallengeRequest(ClosedModel):
    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema(EMAIL)]
    """The address that is going to sign, in any spelling. It is not stored."""


@json_view(routes, "POST", "/api/petitions/{slug}/challenge", throttle=PETITION_PAGE, raises=(PetitionNotOpen,))
def ask_for_challenge(request: "Sent[ChallengeRequest]", slug: str) -> "Answer[Asked]":
    """Ask for a proof of work.

    Only needed while the count has `may_need_proof`. Solve the challenge with any library of ALTCHA, and send
    the result as `proof` with the signature, within 20 minutes. It holds for this petition and address only. A
    signature that needs a proof and has none gets the same answer, but staff look at it before it counts.

    Answer: The challenge. Null if this signature needs no proof.
    """
    now, limit_keys = times.now(), settings().limit_keys
    petition = find_open_petition(slug, now, signing_tables())
    address = parse_body(ChallengeRequest, json_body(request), WORDS).email.canonical
    signer = Signer(petition.slug, address, network_hash(source_ip(request), now, limit_keys))
    if not reason_for_proof(signer, now, limit_keys, signing_tables()):
        return json_answer({"challenge": None})
    # Imported here because signing needs it only with a proof.
    from chalicelib.signatures.proof import new_challenge

    return json_answer({"challenge": new_challenge(petition.slug, address, now, limit_keys)})


@page_view(
    routes,
    "POST",
    "/petitions/{slug}/signatures",
    throttle=SIGNING,
    status=303,
    query=("lang", "embed"),
    raises=(PetitionNotOpen,),
)
def sign_by_form(request: "Sent[SignatureFields]", slug: str) -> Response:
    """Sign with the hosted form.

    Sending the form twice makes one signature.

    Answer: Accepted. The answer is the same for new, repeated and blocked signatures.
    """
    now = times.now()
    try:
        petition = find_open_petition(slug, now, signing_tables())
    except PetitionNotOpen:
        if not is_embedded(request):
            raise
        # In a frame, show the petition's page: it says that nobody can sign now, and how many people signed.
        petition = find_petition(slug, now, signing_tables())
        return petition_page(request, petition, now, signing_tables(), form={}, status=409)
    fields = form_fields(request)
    fields.pop(SUGGESTION_FIELD, None)  # Never show a suggestion that a client sent.
    try:
        form = read_fields(fields)
        suggested = suggested_address(fields)
        if suggested:
            fields[SUGGESTION_FIELD] = suggested
            # Probably a typo. If the form then sends the same address again, it is accepted.
            raise Invalid([FieldError("email", CHECK_ADDRESS)])
        _sign(request, form, petition, _channel(request, is_form=True), now)
    except Invalid as invalid:
        return petition_page(
            request, petition, now, signing_tables(), form=as_typed(fields), errors=invalid.errors, status=422
        )
    except Unavailable:
        return _busy_page(request, petition, fields)
    return redirect(request, f"/petitions/{slug}/thanks", 303)


def _channel(request: Request, *, is_form: bool) -> str:
    """Return "form" or "embed" (in a frame) if our own page sent the signature, with or without its script, else "api".

    If the browser does not say which page sent it, a form counts as ours, and JSON does not. So in a browser that
    does not send Sec-Fetch-Site (Safari before 16.4), "form" only proves that our form's URL was used.
    """
    from_own_page = is_from_own_page(request)
    is_ours = is_form if from_own_page is None else from_own_page
    if not is_ours:
        return "api"
    return "embed" if query(request, "embed") == "1" else "form"


def _sign(request: Request, form: SignatureForm, petition: Petition, channel: str, now: datetime) -> None:
    context = SigningContext(signing_tables(), overflow_queue, settings().signature_keys)
    limit_keys = settings().limit_keys
    network = network_hash(source_ip(request), now, limit_keys)
    signer = Signer(petition.slug, form.email.canonical, network)
    held = reason_to_hold(signer, form.proof, now, limit_keys, signing_tables())
    origin = own_origin(petition, channel, form.source, network, held)
    signature_id, outcome = sign(form, petition, origin, now, context)
    log.note("signed", petition=petition.slug, signature=signature_id, outcome=outcome, channel=channel)


def _busy_page(request: Request, petition: Petition, fields: dict[str, str]) -> Response:
    """Return 503 and the form with the typed values. Perhaps the signature was not stored; sending it again is safe."""
    headers = {**NO_STORE, "Retry-After": str(RETRY_AFTER)}
    return petition_page(
        request,
        petition,
        times.now(),
        signing_tables(),
        form=as_typed(fields),
        busy=True,
        status=503,
        headers=headers,
    )
