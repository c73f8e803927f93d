"""The public route that shows how many people have signed a petition recently."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.edge.http import cache_headers, json_answer
from chalicelib.edge.route import Cache
from chalicelib.edge.views import json_view
from chalicelib.petitions.find import find_petition
from chalicelib.progress.refresh import recent_numbers

if TYPE_CHECKING:
    from chalicelib.progress.answers import Progress

routes = Blueprint(__name__)


@json_view(routes)
def read_progress(request: Request, slug: str) -> Response:
    """Return how many people signed today, in the last 24 hours, and in each shown area, as counted minutes ago."""
    now = times.now()
    recent = recent_numbers(find_petition(slug, now, tables()), now, tables())
    body: Progress = {
        "today": recent.today if recent else 0,
        "last_24_hours": recent.last_day if recent else 0,
        "areas": [{"area": name, "at_least": number} for name, number in recent.areas.items()] if recent else [],
        "as_of": times.iso_or_none(recent.as_of) if recent else None,
    }
    return json_answer(body, headers=cache_headers(Cache.SECONDS.value))
