"""Staff ask for a proof of work with each signature of a petition or of the site, and see what is watched."""

from datetime import datetime
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Request

from chalicelib.aws.table import tables
from chalicelib.core import times
from chalicelib.core.models import ClosedModel
from chalicelib.core.rights import Right
from chalicelib.core.validation import parse_body
from chalicelib.edge.http import json_answer, json_body
from chalicelib.petitions.find import petition_as_stored
from chalicelib.shedding.watch import EVERYWHERE, Watch, ask, stored_watch
from chalicelib.staff.authorizer import audit, staff_view

if TYPE_CHECKING:
    from chalicelib.edge.answers import Answer, Sent
    from chalicelib.signatures.answers import ProofSettings

routes = Blueprint(__name__)


class ProofRequest(ClosedModel):
    petition: str | None = None
    """The petition's slug. Null: the whole site."""
    asked: bool
    """Whether each signature needs a proof of work."""


@staff_view(routes, "GET", "/proof", Right.MANAGE)
def read_proof(request: Request) -> "Answer[ProofSettings]":
    """Where signatures need a proof of work."""
    return json_answer(_settings(stored_watch(tables()), times.now()))


@staff_view(routes, "PUT", "/proof", Right.MANAGE)
def set_proof(request: "Sent[ProofRequest]") -> "Answer[ProofSettings]":
    """Ask for a proof of work with each signature, or stop.

    The page does it by itself, in about a second. A signature without one, such as from a browser without JavaScript,
    is held until staff release it. Safe to repeat. Takes effect within seconds.

    Answer: Where signatures need a proof of work now.
    """
    wanted = parse_body(ProofRequest, json_body(request))
    scope = petition_as_stored(wanted.petition, tables()).slug if wanted.petition else EVERYWHERE
    audit(request, "proof.asked" if wanted.asked else "proof.ended", scope)
    ask(scope, asked=wanted.asked, tables=tables())
    return json_answer(_settings(stored_watch(tables()), times.now()))


def _settings(watch: Watch, now: datetime) -> "ProofSettings":
    return {
        "everywhere": EVERYWHERE in watch.asked,
        "petitions": sorted(watch.asked - {EVERYWHERE}),
        "watched": sum(until > now.timestamp() for until in watch.until.values()),
    }
