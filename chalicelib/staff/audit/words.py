"""Describe an entry of the activity log for staff: the action's subject and details, with labels instead of keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.core.rights import Right
from chalicelib.staff.audit.record import Action

DESCRIPTIONS = {
    "access.exported": "Exported everything held on a person",
    "copy.deleted": "Deleted a copy of a table",
    "export.cancelled": "Cancelled an export",
    "export.fetched": "Downloaded an export",
    "export.requested": "Requested an export",
    "figure.entered": "Entered a number of signatures from elsewhere",
    "import.cancelled": "Cancelled an import",
    "import.started": "Imported a partner's file",
    "import.undone": "Undid an import",
    "letters.paused": "Paused the letters to a target",
    "letters.resumed": "Resumed the letters to a target",
    "letters.tested": "Sent a test of a letter",
    "list.cancelled": "Cancelled the list of those who asked for updates",
    "list.fetched": "Downloaded the list of those who asked for updates",
    "list.requested": "Requested the list of those who asked for updates",
    "mail.allowed": "Allowed email to an address whose owner had stopped it",
    "mail.resent": "Sent a confirmation email again",
    "partner.created": "Created a partner",
    "person.erased": "Erased everything about a person",
    "person.found": "Searched for a person",
    "person.shown": "Viewed a signature",
    "petition.closed": "Closed a petition",
    "petition.created": "Created a draft petition",
    "petition.edited": "Edited a petition",
    "petition.illustrated": "Changed the picture of a petition",
    "petition.loaded": "Loaded a petition from its file",
    "petition.opened": "Opened a petition",
    "petition.paused": "Paused a petition",
    "petition.previewed": "Made a preview link",
    "petition.removed": "Removed a petition",
    "petition.unillustrated": "Removed the picture of a petition",
    "petition.withheld": "Made a petition a draft again",
    "proof.asked": "Asked for a proof of work with each signature",
    "proof.ended": "Stopped asking for a proof of work",
    "held.released": "Released held signatures",
    "removal.cancelled": "Cancelled a removal of signatures",
    "removal.started": "Removed signatures",
    "removal.tried": "Tried a removal of signatures",
    "removal.undone": "Put removed signatures back",
    "reminders.cancelled": "Switched reminders to confirm off",
    "reminders.started": "Switched reminders to confirm on",
    "retention.cancelled": "Cancelled the removal of personal data",
    "retention.run": "Counted or removed the personal data of a petition",
    "retention.set": "Set after how many months personal data is removed",
    "signature.erased": "Erased a signature",
    "signature.withdrawn": "Withdrew a signature",
    "signed-in": "Signed in",
    "statement.frozen": "Froze a number for the press",
    "table.copied": "Made a copy of a table from its backup",
    "table.restored": "Restored lost or damaged items of a table",
    "upload.offered": "Got a form to upload a partner's file",
    "token.accepted": "Accepted an invitation",
    "token.invited": "Invited a colleague",
    "token.issued": "Issued a token",
    "token.revoked": "Revoked a token",
    "update.cancelled": "Cancelled an update",
    "update.drafted": "Drafted an update",
    "update.edited": "Edited the draft of an update",
    "update.paused": "An update paused by itself",
    "update.published": "Published an update",
    "update.resumed": "Continued a paused update",
    "update.tested": "Sent a test of an update",
}


def description_of(action: str) -> str:
    return DESCRIPTIONS.get(action, action)


class Fact(NamedTuple):
    name: str
    value: str


SUBJECT_LABELS = {
    "access": "Signature",
    "copy": "Table",
    "export": "Export",
    "figure": "Petition",
    "import": "Import",
    "letters": "Petition",
    "list": "List",
    "mail": "Signature",
    "partner": "Partner",
    "person": "Signature",
    "petition": "Petition",
    "proof": "Petition",
    "held": "Petition",
    "removal": "Petition",
    "reminders": "Petition",
    "retention": "Petition",
    "signature": "Signature",
    "signed-in": "Token",
    "statement": "Petition",
    "table": "Table",
    "token": "Token",
    "update": "Petition",
    "upload": "Petition",
}
DETAIL_LABELS = {
    "as_of": "Counted at",
    "at": "Time",
    "by": "By",
    "columns": "Columns",
    "copy": "Copy",
    "confirmed": "Confirmed signatures",
    "count": "Number",
    "expires": "Expires",
    "format": "Format",
    "hours": "Hours after the last email",
    "kind": "Kind",
    "owner": "Owner",
    "petition": "Petition",
    "reason": "Reason",
    "recipient": "Encrypted for",
    "revision": "Change number",
    "rights": "Rights",
    "source": "Source",
    "text_version": "Version of the text",
    "what": "File",
    "why": "Reason",
}
RIGHT_LABELS: Mapping[str, str] = {
    Right.COUNTS: "read the numbers",
    Right.MANAGE: "edit petitions, manage tokens and read the activity log",
    Right.EXPORT: "export signatures",
    Right.PEOPLE: "find, withdraw and erase a person’s data",
    Right.PARTNER: "pass on signatures as a partner",
}


def facts(action: Action) -> list[Fact]:
    subject = [Fact(SUBJECT_LABELS.get(group_of(action.name), "About"), action.subject)] if action.subject else []
    return [*subject, *(_fact(action, name, value) for name, value in action.details.items())]


def group_of(action_name: str) -> str:
    return action_name.partition(".")[0]


def _fact(action: Action, name: str, value: str) -> Fact:
    # One detail for each petition: its name is the slug, its value the id of a signature.
    if action.name in ("person.found", "person.erased", "access.exported"):
        return Fact(f"Signature of {name}", value)
    name_in_words = name.replace("_", " ").capitalize()
    return Fact(DETAIL_LABELS.get(name, name_in_words), _value(name, value))


def _value(name: str, value: str) -> str:
    if name == "rights":
        return "; ".join(RIGHT_LABELS.get(right, right) for right in value.split(","))
    if name == "columns":
        return ", ".join(column.replace("_", " ") for column in value.split(","))
    if name in ("at", "as_of", "expires"):
        return f"{datetime.fromisoformat(value):%-d %B %Y, %H:%M:%S} UTC"
    if name in ("confirmed", "count") and value.isdecimal():
        return f"{int(value):,}"
    labels = VALUE_LABELS.get(name, {})
    return labels.get(value, value)


VALUE_LABELS: Mapping[str, Mapping[str, str]] = {
    "recipient": {"none": "nobody, the file is not encrypted", "passphrase": "whoever has the passphrase"},
    "what": {".pdf": "the cover sheet"},
    "kind": {"partner": "reported by a partner", "paper": "on paper"},
    "format": {"csv": "CSV", "ndjson": "NDJSON"},
}
