"""Operations for staff: imports of files with signatures that partners collected."""

from chalicelib.partners.imports.answers import OfferedUpload, ReadImport, ShownImport, ShownImports, StartedImport
from chalicelib.partners.imports.file import HEADINGS, MAX_ROWS
from chalicelib.partners.imports.model import MAX_DIRECT_KB, MAX_UPLOAD_BYTES, SITE_ZONE
from stack.openapi.operation import CSV, Answer, Body, Operation, Operations, Query

ID = "support-trafficked-children.20261124T120000Z-9f1c02ab"
STARTED = {"id": ID}
RUNNING_IMPORT = {
    "id": ID,
    "partner": "partner-oak",
    "dry_run": False,
    "zone": "Europe/London",
    "requested_by": "Bob Bakker",
    "requested_at": "2026-11-24T12:00:00Z",
    "state": "running",
    "why": None,
    "rows": 8501,
    "processed": 400,
    "accepted": 388,
    "existing": 9,
    "invalid": 1,
    "suppressed": 2,
    "errors": [{"row": 17, "field": "email", "message": "Enter an email address"}],
    "sample": [{"row": 2, "result": "accepted", "fields": ["email", "name"]}],
    "shape": {
        "encoding": "utf-8",
        "delimiter": ",",
        "columns": {"email": ["Email"], "name": ["First name", "Surname"]},
        "unused": ["Newsletter"],
    },
    "undoes": None,
    "undone_by": None,
}
DRY_RUN = {
    **RUNNING_IMPORT,
    "dry_run": True,
    "first_rows": [
        {
            "row": 2,
            "name": "Zoë O'Neill",
            "email": "zoe@example.org",
            "country": "GB",
            "postcode": "SW1A 1AA",
            "updates": False,
            "obtained_at": "2026-11-24T11:59:00Z",
        }
    ],
}
ZONE = (
    f"The IANA name of the time zone of times in the file that name none. `{SITE_ZONE}` if left out. An hour that "
    "occurs twice is read as the first. An hour that is left out is read as if the clocks had not gone forward yet."
)
BOOLEAN = {"type": "string", "enum": ["true", "false"]}

OPERATIONS: Operations = {
    "list_imports": Operation(
        "All imports of a petition",
        Answer("Newest first, undos included.", ShownImports, {"imports": [RUNNING_IMPORT]}),
    ),
    "start_import": Operation(
        "Import a partner's CSV",
        Answer("Started. Read its progress under its id.", StartedImport, STARTED, status=202),
        f"A CSV of {MAX_DIRECT_KB} KB and {MAX_ROWS:,} rows at most, in any usual encoding, with headings in the "
        "first row. The whole file is read before any row is imported: a broken file imports nothing. Only one import "
        "at a time for each petition. Importing a file again changes nothing: a row is recognised by the partner's "
        "identifier, or by the email address if there is no column of identifiers.",
        query=[
            Query("partner", "The partner's source.", example="partner-oak", required=True),
            Query("upload", "The value `upload` of the form with which you uploaded the file. The body is then empty."),
            Query("dry_run", "`true`: store nothing, and report what an import would do.", BOOLEAN),
            Query(
                "mapping",
                "JSON: for each field, the heading of its column, or a list of headings. Usual headings need no "
                f"mapping. Fields: {', '.join(HEADINGS)}.",
                example='{"email": "E-mail", "name": ["Forename", "Surname"]}',
            ),
            Query("zone", ZONE, example="Europe/Dublin"),
        ],
        body=Body(
            str,
            "Identifier,Email,First name,Last name\noak:41,zoe@example.org,Zoë,O'Neill\n",
            content_type=CSV,
            required=False,
        ),
        problems={409: "NotNow", 413: "TooLargeFile"},
    ),
    "offer_upload": Operation(
        "Get a form to upload a larger file",
        Answer("The form. It needs no token, and works for an hour.", OfferedUpload, status=201),
        f"For files over {MAX_DIRECT_KB} KB, up to {MAX_UPLOAD_BYTES // 2**20} MB. After the upload, start the "
        "import with `upload` in the query and an empty body.",
    ),
    "read_import": Operation("The progress of an import", Answer("The import.", ReadImport, DRY_RUN)),
    "cancel_import": Operation(
        "Cancel an import",
        Answer(
            "The import: cancelled, or unchanged if it had ended.",
            ShownImport,
            {**RUNNING_IMPORT, "state": "cancelled"},
        ),
        "Rows that are already imported stay imported until the import is undone.",
    ),
    "undo_import": Operation(
        "Undo an import",
        Answer("Started. Read its progress under its id.", StartedImport, STARTED, status=202),
        "Removes the signatures that only this import added. A signature stays if the person also signed here, came "
        "from another source too, or confirmed by our email. The partner can use the identifiers again.",
        problems={409: "NotNow"},
    ),
}
