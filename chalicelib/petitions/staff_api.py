"""Staff routes that create, edit, preview, open, pause, close and remove a petition.

The revision is the ETag, so an edit of an old one is refused. Each action is recorded (`audit`) before it is done.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import InvalidTransition
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import NO_STORE, json_answer, json_body, path_prefix, require_current_revision
from chalicelib.petitions.edit import create, edit, versions
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.form import MAX_PETITION_KB, petition_for_staff, read_edit, read_new_petition, read_transition
from chalicelib.petitions.illustrate import MAX_BODY_KB, SentPicture, remove_picture, set_picture
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.petitions.preview import preview_link
from chalicelib.petitions.transition import apply
from chalicelib.staff.authorizer import audit, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.petitions.answers import ManagedPetition, NewPetition, PetitionEdited, PetitionVersions, Preview
    from chalicelib.petitions.form import TransitionRequest

routes = Blueprint(__name__)

AUDIT_ACTIONS = {
    PetitionState.DRAFT: "petition.withheld",
    PetitionState.OPEN: "petition.opened",
    PetitionState.PAUSED: "petition.paused",
    PetitionState.CLOSED: "petition.closed",
    PetitionState.REMOVED: "petition.removed",
}


@staff_view(
    routes, "POST", "/petitions", Right.MANAGE, status=201, headers=("Revision", "Location"), body_kb=MAX_PETITION_KB
)
def create_petition(request: "Sent[NewPetition]") -> "Answer[ManagedPetition]":
    """Create a petition as a draft.

    `opened_at` defaults to now. Opening the petition sets `opened_at` to the time of the opening.

    Answer: The draft. It is not public until it is opened.
    """
    now = times.now()
    petition = read_new_petition(_petition_body(request), now)
    audit(request, "petition.created", petition.slug, {"text_version": petition.text_version})
    petition = create(petition, now, tables())
    location = f"{path_prefix(request)}/api/staff/petitions/{petition.slug}"
    return _petition_answer(petition, 201, {"Location": location})


@staff_view(routes, "GET", "/petitions/{slug}", Right.MANAGE, headers=("Revision",))
def read_petition_as_stored(request: Request, slug: str) -> "Answer[ManagedPetition]":
    """One petition in any state."""
    return _petition_answer(petition_as_stored(slug, tables()))


@staff_view(routes, "PUT", "/petitions/{slug}", Right.MANAGE, headers=("Revision",), body_kb=MAX_PETITION_KB)
def edit_petition(request: "Sent[PetitionEdited]", slug: str) -> "Answer[ManagedPetition]":
    """Edit a petition.

    Replaces the whole petition. A new title, text, target or wording makes a new version. Earlier signatures keep
    the version they signed.
    """
    petition = _petition_if_etag_matches(request, slug)
    now = times.now()
    edited = read_edit(_petition_body(request), petition, now)
    audit(request, "petition.edited", slug, {**_next_revision(petition), "text_version": edited.text_version})
    return _petition_answer(edit(edited, now, tables()))


@staff_view(routes, "POST", "/petitions/{slug}/state", Right.MANAGE, headers=("Revision",), raises=(InvalidTransition,))
def move_petition(request: "Sent[TransitionRequest]", slug: str) -> "Answer[ManagedPetition]":
    """Open, pause, close or remove a petition.

    draft → open, removed · open → paused, closed, removed · paused → open, closed, removed · closed → open, removed
    · removed → draft. A draft that is scheduled to open can become a plain draft again. When a paused petition
    opens again, its closing date is later by the length of the pause.
    """
    petition = _petition_if_etag_matches(request, slug)
    transition, now = read_transition(json_body(request)), times.now()
    edited = apply(petition, transition, now)
    at = {"at": times.iso(transition.at)} if transition.at else {}
    audit(request, AUDIT_ACTIONS[transition.state], slug, {**_next_revision(petition), **at})
    return _petition_answer(edit(edited, now, tables()))


@staff_view(routes, "PUT", "/petitions/{slug}/picture", Right.MANAGE, body_kb=MAX_BODY_KB)
def upload_picture(request: "Sent[SentPicture]", slug: str) -> "Answer[ManagedPetition]":
    """Set the picture of the page and of shared links.

    It is stored as a JPEG of at most 1200 by 1200 pixels, without what the camera added, such as the place.
    """
    sent = parse_body(SentPicture, json_body(request, max_bytes=MAX_BODY_KB * 1024))
    audit(request, "petition.illustrated", slug)
    return _petition_answer(set_picture(slug, sent, tables()))


@staff_view(routes, "DELETE", "/petitions/{slug}/picture", Right.MANAGE)
def delete_picture(request: Request, slug: str) -> "Answer[ManagedPetition]":
    """Take the picture off the page."""
    petition_as_stored(slug, tables())
    audit(request, "petition.unillustrated", slug)
    return _petition_answer(remove_picture(slug, tables()))


@staff_view(routes, "GET", "/petitions/{slug}/versions", Right.MANAGE)
def list_versions(request: Request, slug: str) -> "Answer[PetitionVersions]":
    """All versions of the text, oldest first."""
    petition = petition_as_stored(slug, tables())
    listed = []
    for text in versions(petition, tables()):
        is_current = text.version == petition.version
        listed.append({**text.model_dump(), "current": is_current})
    return json_answer({"slug": slug, "versions": listed})


@staff_view(routes, "POST", "/petitions/{slug}/preview", Right.MANAGE)
def preview_petition(request: Request, slug: str) -> "Answer[Preview]":
    """Get a preview link. It needs no token and works for one hour."""
    petition = petition_as_stored(slug, tables())
    audit(request, "petition.previewed", slug, {"revision": str(petition.revision)})
    preview = preview_link(petition, times.now(), settings().token_keys)
    link: Preview = {"url": settings().site_url + preview.path, "expires_at": times.iso(preview.expires_at)}
    return json_answer(link)


def _petition_body(request: Request) -> str:
    return json_body(request, max_bytes=MAX_PETITION_KB * 1024)


def _petition_if_etag_matches(request: Request, slug: str) -> Petition:
    petition = petition_as_stored(slug, tables())
    require_current_revision(request, _etag(petition))
    return petition


def _petition_answer(
    petition: Petition, status: int = 200, headers: dict[str, str] | None = None
) -> "Answer[ManagedPetition]":
    all_headers = {**NO_STORE, "ETag": _etag(petition), **(headers or {})}
    return json_answer(petition_for_staff(petition, times.now()), status, all_headers)


def _etag(petition: Petition) -> str:
    return f'"{petition.revision}"'


def _next_revision(petition: Petition) -> dict[str, str]:
    return {"revision": str(petition.revision + 1)}
