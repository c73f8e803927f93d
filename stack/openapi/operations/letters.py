"""Operations for staff: letters, which the site emails to a petition's targets for people who signed."""

from chalicelib.letters.answers import LetterTest, StaffLetters, TargetPause
from chalicelib.letters.staff_api import LetterTestRequest
from stack.openapi.operation import Answer, Body, Operation, Operations, Query
from stack.openapi.operations.petitions import SLUG

NUMBERS = {"requested": 1200, "sent": 1180, "failed": 3, "unknown": 1, "dropped": 6}
MEMBER = Query(
    "member",
    "A constituency, as in `paused_members`: only the letters to its member of parliament.",
    example="E14009991",
)
PAUSE_ANSWER = Answer("The target.", TargetPause)

OPERATIONS: Operations = {
    "read_letters": Operation(
        "Letters by target and day",
        Answer(
            "The exact numbers.",
            StaffLetters,
            {
                "slug": SLUG,
                "targets": [
                    {
                        "key": "home-secretary",
                        "name": "Home Secretary",
                        "mode": "single",
                        "is_test": False,
                        "paused": False,
                        "paused_at": None,
                        "paused_why": "",
                        "members": False,
                        "paused_members": [],
                        **NUMBERS,
                        "waiting": 10,
                        "days": [{"day": "2026-11-24", **NUMBERS}],
                    }
                ],
                "as_of": "2026-11-24T18:30:05Z",
            },
        ),
        "The state of a letter and the numbers change in one transaction, so the numbers are always exact. Letters "
        "under `unknown` may have been sent: they do not count as sent, and are never sent again.",
    ),
    "pause_letters": Operation(
        "Pause the letters to a target",
        PAUSE_ANSWER,
        "The letters wait until you send them again. None is lost.",
        query=[MEMBER],
    ),
    "resume_letters": Operation(
        "Send the letters to a target again",
        PAUSE_ANSWER,
        "Use it after you paused the letters to a target, or after the site paused them. The letters "
        "that waited are queued again, usually within seven hours. While more than 100 emails wait in the queues, the "
        "letters wait until fewer do, but at most about 12 days. If the target is everybody's member of parliament, "
        "a bounce pauses only the letters to the member whose email bounced.",
        query=[MEMBER],
    ),
    "email_letter_test": Operation(
        "Send a test of a letter to yourself",
        Answer("The test will arrive soon.", LetterTest, status=202),
        "Sends the petition's letter as the target would get it, with [TEST] in the subject. The test is not counted.",
        body=Body(LetterTestRequest, {"email": "bob@charity.example"}),
    ),
}
