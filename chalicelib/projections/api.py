"""Counts for staff: the exact number of confirmed signatures, its breakdowns, the pending ones, and the funnel."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.printable import escape_formula
from chalicelib.core.rights import Right
from chalicelib.edge.http import REVALIDATED, answer, conditional_answer, json_answer, prefers_csv, query
from chalicelib.petitions.constituency_table import has_constituencies, layout
from chalicelib.petitions.find import all_petitions, petition_as_stored
from chalicelib.petitions.model import Petition, PetitionState
from chalicelib.projections.breakdowns import overview, pending_count, pending_counts, projected_breakdown
from chalicelib.projections.dimensions import Dimension
from chalicelib.projections.funnel import (
    FunnelBy,
    Row,
    Stage,
    days_within,
    rate,
    rows,
    stage_counts_by_day,
    totals,
)
from chalicelib.staff.authorizer import staff_view
from chalicelib.tallies.count import ALL_DAYS, Breakdown, Days, breakdown, counts_with_last_days, exact_count, largest
from chalicelib.tallies.model import TallyDimension

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.projections.answers import (
        BreakdownRow,
        ConstituencyLayout,
        CountTotals,
        Funnel,
        StaffCounts,
        StaffPetition,
        StaffPetitions,
    )

routes = Blueprint(__name__)

ALL = "all"
# In lists, the petitions that staff work with come first.
STATE_ORDER = (
    PetitionState.OPEN, PetitionState.PAUSED, PetitionState.DRAFT, PetitionState.CLOSED, PetitionState.REMOVED,
)  # fmt: skip
MAX_TOP = 999
# Two weeks, so that each weekday can be compared.
LISTED_DAYS = 14
FUNNEL_COLUMNS = ("key", *Stage)


@staff_view(routes, "GET", "/petitions", Right.COUNTS, not_modified=True)
def list_counts(request: Request) -> "Answer[StaffPetitions]":
    """All petitions with their counts. All petitions, including drafts."""
    now = times.now()
    petitions = _in_list_order(all_petitions(tables()), now)
    counts = counts_with_last_days(petitions, LISTED_DAYS, now, tables())
    pending = pending_counts([petition.slug for petition in petitions], tables())
    listed: list[StaffPetition] = [
        {
            "slug": petition.slug,
            "title": petition.title,
            "state": petition.state_at(now),
            "scheduled_opening": times.iso_or_none(petition.scheduled_opening(now)),
            "confirmed": count.confirmed,
            "pending": max(0, pending[petition.slug]),  # After a restore or a killed `make run`, it may be wrong.
            "elsewhere": petition.elsewhere,
            "goals": petition.all_goals,
            "milestones": petition.milestones,
            "last_days": last_days,
        }
        for petition, (count, last_days) in ((each, counts[each.slug]) for each in petitions)
    ]
    return conditional_answer(request, listed, json_answer({"petitions": listed}))


def _in_list_order(petitions: list[Petition], now: datetime) -> list[Petition]:
    newest_first = sorted(petitions, key=lambda petition: petition.opened_at, reverse=True)
    return sorted(newest_first, key=lambda petition: STATE_ORDER.index(petition.state_at(now)))


@staff_view(
    routes,
    "GET",
    "/petitions/{slug}/counts",
    Right.COUNTS,
    query=("by", "top", "from", "to", "format"),
    not_modified=True,
    raises=(Invalid,),
)
def read_counts(request: Request, slug: str) -> "Answer[StaffCounts]":
    """The exact count and its breakdowns.

    `confirmed` is exact at `as_of`: it is read consistently and not cached. Every breakdown sums to it. As CSV, the
    columns are `key,confirmed` with `by` (`by,key,confirmed` with `by=all`), otherwise
    `slug,confirmed,pending,as_of`.

    ?by= Adds a breakdown. `version`, `postcode-area` and `constituency` lag by some seconds and cannot be combined
    with `from` and `to`. `constituency` needs the charity's table of postcodes; without it, the answer is 422.
    `all` returns every breakdown except `constituency`, in `breakdowns`, all of the same moment. With `from` or
    `to`, `all` returns only the breakdowns that are stored by day.
    ?top= With `by=country`, `source`, `version`, `postcode-area` or `constituency`: return this many rows, largest
    first, and the sum of all others as one row `(others)`.
    """
    if query(request, "by") == ALL:
        return _answer_with_all_breakdowns(request, slug)
    by, days, top = _chosen_dimension(request), requested_days(request), _chosen_top(request)
    petition = petition_as_stored(slug, tables())
    if by is None and days == ALL_DAYS:
        return _answer(request, _totals(petition))
    # Without ?by=, the sum of the breakdown by day is the count of these days.
    numbers = _read_breakdown(petition, by or TallyDimension.DAY, days)
    shown = largest(numbers, top)
    return _answer(request, _totals(petition, shown), shown if by else None)


@staff_view(routes, "GET", "/constituencies", Right.COUNTS)
def read_constituencies(request: Request) -> "Answer[ConstituencyLayout]":
    """Where each constituency is on a map of hexagons."""
    return json_answer(json.loads(layout()))


def _answer_with_all_breakdowns(request: Request, slug: str) -> "Answer[StaffCounts]":
    _chosen_top(request)  # Refuse ?top=, which needs one dimension.
    days = requested_days(request)
    petition = petition_as_stored(slug, tables())
    found = overview(petition, days, times.now(), tables())
    totals = {
        "slug": slug, "confirmed": found.confirmed, "withdrawn": found.withdrawn, "pending": found.pending,
    }  # fmt: skip
    breakdowns = {each.by: _rows(each) for each in found.breakdowns}
    is_csv = wants_csv(request)
    if is_csv:
        rows = [{"by": by, **row} for by, one_breakdown in breakdowns.items() for row in one_breakdown]
        response = as_csv(rows, ("by", "key", "confirmed"))
    else:
        response = json_answer({**totals, "as_of": times.iso(found.as_of), "breakdowns": breakdowns})
    # Without `as_of`, which changes at every request: the ETag changes only with the numbers.
    return conditional_answer(request, [totals, breakdowns, is_csv], response)


def _rows(numbers: Breakdown) -> "list[BreakdownRow]":
    return [{"key": key, "confirmed": number} for key, number in numbers.values.items()]


def _read_breakdown(petition: Petition, by: TallyDimension | Dimension, days: Days) -> Breakdown:
    """A TallyDimension comes from the tally, a Dimension from the numbers counted from the stream of changes."""
    now = times.now()
    if isinstance(by, TallyDimension):
        return breakdown(petition, by, days, now, tables())
    if days != ALL_DAYS:
        raise Invalid([FieldError("by", 'This breakdown has no daily counts: leave out "from" and "to"')])
    if by is Dimension.CONSTITUENCY and not has_constituencies():
        raise Invalid([FieldError("by", "This site has no table of constituencies")])
    return projected_breakdown(petition, by, now, tables())


def _totals(petition: Petition, numbers: Breakdown | None = None) -> "CountTotals":
    count = numbers or exact_count(petition, times.now(), tables())
    return {
        "slug": petition.slug,
        "confirmed": count.confirmed,
        "pending": max(0, pending_count(petition.slug, tables())),
        "as_of": times.iso(count.as_of),
    }


def _answer(request: Request, totals: "CountTotals", numbers: Breakdown | None = None) -> "Answer[StaffCounts]":
    rows = _rows(numbers) if numbers else []
    is_csv = wants_csv(request)
    if is_csv:
        response = as_csv(rows if numbers else [totals])
    else:
        response = json_answer({**totals, "breakdown": rows} if numbers else totals)
    # Without `as_of`, which changes at every request: the ETag changes only with the numbers.
    return conditional_answer(request, [{**totals, "as_of": ""}, rows, is_csv], response)


def _chosen_dimension(request: Request) -> TallyDimension | Dimension | None:
    value = query(request, "by")
    if not value:
        return None
    if value in list(Dimension):
        return Dimension(value)
    if value not in list(TallyDimension):
        raise Invalid([FieldError("by", f"Use {', '.join([*TallyDimension, *Dimension])} or {ALL}")])
    return TallyDimension(value)


def _chosen_top(request: Request) -> int | None:
    """Return ?top=: how many rows to return, those with the largest numbers. None: return all rows.

    One more row has the sum of the others, unless it is 0. Days and hours are in order of time, so refuse ?top=.
    """
    value = query(request, "top")
    if not value:
        return None
    if query(request, "by") not in (TallyDimension.COUNTRY, TallyDimension.SOURCE, *Dimension):
        raise Invalid([FieldError("top", "Use only with by=country, source, version, postcode-area or constituency")])
    if not re.fullmatch(r"[1-9][0-9]{0,2}", value):
        raise Invalid([FieldError("top", f"Use a number from 1 to {MAX_TOP}")])
    return int(value)


def requested_days(request: Request) -> Days:
    """If one of ?from= and ?to= is missing, the days have no limit on that side."""
    first, last = _day(request, "from") or ALL_DAYS.first, _day(request, "to") or ALL_DAYS.last
    if first > last:
        raise Invalid([FieldError("to", 'Must not be before "from"')])
    return Days(first, last)


def _day(request: Request, name: str) -> date | None:
    value = query(request, name)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return _day_at(name, value)


def _day_at(name: str, value: str) -> date:
    """Return the day that begins at this midnight (UTC), or ends if `name` is "to"."""
    try:
        # In a query, a "+" that is not escaped arrives as a space.
        moment = datetime.fromisoformat(value.replace(" ", "+")).astimezone(UTC)
        day = moment.date()
        if name == "to":  # Midnight is the end of the previous day.
            day -= timedelta(days=1)
    except (ValueError, OverflowError):
        raise Invalid([FieldError(name, "Use a date (UTC) such as 2026-11-24")]) from None
    if moment.time() != time.min:
        raise Invalid([FieldError(name, "Counts are daily: use a date (UTC), or its midnight")])
    return day


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
        return as_csv(listed, FUNNEL_COLUMNS)
    found = rate(counts, chosen, now)
    summary = {
        "totals": _numbers(totals(chosen)),
        "rate": {**asdict(found), "peak_at": times.iso_or_none(found.peak_at)},
    }
    return json_answer({"slug": slug, "as_of": times.iso(now), **summary, "rows": listed})


def _numbers(row: Row) -> dict[str, object]:
    return {stage: row[stage] for stage in Stage}


def _unit(request: Request) -> FunnelBy:
    value = query(request, "by") or FunnelBy.DAY
    if value not in list(FunnelBy):
        raise Invalid([FieldError("by", "Use day or hour")])
    return FunnelBy(value)


CSV = "text/csv"


def wants_csv(request: Request) -> bool:
    """Return whether to answer with CSV. `?format=` overrides the Accept header."""
    format_name = query(request, "format")
    if format_name:
        return format_name == "csv"
    return prefers_csv(request.headers.get("accept") or "")


def as_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str] = ("key", "confirmed")) -> "Answer[Any]":
    """Return the rows as CSV, without cells that a spreadsheet runs as a formula: only `key` has texts from outside.

    Without rows, the header line has `columns`.
    """
    text = io.StringIO()
    fields = list(rows[0]) if rows else columns
    writer = csv.DictWriter(text, fields)
    writer.writeheader()
    writer.writerows({**row, "key": escape_formula(str(row["key"]))} if "key" in row else row for row in rows)
    return answer(text.getvalue(), 200, {"Content-Type": f"{CSV}; charset=utf-8", **REVALIDATED})
