"""Operations about updates: news about a petition that staff publish and email to those who asked for them."""

from chalicelib.updates.answers import ManagedUpdate, ManagedUpdates, PublicUpdates
from chalicelib.updates.model import UpdateText
from chalicelib.updates.staff_api import PublishRequest, TestRequest
from stack.openapi.operation import Answer, Body, Operation, Operations

TEXT = {
    "title": "The Home Secretary answered",
    "markdown": "She said **yes**.\n\n[Read her letter](https://gov.example/letter)",
    "language": "en",
    "translations": {"cy": {"title": "Atebodd yr Ysgrifennydd Cartref", "markdown": "Dywedodd hi **ie**."}},
}
UPDATE_ANSWER = Answer("The update.", ManagedUpdate)
ACCEPTED_ANSWER = Answer("The update.", ManagedUpdate, status=202)

OPERATIONS: Operations = {
    "list_updates": Operation("Published updates", Answer("The published updates.", PublicUpdates)),
    "read_updates_feed": Operation(
        "Published updates as an Atom feed",
        Answer("The feed (RFC 4287).", content_types=("application/atom+xml",)),
    ),
    "list_all_updates": Operation("Updates in every state", Answer("The updates.", ManagedUpdates)),
    "draft_update": Operation(
        "Draft an update",
        Answer("The draft. Nobody gets it before it is published.", ManagedUpdate, status=201, headers=["Location"]),
        "The Markdown may have paragraphs, headings, lists, quotes, emphasis and links to https addresses. Everything "
        "else is shown as typed. `html` shows the result.",
        body=Body(UpdateText, TEXT),
    ),
    "read_update": Operation(
        "One update with its result",
        UPDATE_ANSWER,
        "While the update is sent, the numbers lag by some seconds (with more than 20,000 emails, by ten minutes).",
    ),
    "edit_update": Operation("Edit a draft", UPDATE_ANSWER, body=Body(UpdateText, TEXT), problems={409: "NotNow"}),
    "email_update_test": Operation(
        "Send a test to yourself",
        ACCEPTED_ANSWER,
        "The subject begins with [Test].",
        body=Body(TestRequest, {"email": "bob@charity.example"}),
        problems={409: "NotNow"},
    ),
    "publish_update": Operation(
        "Publish and email an update",
        ACCEPTED_ANSWER,
        "The update appears on the petition's page and in the feed. It is emailed once to each person who has "
        "confirmed, asked for updates, and still wants updates when the email is sent. While one update of a petition "
        "is scheduled or being sent, no other can be published. Publishing the same update again changes nothing. But "
        "if sending it has made no progress for six hours, sending continues, and nobody gets the update twice.",
        body=Body(PublishRequest, {"at": "2026-11-25T07:00:00Z"}, required=False),
        problems={409: "NotNow"},
    ),
    "cancel_update": Operation(
        "Cancel an update",
        UPDATE_ANSWER,
        "After some seconds, no more email about the update is sent. A published update stays on the page.",
    ),
}
