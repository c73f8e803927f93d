"""Helpers for tests of partners: a partner, its token, and the signatures that it sends."""

from datetime import datetime
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core.times import iso
from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen, Partner
from chalicelib.partners.receive import ReceiveResult, take_each
from chalicelib.partners.receiving import ReceivingContext
from chalicelib.partners.register import create_partner, new_partner_token
from chalicelib.petitions.model import Petition
from chalicelib.staff.tokens import store_token
from tests.actors import ALICE, DAY, NOW, OPENED, Person, a_signing_context

WORDING = "I sign, and Oak may pass my signature on"
NEW_PARTNER = {"source": "partner-elm", "name": "Elm", "counts": "at-once", "wording": WORDING, "version": "1"}
PATH = "/api/partner/petitions/safe-children/signatures"


def a_partner(tables: Tables, counts: CountsWhen = CountsWhen.AT_ONCE, source: str = "partner-oak") -> Partner:
    partner = Partner(
        source=source, name=source.title(), counts=counts, wording=WORDING, version="1", created_at=OPENED
    )
    create_partner(partner, tables)
    return partner


def oaks_token(tables: Tables, counts: CountsWhen = CountsWhen.AT_ONCE, source: str = "partner-oak") -> str:
    return store_token(new_partner_token(a_partner(tables, counts, source), NOW, NOW + DAY), tables)


def sent_of(person: Person = ALICE, identifier: str = "oak:1", /, **changes: Any) -> dict[str, Any]:
    """Return the JSON that a partner sends for one signature."""
    consent = {"wording": WORDING, "version": "1", "obtained_at": iso(NOW - DAY), **changes.pop("consent", {})}
    return {"identifier": identifier, "name": person.name, "email": person.email, "consent": consent} | changes


def receive(
    tables: Tables, petition: Petition, partner: Partner, *raws: dict[str, Any], now: datetime = NOW
) -> list[ReceiveResult]:
    """Let the partner send these signatures, and return the results."""
    sent = [read_signature(raw, partner, now) for raw in raws]
    return take_each(sent, a_receiving_context(tables, petition, partner), now)


def a_receiving_context(tables: Tables, petition: Petition, partner: Partner) -> ReceivingContext:
    return ReceivingContext(partner, petition, "partner", a_signing_context(tables))
