"""Public routes of updates: JSON and an Atom feed."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.settings import settings
from chalicelib.edge.html import page_view
from chalicelib.edge.http import answer, cache_headers, chosen_language, json_answer, path_prefix
from chalicelib.edge.route import Cache
from chalicelib.edge.views import json_view
from chalicelib.pages.render import render
from chalicelib.petitions.find import find_petition
from chalicelib.updates.find import published_updates

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.updates.answers import PublicUpdate, PublicUpdates
    from chalicelib.updates.model import Update

routes = Blueprint(__name__)

# Updates are rare, and feed readers ask about once an hour.
CACHE_SECONDS = 60


@json_view(routes, "GET", "/api/petitions/{slug}/updates", cache=Cache.SECONDS, query=("lang",))
def list_updates(request: Request, slug: str) -> "Answer[PublicUpdates]":
    """Published updates."""
    petition = find_petition(slug, times.now(), tables())
    code = chosen_language(request)
    updates = published_updates(petition.slug, tables())
    shown = [_update_json(update.in_language(code), update.languages) for update in updates]
    body: PublicUpdates = {"slug": petition.slug, "updates": shown}
    return json_answer(body, headers=cache_headers(CACHE_SECONDS))


@page_view(
    routes,
    "GET",
    "/petitions/{slug}/updates.atom",
    cache=Cache.SECONDS,
    query=("lang",),
    content_types=("application/atom+xml",),
)
def read_updates_feed(request: Request, slug: str) -> Response:
    """Published updates as an Atom feed. The feed (RFC 4287)."""
    code = chosen_language(request)
    petition = find_petition(slug, times.now(), tables()).in_language(code)
    published = published_updates(petition.slug, tables())
    updates = [update.in_language(code) for update in published]
    changed = updates[0].published_at if updates else petition.opened_at
    query = f"?lang={code}" if code else ""
    context = {"petition": petition, "updates": updates, "changed": changed, "query": query}
    body = render("updates.atom", base=path_prefix(request), site_url=settings().site_url, **context)
    return answer(body, 200, {"Content-Type": "application/atom+xml; charset=utf-8", **cache_headers(CACHE_SECONDS)})


def _update_json(update: "Update", languages: list[str]) -> "PublicUpdate":
    """`languages`: all its languages; `update` itself is in the chosen one."""
    assert update.published_at is not None  # Only published updates are public.
    return {
        "id": update.update_id,
        "title": update.title,
        "language": update.language,
        "languages": languages,
        "html": update.html,
        "published_at": times.iso(update.published_at),
    }
