"""The hosted petition with its form: empty, or with what was typed and what to mend."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalice.app import Request, Response

from chalicelib.aws.table import Tables
from chalicelib.edge.html import page
from chalicelib.edge.http import NO_STORE
from chalicelib.errors import FieldError, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.signatures.names import countries
from chalicelib.tallies.count import Count, public_count


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
    count = known_count(petition, now, tables)
    context = {
        "petition": petition,
        "state": petition.state_at(now).value,
        "count": count and count.confirmed,
        "as_of": count and count.as_of,
        "form": {**form, "country": form["country"] if form.get("country") in countries() else "GB"},
        "errors": errors,
        "busy": busy,
        "countries": list(countries().items()),
    }
    return page(request, "petition.html", context, status, headers)


def known_count(petition: Petition, now: datetime, tables: Tables) -> Count | None:
    """A page must come even when its number cannot: the form has what was typed."""
    try:
        return public_count(petition, now, tables)
    except Unavailable:
        return None
