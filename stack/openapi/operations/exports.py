"""Operations for staff: exports of signatures, and lists of the people who asked for updates."""

from chalicelib.exports.answers import FileLink, ShownExport, ShownExports
from chalicelib.exports.model import DEFAULT_COLUMNS, Column, ExportRequest, Format
from chalicelib.exports.subscribers.answers import ShownList, ShownLists
from chalicelib.exports.subscribers.model import ListRequest
from stack.openapi.operation import Answer, Body, Operation, Operations

WAITING_EXPORT = {
    "id": "support-trafficked-children.20261124T120000Z-9f1c02ab",
    "slug": "support-trafficked-children",
    "format": "csv",
    "columns": ["name", "postcode", "country", "confirmed_at"],
    "recipient": "age139h2809rjn26elwprmfdu3ghm6hwgn4tpx3qgl3sfcwqfwgnudas2ltke3",
    "moment": "2026-11-24T12:00:00Z",
    "requested_by": "Bob Bakker",
    "state": "waiting",
    "why": None,
    "rows": 0,
    "of": 104213,
    "expires_at": "2026-12-01T12:00:00Z",
}
FINISHED_EXPORT = {
    **WAITING_EXPORT,
    "state": "done",
    "rows": 104211,
    "sha256": "ab" * 32,
    "bytes": 9120344,
    "finished_at": "2026-11-24T12:01:10Z",
}
LINK = Answer(
    "The link. Download it with GET, without a token.",
    FileLink,
    {"url": "https://bucket.example/files/x?signed", "expires_at": "2026-11-24T12:15:00Z"},
)
LIST = {
    **{name: WAITING_EXPORT[name] for name in ("id", "slug", "recipient", "requested_by", "expires_at", "why")},
    "requested_at": WAITING_EXPORT["moment"],
    "state": "done",
    "subscribed": 61200,
    "unsubscribed": 311,
    "sha256": "ab" * 32,
    "bytes": 5120344,
}
LINK_IS_SECRET = "The link needs no token and works for 15 minutes. Keep it secret."
CANCEL_IS_REPEATABLE = "Stops the work if it is waiting or running. The request is safe to repeat."
NOT_READY = {409: "NotNow", 410: "Deleted"}

OPERATIONS: Operations = {
    "list_exports": Operation(
        "All exports of a petition",
        Answer(
            "Newest first, including expired exports.",
            ShownExports,
            {
                "exports": [FINISHED_EXPORT],
                "columns": [*Column],
                "default_columns": [*DEFAULT_COLUMNS],
                "formats": [*Format],
            },
        ),
    ),
    "list_lists": Operation(
        "All lists of those who asked for updates", Answer("Newest first.", ShownLists, {"lists": [LIST]})
    ),
    "request_list": Operation(
        "Request the list of those who asked for updates",
        Answer("Requested. Read its progress in the list of lists.", ShownList, LIST, status=202),
        "For charities that send updates from another system. A CSV with `status`, `id`, `email`, `name`, `language` "
        "and `confirmed_at`, encrypted to the recipient. A person on an earlier list who no longer gets updates has "
        "the status `unsubscribed`. A person who withdrew has only an `id`. Only one list at a time for each "
        "petition.",
        body=Body(ListRequest, {"recipient": WAITING_EXPORT["recipient"]}),
        problems={409: "NotNow"},
    ),
    "cancel_list": Operation(
        "Cancel the list of those who asked for updates",
        Answer("The list: cancelled, or unchanged if it had ended.", ShownList, {**LIST, "state": "cancelled"}),
        CANCEL_IS_REPEATABLE,
    ),
    "link_list": Operation("Get a link to the file of a list", LINK, LINK_IS_SECRET, problems=NOT_READY),
    "request_export": Operation(
        "Request an export",
        Answer(
            "Requested. `Location` is the URL to read its progress.",
            ShownExport,
            WAITING_EXPORT,
            status=202,
            headers=["Location"],
        ),
        "Exports the signatures that are confirmed at this moment. Only one export at a time for each petition. Needs "
        "the right `export`.",
        body=Body(ExportRequest, {"format": "csv", "columns": ["name", "postcode"], "recipient": None}),
        problems={409: "NotNow"},
    ),
    "read_export": Operation(
        "The progress of an export",
        Answer(
            "The export, with `rows` of `of` rows written. Ask again while it is waiting or running.",
            ShownExport,
            FINISHED_EXPORT,
        ),
    ),
    "cancel_export": Operation(
        "Cancel an export",
        Answer(
            "The export: cancelled, or unchanged if it had ended.",
            ShownExport,
            {**WAITING_EXPORT, "state": "cancelled"},
        ),
        CANCEL_IS_REPEATABLE,
    ),
    "link_file": Operation("Get a link to the file", LINK, LINK_IS_SECRET, problems=NOT_READY),
    "link_cover": Operation("Get a link to the cover sheet (PDF)", LINK, LINK_IS_SECRET, problems=NOT_READY),
}
