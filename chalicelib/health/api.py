"""The route by which staff read the site's health."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.queue import mail_queue, other_mail_queue, overflow_queue
from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.edge.http import json_answer
from chalicelib.health.words import Correction, HealthFacts, PausedUpdate, latest_readiness, messages, worst_level
from chalicelib.mail.sending import sending
from chalicelib.petitions.find import all_petitions
from chalicelib.shedding.level import stored_level
from chalicelib.staff.authorizer import staff_view
from chalicelib.tallies.prove import tally_health
from chalicelib.updates.find import paused_updates

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer
    from chalicelib.health.answers import StaffHealth

routes = Blueprint(__name__)

CORRECTIONS_SHOWN_FOR = timedelta(days=1)


@staff_view(routes, "GET", "/health", Right.COUNTS)
def read_staff_health(request: Request) -> "Answer[StaffHealth]":
    """The state of the site in words."""
    facts = _facts(times.now())
    health_messages = messages(facts)
    paused_until = facts.pause.until if facts.pause else None
    health: StaffHealth = {
        "level": worst_level(health_messages),
        "messages": [{"level": each.level, "text": each.text, "path": each.path} for each in health_messages],
        "mail": {"waiting": facts.mail_waiting, "paused_until": times.iso_or_none(paused_until)},
        "overflow": {"waiting": facts.overflow_waiting},
    }
    return json_answer(health)


def _facts(now: datetime) -> HealthFacts:
    titles = {petition.slug: petition.title for petition in all_petitions(tables())}
    email = sending(now, tables())
    tallies = tally_health(titles, now - CORRECTIONS_SHOWN_FOR, tables())
    paused = [PausedUpdate(titles[update.slug], update) for update in paused_updates(titles, tables())]
    return HealthFacts(
        mail_waiting=mail_queue().depth() + other_mail_queue().depth(),
        emails_per_second=settings().mail_per_second,
        pause=email.pause,
        is_quota_reserved=email.is_quota_reserved,
        overflow_waiting=overflow_queue().depth(),
        load_shedding=stored_level(tables()),
        corrections=[Correction(titles[slug], at, amount) for slug, at, amount in tallies.adjustments],
        days_refused=[(titles[slug], day) for slug, day in tallies.refused.items()],
        readiness=latest_readiness(now, tables()),
        paused_updates=paused,
    )
