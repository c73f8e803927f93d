"""The routes for staff to list and create partners, and to issue tokens for partners."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request
from pydantic import Field

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.partners.model import VERSION_RULE, CountsWhen, Partner, Source, Wording, WordingVersion
from chalicelib.partners.register import all_partners, create_partner, find_partner, new_partner_token
from chalicelib.petitions.text import Line
from chalicelib.staff.authorizer import audit, staff_view
from chalicelib.staff.tokens import audit_details, store_token

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.partners.answers import PartnerToken, ShownPartner, ShownPartners

routes = Blueprint(__name__)

MAX_TOKEN_DAYS = 3650
WORDS = Words(
    wrong={
        "source": "Begin with partner-, then up to 32 small letters, digits and hyphens",
        "version": VERSION_RULE,
    }
)


class NewPartner(ClosedModel):
    source: Source
    """The partner's id, which is the source of all its signatures. It cannot be changed later."""
    name: Line
    """The partner's name. It is recorded with each signature, and shown to a person who asks for their data."""
    counts: CountsWhen
    """`at-once`: signatures count when they arrive. `after-email`: each person must first confirm by our email."""
    wording: Wording
    """What people agree to on the partner's site. It applies to each signature that names no other wording."""
    version: WordingVersion
    """The name of this wording."""


class PartnerTokenRequest(ClosedModel):
    days: Annotated[int, Field(ge=1, le=MAX_TOKEN_DAYS)] = 365


@staff_view(routes, "GET", "/partners", Right.MANAGE)
def list_partners(request: Request) -> "Answer[ShownPartners]":
    """All partners. All partners, sorted by source."""
    partners = [partner.model_dump() for partner in all_partners(tables())]
    return json_answer({"partners": partners})


@staff_view(routes, "POST", "/partners", Right.MANAGE, status=201)
def add_partner(request: "Sent[NewPartner]") -> "Answer[ShownPartner]":
    """Create a partner. Creating the same partner again changes nothing. 422 if another partner has this source."""
    new_partner = parse_body(NewPartner, json_body(request), WORDS)
    partner = Partner(**new_partner.model_dump(), created_at=times.now())
    audit(request, "partner.created", partner.source, {"counts": partner.counts.value})
    create_partner(partner, tables())
    stored = find_partner(partner.source, tables())
    return json_answer(stored.model_dump(), 201)


@staff_view(routes, "POST", "/partners/{source}/tokens", Right.MANAGE, status=201)
def issue_token_of_partner(request: "Sent[PartnerTokenRequest]", source: str) -> "Answer[PartnerToken]":
    """Issue a token for a partner.

    The token can send signatures of this partner and read public petitions (OSDI). Revoke it like a staff token.

    Answer: The token. It is shown only once.
    """
    token_request = parse_body(PartnerTokenRequest, json_body(request))
    partner = find_partner(source, tables())
    now = times.now()
    token = new_partner_token(partner, now, now + timedelta(days=token_request.days))
    stored = token.stored
    audit(request, "token.issued", stored.token_id, {**audit_details(stored), "partner": partner.source})
    shown: PartnerToken = {
        "token": store_token(token, tables()),
        "token_id": stored.token_id,
        "partner": partner.source,
        "expires_at": times.iso(stored.expires_at),
    }
    return json_answer(shown, 201)
