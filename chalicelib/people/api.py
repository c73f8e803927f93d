"""The routes for staff to find a person's signatures, and to show, withdraw, erase or export them.

Each request is recorded in the activity log. A petition is stopped for an address if the owner of the address wants no
more email about this petition. The secrets in `limit_keys` make the hash under which this choice is stored. The secrets
in `signature_keys` make the ids of signatures. The overflow queue has signatures that are not stored yet.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict, PlainValidator, WithJsonSchema

from chalicelib.aws.queue import overflow_queue
from chalicelib.aws.table import Tables, tables
from chalicelib.core import log, times
from chalicelib.core.address import Address, read_address
from chalicelib.core.errors import Unavailable
from chalicelib.core.keys import Key
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import NO_STORE, json_answer, json_body
from chalicelib.people.access import access_export, signature_for_staff
from chalicelib.people.letter import letters_of
from chalicelib.people.one_signature import load_for_staff, one_signature, stopped_slugs
from chalicelib.people.texts import signed_texts
from chalicelib.petitions.find import all_petitions
from chalicelib.petitions.model import Petition
from chalicelib.signatures.erase import erase, erase_all
from chalicelib.signatures.form import typed_address
from chalicelib.signatures.look_up import StoredSignature, find_signatures, identities_of
from chalicelib.signatures.withdraw import withdraw
from chalicelib.staff.authorizer import audit, staff_view

if TYPE_CHECKING:
    from chalicelib.people.answers import PersonSignatures

routes = Blueprint(__name__)

WORDS = Words(missing={"email": "Enter the email address"})
SignatureAction = Callable[[Key, Petition, datetime, Tables], None]
EMAIL_SCHEMA = {"type": "string", "format": "email", "maxLength": 320}


class PersonRequest(BaseModel):
    """The body of `POST /api/staff/people/find` and `…/erase`. The URL has no address, because URLs are logged."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    email: Annotated[Address, PlainValidator(typed_address), WithJsonSchema(EMAIL_SCHEMA)]


@staff_view(routes, "POST", "/api/staff/people/find", Right.PEOPLE)
def find_person(request: Request) -> Response:
    """Return the signatures of one email address in all petitions. The list may be empty."""
    identities = _identities(_address_in(request))
    stored = find_signatures(identities, tables())
    audit(request, "person.found", details=_ids_by_slug(stored))
    return _answer_all(stored)


@staff_view(routes, "POST", "/api/staff/people/erase", Right.PEOPLE)
def erase_address(request: Request) -> Response:
    """Erase the signatures of one email address in all petitions, also those that wait in the overflow queue."""
    identities = _identities(_address_in(request))
    # Also the ids that have no stored signature: a signature may wait in the overflow queue.
    ids = {petition.slug: signature_id for petition, signature_id in identities}
    audit(request, "person.erased", details=ids)
    erase_all(identities, times.now(), tables())
    log.note("person_erased", petitions=len(identities))
    return _answer_all(find_signatures(identities, tables()))


@staff_view(routes, "GET", "/api/staff/people/{slug}/{signature_id}", Right.PEOPLE)
def show_signature(request: Request, slug: str, signature_id: str) -> Response:
    """Return one signature, with the state of its emails and what staff can do with the signature."""
    stored = one_signature(slug, signature_id, tables())
    audit(request, "person.shown", signature_id, {"petition": slug})
    return _answer_one(stored)


@staff_view(routes, "POST", "/api/staff/people/{slug}/{signature_id}/withdraw", Right.PEOPLE)
def withdraw_for_person(request: Request, slug: str, signature_id: str) -> Response:
    """Withdraw the signature, as the person can do with the link in our email. Idempotent."""
    return _act_and_show(request, slug, signature_id, "signature.withdrawn", withdraw)


@staff_view(routes, "POST", "/api/staff/people/{slug}/{signature_id}/erase", Right.PEOPLE)
def erase_person(request: Request, slug: str, signature_id: str) -> Response:
    """Erase one signature: withdraw it, which also subtracts it from the tally, then empty its item. Idempotent."""
    return _act_and_show(request, slug, signature_id, "signature.erased", erase)


@staff_view(routes, "POST", "/api/staff/people/{slug}/{signature_id}/access", Right.PEOPLE)
def export_access(request: Request, slug: str, signature_id: str) -> Response:
    """Return a file for the person: all signatures of this signature's address, with letters and states of emails."""
    stored = _all_of_owner(one_signature(slug, signature_id, tables()))
    audit(request, "access.exported", signature_id, _ids_by_slug(stored))
    texts = signed_texts(stored, tables())
    stopped = stopped_slugs(stored, settings().limit_keys, tables())
    letters = letters_of(stored, tables())
    file = access_export(stored, texts, letters, stopped, times.now())
    headers = {"Content-Disposition": f'attachment; filename="access-{signature_id}.json"', **NO_STORE}
    return json_answer(file, headers=headers)


def _act_and_show(request: Request, slug: str, signature_id: str, action: str, act: SignatureAction) -> Response:
    """Record the action in the activity log, do it, and return the changed signature."""
    stored = one_signature(slug, signature_id, tables())
    audit(request, action, signature_id, {"petition": slug})
    act(stored.key, stored.petition, times.now(), tables())
    event = action.rpartition(".")[2]  # "signature.withdrawn" is logged as "withdrawn".
    log.note(event, petition=slug, signature=signature_id)
    return _answer_one(one_signature(slug, signature_id, tables()))


def _address_in(request: Request) -> Address:
    return parse_body(PersonRequest, json_body(request), WORDS).email


def _ids_by_slug(stored: list[StoredSignature]) -> dict[str, str]:
    return {each.petition.slug: each.signature_id for each in stored}


def _answer_one(stored: StoredSignature) -> Response:
    signature = load_for_staff(stored, settings().limit_keys, times.now(), tables())
    return json_answer(signature)


def _answer_all(stored: list[StoredSignature]) -> Response:
    now = times.now()
    stopped = stopped_slugs(stored, settings().limit_keys, tables())
    signatures = []
    for each in stored:
        is_stopped = each.petition.slug in stopped
        signatures.append(signature_for_staff(each, now, is_stopped=is_stopped))
    body: PersonSignatures = {"signatures": signatures, "waiting": _overflow_depth()}
    return json_answer(body)


def _overflow_depth() -> int | None:
    """Return about how many signatures, of anybody, wait in the overflow queue. None: the queue did not answer."""
    try:
        return overflow_queue().depth()
    except Unavailable:
        return None


def _identities(address: Address) -> list[tuple[Petition, str]]:
    """Return each petition with the only id that a signature of this address can have in this petition."""
    return identities_of(address, all_petitions(tables()), settings().signature_keys)


def _all_of_owner(stored: StoredSignature) -> list[StoredSignature]:
    """Return all signatures of the same address. If the signature is withdrawn, its address is not stored any more:
    return only this signature.
    """
    email = stored.signature.email
    if not email:
        return [stored]
    identities = _identities(read_address(email))
    return find_signatures(identities, tables())
