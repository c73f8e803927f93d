"""The audit trail over HTTP, for whoever may manage."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from chalice.app import Blueprint, Request, Response

from chalicelib import moments
from chalicelib.audit.model import Entry
from chalicelib.audit.record import entries
from chalicelib.aws.table import tables
from chalicelib.edge.http import json_answer, json_view, query
from chalicelib.edge.staff import staff_authorizer
from chalicelib.errors import FieldError, Invalid

routes = Blueprint(__name__)

MOST = 500
USUAL = 100
BACK = timedelta(days=90)


@routes.route("/api/staff/audit", authorizer=staff_authorizer)
@json_view(routes)
def read_audit(request: Request) -> Response:
    """Newest first. ?from= and ?to= are dates or times (UTC), ?actor= an owner, ?after= the last page's `next`."""
    now, most = moments.now(), _limit(request)
    since, until = _moment(request, "from") or now - BACK, _moment(request, "to") or now
    actor = query(request, "actor")
    found = entries(since, until, tables(), query(request, "after") or "")
    wanted = (entry for entry in found if not actor or entry.actor.owner == actor)
    page = list(islice(wanted, most))
    more = {"next": page[-1].cursor} if len(page) == most else {}
    return json_answer({"entries": [_shown(entry) for entry in page], **more})


def _shown(entry: Entry) -> dict[str, object]:
    return {
        "at": moments.iso(entry.at),
        "owner": entry.actor.owner,
        "token_id": entry.actor.token_id,
        "source_ip": entry.actor.source_ip,
        "action": entry.deed.action,
        "subject": entry.deed.subject,
        "details": entry.deed.details,
    }


def _limit(request: Request) -> int:
    asked = query(request, "limit") or str(USUAL)
    if not asked.isdecimal() or not 1 <= int(asked[:9]) <= MOST:
        raise Invalid([FieldError("limit", f"Use 1 to {MOST}")])
    return int(asked)


def _moment(request: Request, name: str) -> datetime | None:
    asked = query(request, name)
    if not asked:
        return None
    try:
        moment = datetime.fromisoformat(asked.replace(" ", "+"))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        raise Invalid([FieldError(name, "Use a date or a time (UTC) such as 2026-11-24T12:00:00Z")]) from None
