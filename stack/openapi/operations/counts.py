"""Operations for staff: counts, the funnel (how many signatures reach each stage), frozen counts, the site's health."""

from chalicelib.health.answers import StaffHealth
from chalicelib.projections.answers import StaffCounts, StaffPetitions
from chalicelib.projections.api import ALL, MAX_TOP
from chalicelib.projections.dimensions import Dimension
from chalicelib.projections.funnel.answers import Funnel
from chalicelib.projections.funnel.read import FunnelBy
from chalicelib.statements.answers import NewStatement
from chalicelib.tallies.model import TallyDimension
from stack.openapi.operation import Answer, Operation, Operations, Query
from stack.openapi.operations.petitions import NEW_STATEMENT, SLUG
from stack.openapi.parameters import FORMAT, FROM, TO

AS_OF = "2026-11-24T18:30:05Z"
STAGES = {"received": 500, "mailed": 480, "confirmed": 345, "bounced": 9, "expired": 0, "withdrawn": 2}
UNCHANGED = "The numbers have not changed."

OPERATIONS: Operations = {
    "list_counts": Operation(
        "All petitions with their counts",
        Answer(
            "All petitions, including drafts.",
            StaffPetitions,
            {
                "petitions": [
                    {
                        "slug": SLUG,
                        "title": "Protect trafficked children",
                        "state": "open",
                        "scheduled_opening": None,
                        "confirmed": 12345,
                        "pending": 678,
                    }
                ]
            },
            not_modified_text=UNCHANGED,
        ),
    ),
    "read_counts": Operation(
        "The exact count and its breakdowns",
        Answer(
            "The counts.",
            StaffCounts,
            {
                "slug": SLUG,
                "confirmed": 12345,
                "pending": 678,
                "as_of": AS_OF,
                "breakdown": [{"key": "2026-11-23", "confirmed": 12000}, {"key": "2026-11-24", "confirmed": 345}],
            },
            csv_example="key,confirmed\r\n2026-11-23,12000\r\n2026-11-24,345\r\n",
            not_modified_text=UNCHANGED,
        ),
        "`confirmed` is exact at `as_of`: it is read consistently and not cached. Every breakdown sums to it. As CSV, "
        "the columns are `key,confirmed` with `by` (`by,key,confirmed` with `by=all`), otherwise "
        "`slug,confirmed,pending,as_of`.",
        query=[
            Query(
                "by",
                "Adds a breakdown. `version`, `postcode-area` and `constituency` lag by some seconds and cannot be "
                "combined with `from` and `to`. `constituency` needs the charity's table of postcodes; without it, the "
                "answer is 422. `all` returns every breakdown except `constituency`, in `breakdowns`, all of the same "
                "moment. With `from` or `to`, `all` returns only the breakdowns that are stored by day.",
                {"type": "string", "enum": [*TallyDimension, *Dimension, ALL]},
            ),
            Query(
                "top",
                "With `by=country`, `source`, `version`, `postcode-area` or `constituency`: return this many rows, "
                "largest first, and the sum of all others as one row `(others)`.",
                {"type": "integer", "minimum": 1, "maximum": MAX_TOP},
            ),
            *(FROM, TO, FORMAT),
        ],
        problems={422: "Invalid"},
    ),
    "read_funnel": Operation(
        "The funnel: how many signatures reach each stage, and how fast",
        Answer(
            "The counts.",
            Funnel,
            {
                "slug": SLUG,
                "as_of": AS_OF,
                "totals": STAGES,
                "rate": {"this_hour": 14, "hour_before": 31, "peak": 150, "peak_at": "2026-11-24T07:00:00Z"},
                "rows": [{"key": "2026-11-24", **STAGES}],
            },
            csv_example="key,received,mailed,confirmed,bounced,expired,withdrawn\r\n2026-11-24,500,480,345,9,0,2\r\n",
        ),
        "A signature is counted for each stage that it reaches, and is never subtracted. The numbers lag by some "
        "seconds. CSV has only the `rows`.",
        query=[
            Query("by", "Rows by day or by hour.", {"type": "string", "enum": [*FunnelBy], "default": "day"}),
            *(FROM, TO, FORMAT),
        ],
        problems={422: "Invalid"},
    ),
    "freeze_count": Operation(
        "Freeze the count for the press",
        Answer(
            "The statement and its URLs.",
            NewStatement,
            NEW_STATEMENT,
            status=201,
            headers=["Location"],
        ),
        "Makes a signed statement with the exact count at this moment. The request has no body. The long URL contains "
        "the whole statement. The short URL can be read out; the site stores which long URL it leads to. The activity "
        "log records the request.",
    ),
    "read_staff_health": Operation(
        "The state of the site in words",
        Answer(
            "The state of the site.",
            StaffHealth,
            {
                "level": "good",
                "messages": [{"level": "good", "text": "Everything works. Nothing needs to be done."}],
                "mail": {"waiting": 3, "paused_until": None},
                "overflow": {"waiting": 0},
            },
        ),
    ),
}
