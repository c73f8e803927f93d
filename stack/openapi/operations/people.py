"""Operations for staff about one person: find, show, erase or export signatures, and help with email."""

from chalicelib.people.answers import AccessExport, PersonSignature, PersonSignatures, ResendResult
from chalicelib.people.api import PersonRequest
from chalicelib.people.mail_api import AllowMail
from stack.openapi.operation import Answer, Body, Operation, Operations

OPERATIONS: Operations = {
    "find_person": Operation(
        "Find the signatures of one email address",
        Answer(
            "Every signature of that address, in every petition. The list may be empty. Signatures that still "
            "wait to be stored are not searched: `waiting` says how many there are, of anybody.",
            PersonSignatures,
        ),
        "Uses POST, because URLs are logged. There is no list of all people.",
        body=Body(PersonRequest, {"email": "alice@example.org"}),
    ),
    "erase_address": Operation(
        "Erase everything about one email address",
        Answer(
            "Every signature of that address is erased, in every petition, including signatures that still wait to be "
            "stored. The answer is the same as for a search. The request is safe to repeat.",
            PersonSignatures,
        ),
        "A signature made later is not erased.",
        body=Body(PersonRequest, {"email": "alice@example.org"}),
    ),
    "show_signature": Operation(
        "One signature, with what staff need to help", Answer("The signature.", PersonSignature)
    ),
    "resend_mail": Operation(
        "Send the email again",
        Answer(
            "Whether an email will be sent, and if not, why. If the address has had several emails recently, for any "
            "petition, the email waits until `due_at`. No email is sent to an address that refuses our email.",
            ResendResult,
            {"mail": True, "outcome": "asked", "message": "The email is on its way.", "due_at": None},
        ),
    ),
    "allow_mail": Operation(
        "Allow email again that the signer stopped",
        Answer("The signature. Repeating gives the same answer.", PersonSignature),
        "The owner can do this with the link in any email. Do it only if they ask; the activity log keeps the reason.",
        body=Body(AllowMail, {"reason": "Asked by telephone to get the link again."}),
    ),
    "withdraw_for_person": Operation(
        "Withdraw a signature for its owner",
        Answer(
            "Name and address are removed, and the signature no longer counts. Repeating gives the same answer.",
            PersonSignature,
        ),
    ),
    "erase_person": Operation(
        "Erase a signature",
        Answer(
            "The signature no longer counts. Only an item without personal data is left, for 61 days. Repeating gives "
            "the same answer.",
            PersonSignature,
        ),
    ),
    "export_access": Operation(
        "Export all data held on a signature's owner",
        Answer(
            "A file for that person: all signatures of the address, the texts and consents as signed, the emails, and "
            "what data the site does not hold.",
            AccessExport,
            headers=["Download"],
        ),
    ),
}
