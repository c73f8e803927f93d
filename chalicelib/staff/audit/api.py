"""The audit trail over HTTP, for whoever may manage."""

import re
from datetime import UTC, datetime, timedelta
from itertools import islice

from chalice.app import Blueprint, Request, Response

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.edge.http import json_answer, json_view, query
from chalicelib.staff.audit.actions import described
from chalicelib.staff.audit.model import Entry
from chalicelib.staff.audit.record import entries
from chalicelib.staff.authorizer import staff_authorizer

routes = Blueprint(__name__)

MOST = 500
USUAL = 100
BACK = timedelta(days=90)
# Every month between is asked for, so neither end may be an age away.
YEARS = range(2020, 2100)
CURSOR = re.compile(r"20[2-9][0-9]-(0[1-9]|1[0-2])-[0-9T:.+-]{2,26}#[0-9a-f]{8}")


@routes.route("/api/staff/audit", authorizer=staff_authorizer)
@json_view(routes)
def read_audit(request: Request) -> Response:
    """Newest first. ?from= and ?to= are dates or times (UTC), ?actor= an owner, ?after= the last page's `next`."""
    now, most = times.now(), _limit(request)
    since, until = _moment(request, "from") or now - BACK, _moment(request, "to") or now
    actor = query(request, "actor")
    found = entries(since, until, tables(), _after(request))
    wanted = (entry for entry in found if not actor or entry.actor.owner == actor)
    page = list(islice(wanted, most))
    more = {"next": page[-1].cursor} if len(page) == most else {}
    return json_answer({"entries": [_shown(entry) for entry in page], **more})


def _shown(entry: Entry) -> dict[str, object]:
    return {
        "at": times.iso(entry.at),
        "owner": entry.actor.owner,
        "token_id": entry.actor.token_id,
        "source_ip": entry.actor.source_ip,
        "action": entry.action.name,
        "description": described(entry.action.name),
        "subject": entry.action.subject,
        "details": entry.action.details,
    }


def _limit(request: Request) -> int:
    asked = query(request, "limit") or str(USUAL)
    if not re.fullmatch(r"[1-9][0-9]{0,2}", asked) or int(asked) > MOST:
        raise Invalid([FieldError("limit", f"Use 1 to {MOST}")])
    return int(asked)


def _after(request: Request) -> str:
    asked = query(request, "after") or ""
    if asked and not CURSOR.fullmatch(asked):
        raise Invalid([FieldError("after", "Use what the last page gave as next")])
    return asked


def _moment(request: Request, name: str) -> datetime | None:
    asked = query(request, name)
    if not asked:
        return None
    try:
        moment = datetime.fromisoformat(asked.replace(" ", "+"))
        if moment.year not in YEARS:
            raise ValueError("year")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        raise Invalid([FieldError(name, "Use a date or a time (UTC) such as 2026-11-24T12:00:00Z")]) from None
