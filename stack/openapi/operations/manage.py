"""Operations for staff who manage petitions, figures and tokens, and who read the activity log.

A figure says how many people signed elsewhere, on another platform or on paper.
"""

from chalicelib.petitions.answers import PetitionVersions, Preview
from chalicelib.petitions.figure import NewFigure
from chalicelib.petitions.form import TransitionRequest
from chalicelib.staff.answers import IssuedToken, MyToken, ShownToken, ShownTokens
from chalicelib.staff.api import TokenRequest
from chalicelib.staff.audit.answers import AuditPage
from chalicelib.staff.audit.api import DEFAULT_LIMIT, MAX_LIMIT
from chalicelib.totals.answers import EnteredFigure
from stack.openapi.operation import Answer, Body, Operation, Operations, Query
from stack.openapi.petitions import ManagedPetition, NewPetition, PetitionEdited

TOKEN = {
    "token_id": "3f9c1a2b4d5e6f70",
    "owner": "Bob Bakker",
    "rights": ["counts"],
    "issued_at": "2026-11-01T09:00:00Z",
    "expires_at": "2027-01-30T09:00:00Z",
    "last_used_at": "2026-11-24T18:30:00Z",
    "revoked_at": None,
    "partner": None,
    "usable": True,
}
CHANGED = Answer("The petition after the change.", ManagedPetition, headers=["Revision"])

OPERATIONS: Operations = {
    "create_petition": Operation(
        "Create a petition as a draft",
        Answer(
            "The draft. It is not public until it is opened.",
            ManagedPetition,
            status=201,
            headers=["Revision", "Location"],
        ),
        "`opened_at` defaults to now. Opening the petition sets `opened_at` to the time of the opening.",
        body=Body(NewPetition),
        problems={413: "TooLargePetition"},
    ),
    "read_petition_as_stored": Operation(
        "One petition in any state", Answer("The petition as stored.", ManagedPetition, headers=["Revision"])
    ),
    "edit_petition": Operation(
        "Edit a petition",
        CHANGED,
        "Replaces the whole petition. A new title, text, target or wording makes a new version. Earlier signatures "
        "keep the version they signed.",
        body=Body(PetitionEdited),
        problems={413: "TooLargePetition"},
        changes_revision=True,
    ),
    "move_petition": Operation(
        "Open, pause, close or remove a petition",
        CHANGED,
        "draft → open, removed · open → paused, closed, removed · paused → open, closed, removed · closed → open, "
        "removed · removed → draft. A draft that is scheduled to open can become a plain draft again. When a paused "
        "petition opens again, its closing date is later by the length of the pause.",
        body=Body(TransitionRequest, {"state": "closed", "at": "2027-03-31T22:59:59Z"}),
        problems={409: "InvalidTransition"},
        changes_revision=True,
    ),
    "enter_figure": Operation(
        "Enter how many people signed elsewhere",
        Answer("The figure.", EnteredFigure, status=201),
        "Nothing is overwritten: the public total uses the figure of each source with the latest `as_of`. Entering the "
        "same figure again changes nothing.",
        body=Body(
            NewFigure,
            {
                "source": "paper-leeds",
                "kind": "paper",
                "count": 412,
                "as_of": "2026-11-20T12:00:00Z",
                "evidence": "Sheets 1 to 21, counted twice by two people",
            },
        ),
    ),
    "list_versions": Operation("All versions of the text", Answer("The versions, oldest first.", PetitionVersions)),
    "preview_petition": Operation(
        "Get a preview link", Answer("The link. It needs no token and works for one hour.", Preview)
    ),
    "read_me": Operation(
        "The owner and rights of your token",
        Answer("The token of this request.", MyToken, {**TOKEN, "routes": {"GET /api/staff/audit": "manage"}}),
    ),
    "list_tokens": Operation(
        "All staff tokens, without their secrets",
        Answer("Newest first, including expired and revoked tokens.", ShownTokens, {"tokens": [TOKEN]}),
    ),
    "issue_token": Operation(
        "Issue a staff token",
        Answer("The token. It is shown only once.", IssuedToken, status=201),
        "Your own token must have every right that you give, and be valid for at least as long as the new token. "
        "Otherwise the answer is 403. "
        "A token without `days` is valid for 90 days, or until your own token expires, if that is sooner.",
        body=Body(TokenRequest, {"owner": "Bob Bakker", "rights": ["counts"], "days": 90}),
    ),
    "revoke_token": Operation("Revoke a token", Answer("Revoked. Repeating gives the same answer.", ShownToken)),
    "read_audit": Operation(
        "The activity log, newest first",
        Answer(
            "A page of the activity log.",
            AuditPage,
            {
                "entries": [
                    {
                        "at": "2026-11-24T12:00:00Z",
                        "owner": "Bob Bakker",
                        "token_id": "3f9c1a2b4d5e6f70",
                        "source_ip": "192.0.2.7",
                        "action": "token.revoked",
                        "description": "Revoked a token",
                        "refused": None,
                        "subject": "0011223344556677",
                        "details": {"owner": "Dora"},
                        "facts": [{"name": "Token", "value": "0011223344556677"}, {"name": "Owner", "value": "Dora"}],
                    }
                ]
            },
        ),
        query=[
            Query("from", "A date or time (UTC). Defaults to 90 days ago."),
            Query("to", "A date or time (UTC). Defaults to now."),
            Query("actor", "The owner of a token, in full."),
            Query(
                "limit",
                "The maximum number of entries.",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            ),
            Query("after", "The value `next` of the previous page."),
        ],
        problems={422: "Invalid"},
    ),
}
