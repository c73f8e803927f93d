"""The petition page with its form: empty, or with the typed values and their errors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from chalice.app import Request, Response

from chalicelib.aws.table import Tables
from chalicelib.core.countries import countries
from chalicelib.core.errors import FieldError, Unavailable
from chalicelib.edge.html import page
from chalicelib.edge.http import NO_STORE
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.tallies.count import Count
from chalicelib.tallies.public import public_count

# More parts of the page, by the name that the template uses. app.py adds those of capabilities above this one. Each
# loads its part, which must be cached: the page is read far more often than petitions are signed.
SECTIONS: dict[str, Callable[[str, Tables], object]] = {}


def petition_page(
    request: Request,
    petition: Petition,
    now: datetime,
    tables: Tables,
    *,
    form: Mapping[str, str],
    errors: Sequence[FieldError] = (),
    busy: bool = False,
    status: int = 200,
    headers: Mapping[str, str] = NO_STORE,
) -> Response:
    context = _context(petition, petition.state_at(now), known_count(petition, now, tables))
    context |= {name: _known(load, petition.slug, tables) for name, load in SECTIONS.items()}
    context |= {"form": _with_a_country(form), "errors": errors, "busy": busy}
    return page(request, "petition.html", context, status, headers)


def preview_page(request: Request, petition: Petition, now: datetime, tables: Tables) -> Response:
    """Show the page as if the petition were open. Its form cannot be sent."""
    context = _context(petition, PetitionState.OPEN, known_count(petition, now, tables))
    context |= dict.fromkeys(SECTIONS)
    context |= {"form": _with_a_country({}), "errors": (), "busy": False, "preview": petition.state_at(now).value}
    return page(request, "petition.html", context, headers={**NO_STORE, "X-Robots-Tag": "noindex"})


def _context(petition: Petition, state: PetitionState, count: Count | None) -> dict[str, object]:
    return {
        "petition": petition,
        "state": state.value,
        "count": count and count.confirmed,
        "goal": petition.goal_at(count.confirmed if count else 0),
        "as_of": count and count.as_of,
        "countries": list(countries().items()),
        "preview": None,
    }


def _with_a_country(form: Mapping[str, str]) -> dict[str, str]:
    return {**form, "country": form["country"] if form.get("country") in countries() else "GB"}


def _known(load: Callable[[str, Tables], object], slug: str, tables: Tables) -> object:
    """Return a part of the page, or None when it is unavailable, so that people can sign without it."""
    try:
        return load(slug, tables)
    except Unavailable:
        return None


def known_count(petition: Petition, now: datetime, tables: Tables) -> Count | None:
    """Return the count, or None when it is unavailable, so that the page is shown without it."""
    try:
        return public_count(petition, now, tables)
    except Unavailable:
        return None
