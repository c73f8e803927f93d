"""Staff routes of updates: draft, edit, test, publish, resume, cancel, and read the results."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.email import mail_quota
from chalicelib.aws.queue import job_queue, other_mail_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.errors import NotNow
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.times import Moment
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import NO_STORE, json_answer, json_body, path_prefix
from chalicelib.mail.sending import refuse_suppressed
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.text import SesAddress
from chalicelib.staff.authorizer import actor, audit, staff_view
from chalicelib.updates import publish
from chalicelib.updates.find import all_updates, find_update
from chalicelib.updates.model import MAX_TITLE_LENGTH, LanguageCode, Update, UpdateTest, UpdateText
from chalicelib.updates.publish import readers, sending_time
from chalicelib.updates.worker import outbox

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.updates.answers import Audience, ManagedUpdate, ManagedUpdates, Readers

routes = Blueprint(__name__)

WORDS = Words(
    wrong={
        "title": f"Enter a title of up to {MAX_TITLE_LENGTH} characters",
        "markdown": "Enter a text of up to 10,000 characters",
        "email": "Enter an email address in the right format, such as name@example.org",
    }
)


class TestRequest(ClosedModel):
    email: SesAddress
    """Where to send the test: your own address."""
    language: LanguageCode | None = None
    """The language of the test. If left out, the language of the text itself."""


class PublishRequest(ClosedModel):
    """It may be left out."""

    at: Moment | None = None
    """When to publish. If left out, the update is published now."""


@staff_view(routes, "GET", "/petitions/{slug}/updates", Right.MANAGE)
def list_all_updates(request: Request, slug: str) -> "Answer[ManagedUpdates]":
    """Updates in every state."""
    petition = petition_as_stored(slug, tables())
    updates = [*map(_update_json, all_updates(petition.slug, tables()))]
    return json_answer({"slug": petition.slug, "updates": updates})


@staff_view(routes, "POST", "/petitions/{slug}/updates", Right.MANAGE, status=201, headers=("Location",))
def draft_update(request: "Sent[UpdateText]", slug: str) -> "Answer[ManagedUpdate]":
    """Draft an update.

    The Markdown may have paragraphs, headings, lists, quotes, emphasis and links to https addresses. Everything
    else is shown as typed. `html` shows the result.

    Answer: The draft. Nobody gets it before it is published.
    """
    petition, text = petition_as_stored(slug, tables()), _read_text(request)
    audit(request, "update.drafted", slug, {"title": text.title})
    update = publish.draft(text, petition, actor(request).owner, times.now(), tables())
    location = f"{path_prefix(request)}/api/staff/petitions/{slug}/updates/{update.update_id}"
    return json_answer(_update_json(update), 201, {**NO_STORE, "Location": location})


@staff_view(routes, "GET", "/petitions/{slug}/updates/{update_id}", Right.MANAGE)
def read_update(request: Request, slug: str, update_id: str) -> "Answer[ManagedUpdate]":
    """One update with its result.

    While the update is sent, the numbers lag by some seconds (with more than 20,000 emails, by ten minutes).
    """
    update = find_update(slug, update_id, tables())
    return json_answer(_update_json(update))


@staff_view(routes, "PUT", "/petitions/{slug}/updates/{update_id}", Right.MANAGE, raises=(NotNow,))
def edit_update(request: "Sent[UpdateText]", slug: str, update_id: str) -> "Answer[ManagedUpdate]":
    """Edit a draft."""
    update, text = find_update(slug, update_id, tables()), _read_text(request)
    audit(request, "update.edited", slug, {"update": update_id, "title": text.title})
    edited = publish.edit(text, update, tables())
    return json_answer(_update_json(edited))


@staff_view(routes, "POST", "/petitions/{slug}/updates/{update_id}/test", Right.MANAGE, status=202, raises=(NotNow,))
def email_update_test(request: "Sent[TestRequest]", slug: str, update_id: str) -> "Answer[ManagedUpdate]":
    """Send a test to yourself. The subject begins with [Test]."""
    update = find_update(slug, update_id, tables())
    test_request = parse_body(TestRequest, json_body(request), WORDS)
    refuse_suppressed(test_request.email, mail_quota())
    audit(request, "update.tested", slug, {"update": update_id})
    test = UpdateTest(email=test_request.email, language=test_request.language or update.language)
    publish.send_test(update, test, times.now(), outbox(), tables())
    return json_answer(_update_json(update), 202)


@staff_view(routes, "GET", "/petitions/{slug}/updates/{update_id}/audience", Right.MANAGE)
def read_audience(request: Request, slug: str, update_id: str) -> "Answer[Audience]":
    """Who gets the update if it is published now, and how long sending takes."""
    update, petition = find_update(slug, update_id, tables()), petition_as_stored(slug, tables())
    by_language, waiting = readers(petition, times.now(), tables()), other_mail_queue().depth()
    people = by_language.total()
    languages: list[Readers] = []
    for code, number in by_language.most_common():
        languages.append({"language": code, "people": number, "text_in": update.in_language(code).language})
    duration = sending_time(people + waiting, settings().mail_per_second, mail_quota())
    body: Audience = {
        "people": people,
        "languages": languages,
        "waiting": waiting,
        "seconds": round(duration.total_seconds()),
    }
    return json_answer(body)


@staff_view(routes, "POST", "/petitions/{slug}/updates/{update_id}/publish", Right.MANAGE, status=202, raises=(NotNow,))
def publish_update(request: "Sent[PublishRequest | None]", slug: str, update_id: str) -> "Answer[ManagedUpdate]":
    """Publish and email an update.

    The update appears on the petition's page and in the feed. It is emailed once to each person who has confirmed,
    asked for updates, and still wants updates when the email is sent. While one update of a petition is scheduled
    or being sent, no other can be published. Publishing the same update again changes nothing. But if sending it
    has made no progress for six hours, sending continues, and nobody gets the update twice.
    """
    update = find_update(slug, update_id, tables())
    at = parse_body(PublishRequest, json_body(request) or "{}", WORDS).at
    details = {"update": update_id}
    if at:
        details["at"] = times.iso(at)
    now, owner = times.now(), actor(request).owner
    audit(request, "update.published", slug, details)
    published = publish.publish(update, at, owner, now, job_queue(), tables())
    return json_answer(_update_json(published), 202)


@staff_view(routes, "POST", "/petitions/{slug}/updates/{update_id}/resume", Right.MANAGE, status=202, raises=(NotNow,))
def resume_update(request: Request, slug: str, update_id: str) -> "Answer[ManagedUpdate]":
    """Continue a paused update.

    An update pauses by itself if 2 % of its emails bounce, or 0.05 % are reported as spam; `why` says which. Now the
    emails that wait go out, and nobody gets the update twice. It pauses once more at 5 % or 0.1 %. An update that is
    still paused 30 days after its publication is cancelled.
    """
    update = find_update(slug, update_id, tables())
    audit(request, "update.resumed", slug, {"update": update_id})
    resumed = publish.resume(update, actor(request).owner, times.now(), job_queue(), tables())
    return json_answer(_update_json(resumed), 202)


@staff_view(routes, "POST", "/petitions/{slug}/updates/{update_id}/cancel", Right.MANAGE)
def cancel_update(request: Request, slug: str, update_id: str) -> "Answer[ManagedUpdate]":
    """Cancel an update.

    After some seconds, no more email about the update is sent. A published update stays on the page.
    """
    update = find_update(slug, update_id, tables())
    audit(request, "update.cancelled", slug, {"update": update_id})
    cancelled = publish.cancel(update, times.now(), tables())
    return json_answer(_update_json(cancelled))


def _read_text(request: Request) -> UpdateText:
    text = parse_body(UpdateText, json_body(request), WORDS)
    publish.check_typed(text)
    return text


def _update_json(update: Update) -> dict[str, object]:
    texts = update.translations.items()
    translations = {code: {**words.model_dump(), "html": update.htmls[code]} for code, words in texts}
    progress = publish.progress(update, times.now(), tables())
    return {
        "id": update.update_id,
        "state": update.state,
        "stopped": progress.is_stopped,
        "retrying": progress.is_retrying,
        "actions": progress.actions,
        **update.model_dump(include={"title", "markdown", "language", "html", "created_at", "created_by", "why"}),
        "translations": translations,
        "publish_at": times.iso_or_none(update.publish_at),
        "published_at": times.iso_or_none(update.published_at),
        **update.results.model_dump(),
    }
