"""Letters to the petition's targets, for staff."""

from chalicelib.letters.answers import StaffLetters, TargetPause
from stack.openapi.operation import Answer, Operation, Operations
from stack.openapi.operations.petitions import SLUG

NUMBERS = {"requested": 1200, "sent": 1180, "failed": 3, "unknown": 1, "dropped": 6}
PAUSE = Answer("The target.", TargetPause)

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
                        "paused": False,
                        "paused_at": None,
                        "paused_why": "",
                        **NUMBERS,
                        "waiting": 10,
                        "days": [{"day": "2026-11-24", **NUMBERS}],
                    }
                ],
                "as_of": "2026-11-24T18:30:05Z",
            },
        ),
        "Each change of a letter and its number are one transaction, so the numbers never drift. Unknown letters may "
        "have been sent: they do not count as sent, and are never sent again.",
    ),
    "pause_letters": Operation("Pause the letters to a target", PAUSE, "They wait, and none is lost."),
    "resume_letters": Operation(
        "Send the letters to a target again",
        PAUSE,
        "A bounce or a complaint of a target pauses its letters. Those that waited follow within six hours.",
    ),
}
