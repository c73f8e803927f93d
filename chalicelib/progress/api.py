"""The public route that shows how many people have signed a petition recently."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.edge.http import cache_headers, json_answer
from chalicelib.edge.route import Cache, Function
from chalicelib.edge.views import json_view
from chalicelib.petitions.find import find_petition
from chalicelib.progress.refresh import recent_numbers
from chalicelib.tallies.count import Recent

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.progress.answers import Progress

routes = Blueprint(__name__)


@json_view(routes, "GET", "/api/petitions/{slug}/progress", function=Function.COUNTS, cache=Cache.SECONDS)
def read_progress(request: Request, slug: str) -> "Answer[Progress]":
    """The progress of a petition."""
    now = times.now()
    petition = find_petition(slug, now, tables())
    recent = recent_numbers(petition, now, tables())
    return json_answer(_progress(recent), headers=cache_headers(Cache.SECONDS.value))


def _progress(recent: Recent | None) -> "Progress":
    if recent is None:
        return {"today": 0, "last_24_hours": 0, "areas": [], "as_of": None}
    return {
        "today": recent.today,
        "last_24_hours": recent.last_day,
        "areas": [{"area": area, "at_least": number} for area, number in recent.areas.items()],
        "as_of": times.iso(recent.as_of),
    }
