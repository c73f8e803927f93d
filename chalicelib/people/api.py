"""What staff may do for one person, over HTTP: find, show, mail again, withdraw, erase, tell all."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema

from chalicelib.aws.table import Tables, tables
from chalicelib.core import log, times
from chalicelib.core.errors import UnknownThing
from chalicelib.core.keys import Key
from chalicelib.core.settings import settings
from chalicelib.core.validation import Words, parsed
from chalicelib.edge.http import NO_STORE, json_answer, json_body, json_view
from chalicelib.people.access import document, shown
from chalicelib.petitions.find import all_petitions, petition_as_stored, text_as_signed
from chalicelib.petitions.model import Petition, PetitionText
from chalicelib.signatures.address import Address, read_address
from chalicelib.signatures.erase import erase
from chalicelib.signatures.form import typed_address
from chalicelib.signatures.look_up import Held, held_as, held_of
from chalicelib.signatures.resend import Resent, resend
from chalicelib.signatures.withdraw import withdraw
from chalicelib.staff.authorizer import audited, staff_authorizer

routes = Blueprint(__name__)

BASE = "/api/staff/people/{slug}/{signature_id}"
WORDS = Words(missing={"email": "Enter the e-mail address"})
SAID = {
    Resent.ASKED: "The mail is on its way.",
    Resent.WITHIN_A_MINUTE: "A mail went less than a minute ago. The next one follows when the minute is over.",
    Resent.ON_ITS_WAY: "A mail is on its way already.",
    Resent.WITHDRAWN: "No mail: this signature was withdrawn. The person may sign again on the petition's page.",
    Resent.EXPIRED: "No mail: this signature was not confirmed in time. The person may sign again.",
    Resent.CLOSED: "No mail: the petition is closed, and its links no longer work.",
    Resent.UNDELIVERABLE: "No mail: this address refused our mail, or its owner complained of it. Use another address.",
    Resent.ENOUGH: "No mail: five have gone to this address for this petition, and more are not sent.",
}
Change = Callable[[Key, Petition, datetime, Tables], None]
COMES = (Resent.ASKED, Resent.WITHIN_A_MINUTE, Resent.ON_ITS_WAY)


class PersonRequest(BaseModel):
    """The body of `POST /api/staff/people/find`. In a body, because addresses in URLs end in logs."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema({"type": "string", "format": "email"})]


@routes.route("/api/staff/people/find", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def find_person(request: Request) -> Response:
    """Every signature of one address, in every petition; an empty list when there is none."""
    now, held = times.now(), _held_of(parsed(PersonRequest, json_body(request), WORDS).email)
    audited(request, "person.found", details={each.petition.slug: each.signature_id for each in held})
    return json_answer({"signatures": [shown(each, now) for each in held]})


@routes.route(BASE, authorizer=staff_authorizer)
@json_view(routes)
def show_signature(request: Request, slug: str, signature_id: str) -> Response:
    """What is kept of it, as far as staff need it to help."""
    held = _held(slug, signature_id)
    audited(request, "person.shown", signature_id, {"petition": slug})
    return json_answer(shown(held, times.now()))


@routes.route(f"{BASE}/resend", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def resend_mail(request: Request, slug: str, signature_id: str) -> Response:
    """{"mail": whether one comes, "outcome", "message"}: the limits are those of signing again."""
    held = _held(slug, signature_id)
    audited(request, "mail.resent", signature_id, {"petition": slug})
    outcome = resend(held, times.now(), tables())
    log.note("resent", petition=slug, signature=signature_id, outcome=outcome)
    return json_answer({"mail": outcome in COMES, "outcome": outcome, "message": SAID[outcome]})


@routes.route(f"{BASE}/withdraw", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def withdraw_for_person(request: Request, slug: str, signature_id: str) -> Response:
    """As its owner would by the link in the mail. Again: the same answer."""
    return _changed(request, (slug, signature_id), "signature.withdrawn", withdraw)


@routes.route(f"{BASE}/erase", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def erase_person(request: Request, slug: str, signature_id: str) -> Response:
    """Out of the count, then emptied. Again: the same answer."""
    return _changed(request, (slug, signature_id), "signature.erased", erase)


@routes.route(f"{BASE}/access", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def export_access(request: Request, slug: str, signature_id: str) -> Response:
    """All that is held on the address of this signature, in every petition, to be handed to its owner."""
    held = _everything(_held(slug, signature_id))
    audited(request, "access.exported", signature_id, {each.petition.slug: each.signature_id for each in held})
    texts = {each.signature_id: _text(each) for each in held}
    download = {"Content-Disposition": f'attachment; filename="access-{signature_id}.json"', **NO_STORE}
    return json_answer(document(held, texts, times.now()), headers=download)


def _changed(request: Request, place: tuple[str, str], action: str, change: Change) -> Response:
    slug, signature_id = place
    held = _held(slug, signature_id)
    audited(request, action, signature_id, {"petition": slug})
    change(held.key, held.petition, times.now(), tables())
    log.note(action.rpartition(".")[2], petition=slug, signature=signature_id)
    return json_answer(shown(_held(slug, signature_id), times.now()))


def _held(slug: str, signature_id: str) -> Held:
    petition = petition_as_stored(slug, tables())
    found = held_as(petition, signature_id, tables())
    if found is None:
        raise UnknownThing("There is no such signature.")
    return found


def _held_of(address: Address) -> list[Held]:
    return held_of(address, all_petitions(tables()), settings().signature_keys, tables())


def _everything(held: Held) -> list[Held]:
    """A withdrawn one has no address any more, and stands alone."""
    email = held.signature.email
    return _held_of(read_address(email)) if email else [held]


def _text(held: Held) -> PetitionText | None:
    signature = held.signature
    return text_as_signed(held.petition.slug, signature.text_version, signature.consent_version, tables())
