"""A petition's life over HTTP, for whoever may manage: draft, edit, preview, open, pause, close, remove."""

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.edge.http import NO_STORE, json_answer, json_body, json_view, must_match, site_prefix
from chalicelib.petitions.edit import create, edit, versions
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.form import read_edit, read_new, read_transition, shown
from chalicelib.petitions.model import Petition, State
from chalicelib.petitions.preview import preview_link
from chalicelib.petitions.transition import apply
from chalicelib.staff.authorizer import audited, staff_authorizer

routes = Blueprint(__name__)

ACTIONS = {
    State.DRAFT: "petition.withheld",
    State.OPEN: "petition.opened",
    State.PAUSED: "petition.paused",
    State.CLOSED: "petition.closed",
    State.REMOVED: "petition.removed",
}


@routes.route("/api/staff/petitions", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def create_petition(request: Request) -> Response:
    """201: a draft, seen by nobody until it is opened."""
    now = times.now()
    wanted = read_new(json_body(request), now)
    audited(request, "petition.created", wanted.slug, {"text_version": wanted.text_version})
    petition = create(wanted, now, tables())
    where = f"{site_prefix(request)}/api/staff/petitions/{petition.slug}"
    return _shown(petition, 201, {"Location": where})


@routes.route("/api/staff/petitions/{slug}", authorizer=staff_authorizer)
@json_view(routes)
def read_petition_as_stored(request: Request, slug: str) -> Response:
    """As it is stored this moment, whatever its state; the ETag is what a change must send back."""
    return _shown(petition_as_stored(slug, tables()))


@routes.route("/api/staff/petitions/{slug}", methods=["PUT"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def edit_petition(request: Request, slug: str) -> Response:
    """All of it or nothing. Another text or wording is another version; who signed the earlier one keeps it."""
    petition = _to_change(request, slug)
    now = times.now()
    wanted = read_edit(json_body(request), petition, now)
    audited(request, "petition.edited", slug, {**_revision(petition), "text_version": wanted.text_version})
    return _shown(edit(wanted, now, tables()))


@routes.route("/api/staff/petitions/{slug}/state", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer)
@json_view(routes)
def move_petition(request: Request, slug: str) -> Response:
    """To another state, now or `at` a later time; 409 with its state when that cannot follow."""
    petition = _to_change(request, slug)
    transition, now = read_transition(json_body(request)), times.now()
    wanted = apply(petition, transition, now)
    at = {"at": times.iso(transition.at)} if transition.at else {}
    audited(request, ACTIONS[transition.state], slug, {**_revision(petition), **at})
    return _shown(edit(wanted, now, tables()))


@routes.route("/api/staff/petitions/{slug}/versions", authorizer=staff_authorizer)
@json_view(routes)
def list_versions(request: Request, slug: str) -> Response:
    """Every text there ever was, oldest first, and which of them is signed now."""
    petition = petition_as_stored(slug, tables())
    found = [
        {**text.model_dump(), "current": text.version == petition.version} for text in versions(petition, tables())
    ]
    return json_answer({"slug": slug, "versions": found})


@routes.route(
    "/api/staff/petitions/{slug}/preview", methods=["POST"], content_types=["*/*"], authorizer=staff_authorizer
)
@json_view(routes)
def preview_petition(request: Request, slug: str) -> Response:
    """A link to the page as it would be, for an hour, for whoever is given it."""
    petition = petition_as_stored(slug, tables())
    audited(request, "petition.previewed", slug, {"revision": str(petition.revision)})
    preview = preview_link(petition, times.now(), settings().token_keys)
    return json_answer({"url": settings().site_url + preview.path, "expires_at": times.iso(preview.expires_at)})


def _to_change(request: Request, slug: str) -> Petition:
    petition = petition_as_stored(slug, tables())
    must_match(request, _etag(petition))
    return petition


def _shown(petition: Petition, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return json_answer(shown(petition, times.now()), status, {**NO_STORE, "ETag": _etag(petition), **(headers or {})})


def _etag(petition: Petition) -> str:
    return f'"{petition.revision}"'


def _revision(petition: Petition) -> dict[str, str]:
    """Which one it is about to be."""
    return {"revision": str(petition.revision + 1)}
