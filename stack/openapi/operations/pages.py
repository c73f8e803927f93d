"""Operations that answer with HTML or a picture: the public pages, the links in emails, and the staff pages."""

from chalicelib.signatures.answers import ConfirmFields, SignatureFields, StopFields, TokenFields
from stack.openapi.operation import FORM, LANG, Answer, Body, Operation, Operations, Query

PAGE = Answer("The page.")
EMBED = Query("embed", "`1` if the form is in a frame on another site. The next page is then shown in the frame too.")
CHANGES_NOTHING = "Shows a page and changes nothing, because email scanners open every link."
TOKEN = Query("token", "The token from the email.", required=True)
TOKEN_OR_FIELD = Query("token", "The token from the email. Can be sent in the body instead.")

OPERATIONS: Operations = {
    "show_petitions": Operation("Open petitions", PAGE),
    "show_petition": Operation(
        "A petition with its form",
        PAGE,
        "Works without JavaScript.",
    ),
    "show_card": Operation(
        "The picture of a shared link",
        Answer("1200 x 630 pixels, with title and count.", content_types=("image/png",)),
    ),
    "sign_by_form": Operation(
        "Sign with the hosted form",
        Answer(
            "Accepted. The answer is the same for new, repeated and blocked signatures.",
            status=303,
            content_types=(),
            headers=["Location"],
        ),
        "Sending the form twice makes one signature.",
        query=[LANG, EMBED],
        body=Body(SignatureFields, content_type=FORM),
        problems={409: "NotOpenPage", 422: "InvalidFormPage", 503: "BusyFormPage"},
    ),
    "show_thanks": Operation("The page after signing", PAGE, query=[LANG, EMBED]),
    "show_embed": Operation(
        "The form, for a frame on another site",
        PAGE,
        "Browsers show it only on the sites of the petition's `embed_on` (`frame-ancestors`). Sets no cookies.",
    ),
    "show_counter": Operation(
        "The counter, for a frame on another site",
        PAGE,
        "Browsers show it only on the sites of the petition's `embed_on` (`frame-ancestors`).",
    ),
    "show_statement": Operation("A statement as a page, to read and print", Answer("The statement is genuine.")),
    "show_short_statement": Operation(
        "Go to a statement by its short address",
        Answer("The address of the statement.", status=302, content_types=(), headers=["Location"]),
    ),
    "show_confirmation": Operation(
        "Show what will be confirmed",
        Answer("The signature and its consents, with a button. After confirmation, the page shows no personal data."),
        CHANGES_NOTHING,
        query=[TOKEN, LANG],
    ),
    "confirm_signature": Operation(
        "Confirm and correct a signature",
        Answer("Confirmed. Repeating gives the same page."),
        "Counts the signature once. Fields in the body replace the fields that were sent with the signature. "
        "Without `updates` and a letter, the person agrees to neither.",
        query=[TOKEN_OR_FIELD, LANG],
        body=Body(ConfirmFields, content_type=FORM, required=False),
        problems={422: "InvalidFormPage"},
    ),
    "show_withdrawal": Operation(
        "Show what will be withdrawn",
        Answer("What will be removed, with a button."),
        CHANGES_NOTHING,
        query=[TOKEN, LANG],
    ),
    "withdraw_signature": Operation(
        "Withdraw a signature",
        Answer("Withdrawn. Repeating gives the same page."),
        "Removes the name and the address. A confirmed signature is subtracted from the count.",
        query=[TOKEN_OR_FIELD, LANG],
        body=Body(TokenFields, content_type=FORM, required=False),
    ),
    "show_unsubscription": Operation(
        "Show what will be unsubscribed",
        Answer("The updates that will stop, with a button."),
        CHANGES_NOTHING,
        query=[TOKEN, LANG],
    ),
    "unsubscribe_from_updates": Operation(
        "Stop updates",
        Answer("Stopped. Repeating gives the same page."),
        "Sent by the page's button, or by an email program's one-click unsubscribe (RFC 8058), which sends the token "
        "in the URL and a body of any form type. The signature stays.",
        query=[TOKEN_OR_FIELD, LANG],
        body=Body(TokenFields, content_type=FORM, required=False),
    ),
    "show_stop": Operation(
        "Show which email will stop",
        Answer("The petition, with a button; or a note that email about the petition is already stopped."),
        CHANGES_NOTHING,
        query=[TOKEN],
    ),
    "stop_emails": Operation(
        "Stop all email about a petition",
        Answer("Stopped, or allowed again. Repeating gives the same page."),
        "The address gets no more email about this petition, until its owner or staff allow email again. The signature "
        "stays. `emails=again` allows email again.",
        query=[TOKEN_OR_FIELD],
        body=Body(StopFields, content_type=FORM, required=False),
    ),
    "show_dashboard": Operation(
        "The staff page",
        PAGE,
        "The page has no data and is the same for everyone. Its script calls this API with the user's token.",
    ),
    "show_sign_in": Operation(
        "The sign-in page for staff",
        Answer("The sign-in button, or the result of signing in."),
        "The page has no data. Its script calls this API.",
    ),
}
