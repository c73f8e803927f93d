"""Staff routes of letters: read their numbers, pause and resume the letters to a target, and send a test."""

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from chalice.app import Blueprint, Request

from chalicelib.aws.email import mail_quota
from chalicelib.aws.queue import mail_queue, other_mail_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.validation import Words, parse_body
from chalicelib.edge.http import json_answer, json_body, query
from chalicelib.letters import target_state
from chalicelib.letters.counts import TargetReport, report
from chalicelib.letters.model import checked_constituency, find_target
from chalicelib.letters.trial import TEST_KINDS, send_test
from chalicelib.mail.kind import Outbox
from chalicelib.mail.sending import refuse_suppressed
from chalicelib.petitions.constituency_table import member_of_constituency
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.text import SesAddress
from chalicelib.staff.authorizer import audit, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.letters.answers import (
        LettersOfADay,
        LetterTest,
        PausedMember,
        StaffLetters,
        TargetLetters,
        TargetPause,
    )

routes = Blueprint(__name__)

WORDS = Words(wrong={"email": "Enter an email address in the right format, such as name@example.org"})


class LetterTestRequest(ClosedModel):
    email: SesAddress
    """Where to send the test: your own address."""


@staff_view(routes, "GET", "/petitions/{slug}/letters", Right.COUNTS)
def read_letters(request: Request, slug: str) -> "Answer[StaffLetters]":
    """Letters by target and day.

    The state of a letter and the numbers change in one transaction, so the numbers are always exact. Letters under
    `unknown` may have been sent: they do not count as sent, and are never sent again.
    """
    petition = petition_as_stored(slug, tables())
    letters = report(petition, times.now(), tables())
    targets = [*map(_target_letters, letters.targets)]
    body: StaffLetters = {"slug": slug, "targets": targets, "as_of": times.iso(letters.as_of)}
    return json_answer(body)


@staff_view(routes, "POST", "/petitions/{slug}/letters/{target}/pause", Right.MANAGE, query=("member",))
def pause_letters(request: Request, slug: str, target: str) -> "Answer[TargetPause]":
    """Pause the letters to a target. The letters wait until you send them again. None is lost."""
    key, member = _find_and_audit(request, slug, target, "letters.paused")
    target_state.pause(slug, key, target_state.BY_STAFF, times.now(), tables(), member)
    body: TargetPause = {"slug": slug, "key": key, "paused": True, "member": member}
    return json_answer(body)


@staff_view(routes, "POST", "/petitions/{slug}/letters/{target}/resume", Right.MANAGE, query=("member",))
def resume_letters(request: Request, slug: str, target: str) -> "Answer[TargetPause]":
    """Send the letters to a target again.

    Use it after you paused the letters to a target, or after the site paused them. The letters that waited are
    queued again, usually within seven hours. While more than 100 emails wait in the queues, the letters wait until
    fewer do, but at most about 12 days. If the target is everybody's member of parliament, a bounce pauses only the
    letters to the member whose email bounced.
    """
    key, member = _find_and_audit(request, slug, target, "letters.resumed")
    target_state.resume(slug, key, times.now(), tables(), member)
    body: TargetPause = {"slug": slug, "key": key, "paused": False, "member": member}
    return json_answer(body)


def _find_and_audit(request: Request, slug: str, target: str, action: str) -> tuple[str, str]:
    """Record the coming action. Return the target's key, and the query's constituency or ""."""
    found = find_target(petition_as_stored(slug, tables()), target)
    member = checked_constituency(found, query(request, "member"))
    audit(request, action, slug, {"target": found.key, "member": member})
    return found.key, member


@staff_view(routes, "POST", "/petitions/{slug}/letters/{target}/test", Right.MANAGE, status=202)
def email_letter_test(request: "Sent[LetterTestRequest]", slug: str, target: str) -> "Answer[LetterTest]":
    """Send a test of a letter to yourself.

    Sends the petition's letter as the target would get it, with [TEST] in the subject. The test is not counted.
    """
    petition = petition_as_stored(slug, tables())
    found = find_target(petition, target)
    to = parse_body(LetterTestRequest, json_body(request), WORDS).email
    refuse_suppressed(to, mail_quota())
    audit(request, "letters.tested", slug, {"target": found.key})
    outbox = Outbox(mail_queue(), other_mail_queue(), TEST_KINDS)
    send_test(petition, found, to, times.now(), outbox, tables())
    body: LetterTest = {"slug": slug, "key": found.key, "sent_to": to}
    return json_answer(body, 202)


def _target_letters(letters: TargetReport) -> "TargetLetters":
    target, numbers, state = letters.target, letters.numbers, letters.state
    paused_members = [_paused_member(constituency, paused) for constituency, paused in letters.paused_members.items()]
    days = [cast("LettersOfADay", {"day": day.isoformat(), **asdict(sums)}) for day, sums in letters.days.items()]
    return {
        "key": letters.key,
        "name": letters.name,
        "mode": target.delivery.mode if target else "removed",
        "is_test": bool(target and target.test_to),
        "paused": state.is_paused,
        "paused_at": times.iso_or_none(state.paused_at),
        "paused_why": state.paused_why,
        "members": bool(target and target.members),
        "paused_members": paused_members,
        "requested": numbers.requested,
        "waiting": numbers.waiting,
        "sent": numbers.sent,
        "failed": numbers.failed,
        "unknown": numbers.unknown,
        "dropped": numbers.dropped,
        "days": days,
    }


def _paused_member(constituency: str, state: target_state.TargetState) -> "PausedMember":
    member = member_of_constituency(constituency)
    return {
        "constituency": constituency,
        "name": member.name if member else "",
        "paused_at": times.iso_or_none(state.paused_at),
        "paused_why": state.paused_why,
    }
