"""Petitions for everybody: the pages, and the same as JSON."""

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.edge.cors import CORS
from chalicelib.edge.html import page, page_view
from chalicelib.edge.http import json_answer, json_view, query, shared
from chalicelib.petitions.find import find_petition, open_petitions, petition_as_stored
from chalicelib.petitions.page import known_count, petition_page, preview_page
from chalicelib.petitions.preview import check_preview
from chalicelib.shedding.level import level_now
from chalicelib.signatures.form import known_source
from chalicelib.tallies.count import public_count

routes = Blueprint(__name__)


@routes.route("/")
@page_view(routes)
def show_petitions(request: Request) -> Response:
    """Every petition that can be signed now."""
    now = times.now()
    found = [
        {**petition.model_dump(include={"slug", "title", "summary"}), "count": count and count.confirmed}
        for petition in open_petitions(now, tables())
        for count in [known_count(petition, now, tables())]
    ]
    return page(request, "petitions.html", {"petitions": found}, headers=_shared())


@routes.route("/petitions/{slug}")
@page_view(routes)
def show_petition(request: Request, slug: str) -> Response:
    """The petition with its form; complete without JavaScript. With ?preview=, as it is stored, before it opens."""
    now, preview = times.now(), query(request, "preview")
    if preview is not None:
        check_preview(slug, preview, now, settings().token_keys)
        return preview_page(request, petition_as_stored(slug, tables()), now, tables())
    petition = find_petition(slug, now, tables())
    source = known_source(query(request, "source"))
    form = {"source": source} if source else {}
    return petition_page(request, petition, now, tables(), form=form, headers=_shared())


@routes.route("/petitions/{slug}/thanks")
@page_view(routes)
def show_thanks(request: Request, slug: str) -> Response:
    """Where every signature leads, new or not: the same page."""
    petition = find_petition(slug, times.now(), tables())
    return page(request, "thanks.html", {"petition": petition})


@routes.route("/api/petitions/{slug}", cors=CORS)
@json_view(routes)
def read_petition(request: Request, slug: str) -> Response:
    """The petition as JSON, with the public count."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    count = public_count(petition, now, tables())
    public = petition.model_dump(include={"slug", "title", "target", "opened_at", "closes_at"})
    body = {
        **public,
        "text_version": petition.text_version,
        "state": petition.state_at(now),
        "goal": petition.goal_at(count.confirmed),
        "count": count.confirmed,
    }
    return json_answer(body, headers=_shared())


def _shared() -> dict[str, str]:
    return shared(level_now(tables()).max_age)
