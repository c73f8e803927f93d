"""Helpers for tests of reminders: people who wait to confirm, and a job that reminds them."""

from datetime import timedelta
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.petitions.model import Petition
from chalicelib.reminders.run import Reminding
from chalicelib.signatures.mail_state import mark_mailed
from tests.actors import ALICE, NOW, Person, key_of, request_of, signed
from tests.jobs.storing import store_job

HOUR = timedelta(hours=1)


def mailed(tables: Tables, petition: Petition, person: Person = ALICE, at: timedelta = -48 * HOUR) -> str:
    """Let a person sign, and get the email to confirm, at this time from now."""
    sent_at = NOW + at
    identity = signed(tables, petition, person, sent_at)
    request = request_of(tables, petition, identity)
    mark_mailed(key_of(petition, identity), request.requested_at, sent_at, sent_at + timedelta(days=15), tables)
    return identity


def store_reminding(tables: Tables, **changes: Any) -> Reminding:
    return store_job(Reminding, tables, **{"hours": 24, **changes})
