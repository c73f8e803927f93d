"""Operations of the site itself: files, this document, and the health check."""

from chalicelib import VERSION
from chalicelib.edge.answers import SiteHealth
from stack.openapi.operation import Answer, Operation, Operations

OPERATIONS: Operations = {
    "read_asset": Operation(
        "Style, script and icon of the public pages",
        Answer(
            "The file.",
            content_types=["text/css", "text/javascript", "image/svg+xml"],
            not_modified_text="The file has not changed.",
        ),
    ),
    "read_embed_script": Operation(
        "The script that puts a petition's form or counter on another site",
        Answer(
            "For `<script src=... data-petition=... data-show=form|counter>`.",
            content_types=["text/javascript"],
            not_modified_text="The file has not changed.",
        ),
    ),
    "read_dashboard_file": Operation(
        "Scripts and styles of the staff pages",
        Answer(
            "The file.", content_types=["text/css", "text/javascript"], not_modified_text="The file has not changed."
        ),
    ),
    "read_openapi": Operation("This document", Answer("OpenAPI 3.1.", dict)),
    "read_health": Operation(
        "Check that tables and queues answer",
        Answer("All of them answer.", SiteHealth, {"status": "ok", "version": VERSION}),
    ),
}
