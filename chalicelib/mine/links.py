"""The pages of "my signatures": ask for the link, see what we hold, change it, and move it to another address.

GET changes nothing. Each change is a POST. The pages show personal data: only with a link that is at most a day old,
and never in a cache.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.queue import mail_queue, other_mail_queue
from chalicelib.aws.table import tables
from chalicelib.core import log, times
from chalicelib.core.errors import FieldError, Invalid, LinkDamaged, OptOutLinkExpired
from chalicelib.core.language import language_of, languages, translatable
from chalicelib.core.settings import settings
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import (
    NO_STORE,
    answer,
    chosen_language,
    form_fields,
    link_fields,
    query,
)
from chalicelib.edge.route import Function
from chalicelib.mail.kind import Outbox
from chalicelib.mine.ask import address_in_form, ask_for_link, ask_new_address
from chalicelib.mine.change import change, check_action, confirm_move, open_move
from chalicelib.mine.kinds import MY_SIGNATURES_KINDS
from chalicelib.mine.link import Opened, link_token, mailbox_hash, open_link, signatures_of
from chalicelib.mine.shown import own_file, shown, stopped_by_owner
from chalicelib.signatures.held import is_disposable
from chalicelib.signatures.look_up import StoredSignature
from chalicelib.signatures.owner import ask_to_move, is_movable

if TYPE_CHECKING:
    from chalicelib.edge.answers import Sent
    from chalicelib.mine.answers import AskFields, ChangeFields, OwnTokenFields

routes = Blueprint(__name__)
PATH = "/my-signatures"
SAME_ADDRESS = translatable("Your signatures have this address already")
# With one lasting mailbox, somebody could otherwise count often: sign, move the signature away, and sign again.
SHORT_LIVED = translatable("Enter an address that you will keep")
NOTHING_TO_MOVE = "There is no confirmed signature to move."


@page_view(routes, "GET", PATH, function=Function.PEOPLE, query=("token", "lang"))
def show_my_signatures(request: Request) -> Response:
    """My signatures: a form to ask for a link by email, or what the link opens.

    Changes nothing, because email scanners open every link.

    Answer: Without a token, a form for the email address. With one, the signatures of that mailbox, and how to change
    them.
    """
    token = query(request, "token")
    if not token:
        return _ask_page(request)
    try:
        return _own_page(request, _opened(token, times.now()))
    except OptOutLinkExpired:
        return _ask_page(request, status=410, is_expired=True)


@page_view(routes, "POST", PATH, function=Function.PEOPLE, query=("lang",))
def ask_for_my_signatures(request: "Sent[AskFields]") -> Response:
    """Ask for a link to my signatures.

    Answer: Check your inbox. The answer does not reveal whether the address has a signature, or gets an email.
    """
    fields = form_fields(request)
    try:
        address = address_in_form(fields)
    except Invalid as invalid:
        return _ask_page(request, status=422, errors=invalid.errors, form=fields)
    ask_for_link(address, times.now(), settings(), _outbox(), tables())
    return _ask_page(request, is_sent=True)


@page_view(routes, "POST", f"{PATH}/change", function=Function.PEOPLE, query=("token", "lang"))
def change_my_signatures(request: "Sent[ChangeFields]") -> Response:
    """Correct or withdraw one of my signatures, choose its emails, stop all email, or ask to move to another address.

    Answer: Changed. Repeating gives the same page. With `move`, the new address gets an email with a link to confirm.
    """
    now, fields = times.now(), link_fields(request)
    try:
        opened = _opened(fields.get("token"), now)
    except OptOutLinkExpired:
        return _ask_page(request, status=410, is_expired=True)
    try:
        return _change(request, opened, fields, now)
    except Invalid as invalid:
        wrong = [FieldError(_id_of(error.field, fields), error.message) for error in invalid.errors]
        return _own_page(request, opened, status=422, errors=wrong, typed=fields)


@page_view(
    routes,
    "POST",
    f"{PATH}/file",
    function=Function.PEOPLE,
    query=("token", "lang"),
    content_types=("application/pdf",),
)
def download_my_signatures(request: "Sent[OwnTokenFields]") -> Response:
    """Download all that is held about my signatures.

    Answer: A PDF.
    """
    now = times.now()
    opened = _opened(link_fields(request).get("token"), now)
    if not opened.signatures:
        raise OptOutLinkExpired("", "")
    stopped = stopped_by_owner(opened.signatures, settings().limit_keys, tables())
    pdf = own_file(opened.signatures, stopped, now, tables())
    log.note("file_downloaded", **_named(opened.signatures[0]))
    attachment = 'attachment; filename="my-signatures.pdf"'
    return answer(pdf, 200, {"Content-Type": "application/pdf", "Content-Disposition": attachment, **NO_STORE})


@page_view(routes, "GET", f"{PATH}/move", function=Function.PEOPLE, query=("token", "lang"))
def show_my_move(request: Request) -> Response:
    """Show the question whether to move signatures to this address.

    Changes nothing, and shows nothing personal: perhaps somebody mistyped their address.

    Answer: A button, or that the move is done.
    """
    token = query(request, "token") or ""
    link = open_move(token, times.now(), settings(), tables())
    return _move_page(request, token, is_done=link.moving is None)


@page_view(routes, "POST", f"{PATH}/move", function=Function.PEOPLE, query=("token", "lang"))
def confirm_my_move(request: "Sent[OwnTokenFields]") -> Response:
    """Move all signatures of the earlier address to this one. Each counts once, as before.

    Answer: Moved. Repeating gives the same page.
    """
    now, token = times.now(), link_fields(request).get("token", "")
    link = open_move(token, now, settings(), tables())
    count = confirm_move(link, now, settings(), tables())
    log.note("moved", count=count, **_named(link.found))
    return _move_page(request, token, is_done=True)


def _change(request: Request, opened: Opened, fields: Mapping[str, str], now: datetime) -> Response:
    action = fields.get("do", "")
    if action == "move":
        return _ask_to_move(request, opened, fields, now)
    check_action(action)
    meant = [each for each in opened.signatures if action == "stop-all" or each.petition.slug == fields.get("petition")]
    if not meant:  # It is withdrawn already: this is the repeated request.
        return _own_page(request, opened, done=action if action == "withdraw" else "")
    for found in meant:
        change(found, action, fields, now, settings().limit_keys, tables())
        log.note("changed", action=action, **_named(found))
    return _own_page(request, _read_again(opened, now), done=action)


def _ask_to_move(request: Request, opened: Opened, fields: Mapping[str, str], now: datetime) -> Response:
    found = next((each for each in opened.signatures if is_movable(each.signature)), None)
    if found is None:
        raise Invalid([FieldError("email", NOTHING_TO_MOVE)])
    to = address_in_form(fields)
    if mailbox_hash(to.deliverable, settings().limit_keys) == opened.mailbox:
        raise Invalid([FieldError("email", SAME_ADDRESS)])
    if is_disposable(to.canonical.rpartition("@")[2]):
        raise Invalid([FieldError("email", SHORT_LIVED)])
    moving = ask_to_move(found, to, now, tables())
    ask_new_address(found, moving, now, settings(), _outbox(), tables())
    log.note("move_asked", **_named(found))
    return _own_page(request, _read_again(opened, now), done="move")


def _id_of(field: str, fields: Mapping[str, str]) -> str:
    """The id of the field on the page, which has the fields of several signatures."""
    return f"{fields.get('petition', '')}-{field}" if field in ("name", "postcode") else field


def _opened(token: str | None, now: datetime) -> Opened:
    if not token:
        raise LinkDamaged
    return open_link(token, now, settings(), tables())


def _read_again(opened: Opened, now: datetime) -> Opened:
    email = opened.signatures[0].signature.email or ""
    return replace(opened, signatures=signatures_of(email, opened.mailbox, now, settings(), tables()))


def _ask_page(
    request: Request,
    *,
    status: int = 200,
    is_sent: bool = False,
    is_expired: bool = False,
    errors: Sequence[FieldError] = (),
    form: Mapping[str, str] | None = None,
) -> Response:
    context = {"is_sent": is_sent, "is_expired": is_expired, "errors": errors, "form": form or {}}
    return page(request, "my_signatures_ask.html", context, status, languages=languages())


def _own_page(
    request: Request,
    opened: Opened,
    *,
    status: int = 200,
    done: str = "",
    errors: Sequence[FieldError] = (),
    typed: Mapping[str, str] | None = None,
) -> Response:
    language, found = language_of(chosen_language(request)), opened.signatures
    stopped = stopped_by_owner(found, settings().limit_keys, tables())
    moving = next((each.signature.moving for each in found if each.signature.moving), None)
    context = {
        "email": found[0].signature.email if found else "",
        "signatures": shown(opened, language, settings().token_keys, stopped),
        "token": link_token(found[0], opened.mailbox, opened.expires, settings().token_keys) if found else "",
        "may_move": any(is_movable(each.signature) for each in found),
        "may_stop_all": len(found) > 1 and any(each.petition.slug not in stopped for each in found),
        "moving": moving if moving and moving.until > times.now() else None,
        "done": done,
        "errors": errors,
        "typed": typed or {},
    }
    return page(request, "my_signatures.html", context, status, languages=languages())


def _move_page(request: Request, token: str, *, is_done: bool) -> Response:
    context = {"token": token, "is_done": is_done}
    return page(request, "my_signatures_move.html", context, languages=languages())


def _named(found: StoredSignature) -> dict[str, str]:
    return {"petition": found.petition.slug, "signature": found.signature_id}


def _outbox() -> Outbox:
    return Outbox(mail_queue(), other_mail_queue(), MY_SIGNATURES_KINDS)
