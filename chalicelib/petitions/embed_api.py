"""Pages that other sites show in a frame: the form and the counter."""

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.sources import valid_source_or_none
from chalicelib.edge.html import page_view
from chalicelib.edge.http import cache_headers, query
from chalicelib.edge.route import PETITION_PAGE, Cache
from chalicelib.petitions.find import find_petition
from chalicelib.petitions.page import counter_context, embedded_page, petition_page
from chalicelib.shedding.level import level_now

routes = Blueprint(__name__)


@page_view(routes, "GET", "/embed/{slug}", cache=Cache.SECONDS, query=("lang", "source"), throttle=PETITION_PAGE)
def show_embed(request: Request, slug: str) -> Response:
    """The form, for a frame on another site.

    Browsers show it only on the sites of the petition's `embed_on` (`frame-ancestors`). Sets no cookies.
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    source = valid_source_or_none(query(request, "source"))
    form = {"source": source} if source else {}
    return petition_page(request, petition, now, tables(), form=form, headers=_cache_headers())


@page_view(
    routes, "GET", "/embed/{slug}/counter", cache=Cache.SECONDS, query=("lang", "source"), throttle=PETITION_PAGE
)
def show_counter(request: Request, slug: str) -> Response:
    """The counter, for a frame on another site.

    Browsers show it only on the sites of the petition's `embed_on` (`frame-ancestors`).
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    context = counter_context(petition, now, tables())
    context["source"] = valid_source_or_none(query(request, "source"))
    return embedded_page(petition, request, "counter.html", context, headers=_cache_headers())


def _cache_headers() -> dict[str, str]:
    return cache_headers(level_now(tables()).max_age)
