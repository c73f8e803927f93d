"""Routes of the total: how many different people signed here or elsewhere. Staff enter figures; the total is public.

Each action of staff is recorded in the activity log (`audit`) before it is done.
"""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import cache_headers, json_answer, json_body
from chalicelib.edge.route import Cache, Function
from chalicelib.edge.views import json_view
from chalicelib.petitions.figure import Figure, NewFigure
from chalicelib.petitions.find import find_petition
from chalicelib.petitions.removals import removed_signatures
from chalicelib.shedding.level import level_now
from chalicelib.staff.authorizer import audit, staff_view
from chalicelib.tallies.public import public_count
from chalicelib.totals.enter import enter
from chalicelib.totals.total import total

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.totals.answers import Elsewhere, EnteredFigure, PublicTotal

routes = Blueprint(__name__)

WORDS = Words(
    wrong={
        "source": "Use up to 40 lower-case letters, digits and dashes",
        "kind": "Use partner or paper",
        "count": "Enter a whole number, 0 or more",
        "evidence": "Say where the number comes from, in up to 500 characters",
    }
)


@json_view(routes, "GET", "/api/petitions/{slug}/total", function=Function.COUNTS, cache=Cache.SECONDS)
def read_total(request: Request, slug: str) -> "Answer[PublicTotal]":
    """The total across platforms.

    How many people signed, here and elsewhere. `confirmed` counts this site only, as `count` does. A person may
    have signed in several places, so the total has bounds.
    """
    now = times.now()
    petition = find_petition(slug, now, tables())
    found = total(petition, public_count(petition, now, tables()))
    body: PublicTotal = {
        "confirmed": found.confirmed,
        "elsewhere": [_figure_answer(figure) for figure in found.elsewhere],
        "removed": removed_signatures(petition),
        "at_least": found.at_least,
        "at_most": found.at_most,
        "as_of": times.iso(found.as_of),
        "sentence": found.sentence,
    }
    max_age = level_now(tables()).max_age  # In seconds. Higher if engineers shed load.
    return json_answer(body, headers=cache_headers(max_age))


@staff_view(routes, "POST", "/petitions/{slug}/figures", Right.MANAGE, status=201)
def enter_figure(request: "Sent[NewFigure]", slug: str) -> "Answer[EnteredFigure]":
    """Enter how many people signed elsewhere.

    Nothing is overwritten: the public total uses the figure of each source with the latest `as_of`. Entering the
    same figure again changes nothing.
    """
    new = parse_body(NewFigure, json_body(request), WORDS)
    details = {"source": new.source, "kind": new.kind, "count": str(new.count), "as_of": times.iso(new.as_of)}
    audit(request, "figure.entered", slug, details)
    figure = enter(slug, new, times.now(), tables())
    body: EnteredFigure = {**_figure_answer(figure), "entered_at": times.iso(figure.entered_at)}
    return json_answer(body, 201)


def _figure_answer(figure: Figure) -> "Elsewhere":
    return {
        "source": figure.source,
        "kind": figure.kind,
        "count": figure.count,
        "as_of": times.iso(figure.as_of),
        "evidence": figure.evidence,
    }
