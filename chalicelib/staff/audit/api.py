"""The route by which staff with the right `manage` read the activity log: the record of what staff do."""

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.rights import Right
from chalicelib.edge.http import json_answer, query
from chalicelib.staff.audit.record import AuditRecord, entries
from chalicelib.staff.audit.words import description_of, facts
from chalicelib.staff.authorizer import staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.staff.answers import AuditEntry, AuditPage

routes = Blueprint(__name__)

MAX_LIMIT = 500
DEFAULT_LIMIT = 100
DEFAULT_PERIOD = timedelta(days=90)
# Each month of a period is a query, so a period must be limited.
YEARS = range(2020, 2100)
CURSOR = re.compile(r"20[2-9][0-9]-(0[1-9]|1[0-2])-[0-9T:.+-]{2,26}#[0-9a-f]{8}")


@staff_view(routes, "GET", "/audit", Right.MANAGE, query=("from", "to", "actor", "limit", "after"), raises=(Invalid,))
def read_audit(request: Request) -> "Answer[AuditPage]":
    """The activity log, newest first.

    Answer: A page of the activity log.

    ?from= A date or time (UTC). Defaults to 90 days ago.
    ?to= A date or time (UTC). Defaults to now.
    ?actor= The owner of a token, in full.
    ?limit= The maximum number of entries.
    ?after= The value `next` of the previous page.
    """
    now, limit = times.now(), _limit(request)
    since = _moment(request, "from") or now - DEFAULT_PERIOD
    until = _moment(request, "to") or now
    actor = query(request, "actor")
    found = entries(since, until, tables(), _cursor_in(request))
    if actor:
        found = (entry for entry in found if entry.actor.owner == actor)
    page = list(islice(found, limit))
    has_more = next(found, None) is not None
    answer: AuditPage = {"entries": [_audit_entry(entry) for entry in page]}
    if has_more:
        answer["next"] = page[-1].cursor
    return json_answer(answer)


def _audit_entry(entry: AuditRecord) -> "AuditEntry":
    return {
        "at": times.iso(entry.at),
        "owner": entry.actor.owner,
        "token_id": entry.actor.token_id,
        "source_ip": entry.actor.source_ip,
        "action": entry.action.name,
        "description": description_of(entry.action.name),
        "refused": entry.refused or None,
        "subject": entry.action.subject,
        "details": entry.action.details,
        "facts": [{"name": fact.name, "value": fact.value} for fact in facts(entry.action)],
    }


def _limit(request: Request) -> int:
    value = query(request, "limit") or str(DEFAULT_LIMIT)
    is_number = re.fullmatch(r"[1-9][0-9]{0,2}", value) is not None
    if not is_number or int(value) > MAX_LIMIT:
        raise Invalid([FieldError("limit", f"Use a number from 1 to {MAX_LIMIT}")])
    return int(value)


def _cursor_in(request: Request) -> str:
    value = query(request, "after") or ""
    if value and not CURSOR.fullmatch(value):
        raise Invalid([FieldError("after", "Use the value of next from the last page")])
    return value


def _moment(request: Request, name: str) -> datetime | None:
    value = query(request, name)
    if not value:
        return None
    try:
        # In a query, "+" means a space: restore the + of an offset.
        moment = datetime.fromisoformat(value.replace(" ", "+"))
        if moment.year not in YEARS:
            raise ValueError("year")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        raise Invalid([FieldError(name, "Use a date or time (UTC) such as 2026-11-24T12:00:00Z")]) from None
