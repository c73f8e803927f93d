"""The actions that the audit trail records, in words for staff."""

DESCRIPTIONS = {
    "access.exported": "Exported everything held on a person",
    "copy.deleted": "Deleted a copy of a table",
    "export.cancelled": "Cancelled an export",
    "export.fetched": "Downloaded an export",
    "export.requested": "Requested an export",
    "figure.entered": "Entered a number of signatures from elsewhere",
    "hash-key.issued": "Got the key for a partner's hashed addresses",
    "import.cancelled": "Cancelled an import",
    "import.started": "Imported a partner's file",
    "import.undone": "Undid an import",
    "mail.allowed": "Allowed email again that its owner had stopped",
    "mail.resent": "Sent a confirmation email again",
    "partner.created": "Created a partner",
    "person.erased": "Erased everything about a person",
    "person.found": "Searched for a person",
    "person.shown": "Viewed a signature",
    "petition.closed": "Closed a petition",
    "petition.created": "Created a draft petition",
    "petition.edited": "Edited a petition",
    "petition.loaded": "Loaded a petition from its file",
    "petition.opened": "Opened a petition",
    "petition.paused": "Paused a petition",
    "petition.previewed": "Made a preview link",
    "petition.removed": "Removed a petition",
    "petition.withheld": "Made a petition a draft again",
    "signature.erased": "Erased a signature",
    "signature.withdrawn": "Withdrew a signature",
    "signed-in": "Signed in",
    "statement.frozen": "Froze a number for the press",
    "table.copied": "Made a copy of a table from its backup",
    "table.restored": "Restored lost or damaged items of a table",
    "upload.offered": "Got a form to upload a partner's file",
    "token.issued": "Issued a token",
    "token.revoked": "Revoked a token",
    "update.cancelled": "Cancelled an update",
    "update.drafted": "Drafted an update",
    "update.edited": "Edited the draft of an update",
    "update.published": "Published an update",
    "update.tested": "Sent a test of an update",
}


def described(action: str) -> str:
    """Return the description, or the action's name if it is not in this list."""
    return DESCRIPTIONS.get(action, action)
