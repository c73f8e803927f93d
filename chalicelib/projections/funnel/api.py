"""The funnel over HTTP, for staff: how many signatures passed each stage, such as confirmed or expired."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.rights import Right
from chalicelib.edge.http import json_answer, query
from chalicelib.edge.spreadsheet import as_csv, wants_csv
from chalicelib.petitions.find import petition_as_stored
from chalicelib.projections.api import requested_days
from chalicelib.projections.funnel.model import Stage
from chalicelib.projections.funnel.read import (
    FunnelBy,
    Rate,
    Row,
    days_within,
    rate,
    rows,
    stage_counts_by_day,
    totals,
)
from chalicelib.staff.authorizer import staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.projections.funnel.answers import Funnel

routes = Blueprint(__name__)

COLUMNS = ("key", *Stage)


@staff_view(
    routes, "GET", "/petitions/{slug}/funnel", Right.COUNTS, query=("by", "from", "to", "format"), raises=(Invalid,)
)
def read_funnel(request: Request, slug: str) -> "Answer[Funnel]":
    """The funnel: how many signatures reach each stage, and how fast.

    A signature is counted for each stage that it reaches, and is never subtracted. The numbers lag by some seconds.
    CSV has only the `rows`.

    ?by= Rows by day or by hour.
    """
    by, days, now = _unit(request), requested_days(request), times.now()
    petition = petition_as_stored(slug, tables())
    counts = stage_counts_by_day(petition, now, tables())
    chosen = days_within(days, counts)
    row_by_key = rows(by, chosen)
    listed = [{"key": key, **_numbers(row)} for key, row in row_by_key.items()]
    if wants_csv(request):
        return as_csv(listed, COLUMNS)
    summary = {"totals": _numbers(totals(chosen)), "rate": _rate_json(rate(counts, chosen, now))}
    return json_answer({"slug": slug, "as_of": times.iso(now), **summary, "rows": listed})


def _numbers(row: Row) -> dict[str, object]:
    return {stage: row[stage] for stage in Stage}


def _rate_json(found: Rate) -> dict[str, object]:
    return {
        "this_hour": found.this_hour,
        "hour_before": found.hour_before,
        "peak": found.peak,
        "peak_at": times.iso_or_none(found.peak_at),
    }


def _unit(request: Request) -> FunnelBy:
    """Return whether the rows are for days or for hours, as ?by= says. Days without ?by=."""
    value = query(request, "by") or FunnelBy.DAY
    if value not in list(FunnelBy):
        raise Invalid([FieldError("by", "Use day or hour")])
    return FunnelBy(value)
