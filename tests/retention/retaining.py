"""Helpers for tests of retention: a petition full of personal data, whose retention ends in a month."""

import json
from datetime import timedelta
from typing import Any

from chalicelib.aws.table import Tables
from chalicelib.core.caching import forget_all
from chalicelib.petitions.model import Petition
from chalicelib.retention.run import Retention, number_of_steps
from chalicelib.runner.worker import run_job
from chalicelib.signatures.withdraw import withdraw
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    NOW,
    Person,
    a_published_petition,
    change_item,
    confirmed,
    identity_of,
    key_of,
    signed,
)
from tests.fake_site import FakeSite, context, sqs_event
from tests.jobs.storing import store_job
from tests.letters.lettering import LETTER
from tests.partnering import PATH, oaks_token, sent_of
from tests.updates.sending import ask

PATH_OF_RETENTION = "/api/staff/petitions/safe-children/retention"
DUE = NOW + timedelta(days=31)  # A month after tomorrow.
HELD, REMOVED, WITHDRAWN = (Person(name, f"{name.lower()}@mail.example") for name in ("Hanna", "Ruth", "Wim"))
OWN_WORDS = "My neighbour was trafficked."
# Everything that must be gone: no item, file or answer may contain one of these.
PERSONAL = (
    "Alice",
    "Bob Bakker",
    "Charlie",
    "Hanna",
    "Ruth",
    "mail.example",
    "bob.bakker",
    "SW1A",
    "CF10",
    "neighbour",
)


def a_full_petition(fake_site: FakeSite, **changes: Any) -> Petition:
    """It closes tomorrow, and its data is due a month later. Its signatures are in every state."""
    settings = {"closes_at": NOW + DAY, "retention_months": 1, "letter": LETTER, **changes}
    petition, tables = a_published_petition(fake_site.tables, **settings), fake_site.tables
    alice = confirmed(tables, petition, ALICE, updates=True, postcode="SW1A 1AA", source="bbc")
    letter = {"version": petition.letter_version, "body": OWN_WORDS}
    change_item(tables, petition, alice, letter=letter, network="n" * 16)
    sent = json.dumps(sent_of(BOB, postcode="CF10 1AA")).encode()
    bearer = f"Bearer {oaks_token(tables)}"
    assert fake_site.post(PATH, sent, "application/json", Authorization=bearer).status_code == 200
    signed(tables, petition, CHARLIE)
    for person, state in ((HELD, "held"), (REMOVED, "removed")):
        change_item(tables, petition, signed(tables, petition, person, postcode="SW1A 1AA"), state=state)
    withdraw(key_of(petition, confirmed(tables, petition, WITHDRAWN)), petition, NOW, tables)
    for path in ("files/exports", "files/lists", "imports"):
        fake_site.bucket.objects[f"{path}/safe-children.1/file"] = b"Alice"
    fake_site.bucket.objects["listed/safe-children.1/00"] = f"{identity_of(petition)}\n".encode() * 2
    fake_site.bucket.objects["files/exports/another.1/file"] = b"of another petition"
    return petition


def wait_until_due(fake_site: FakeSite) -> None:
    fake_site.clock.moment = DUE
    forget_all()


def start(fake_site: FakeSite, query: str = "") -> Any:
    return ask(fake_site, "POST", f"{PATH_OF_RETENTION}/run{query}")


def run_jobs(fake_site: FakeSite) -> None:
    """Deliver each waiting message, and those that follow, until no job goes on."""
    while fake_site.jobs.messages:
        messages, fake_site.jobs.messages[:] = list(fake_site.jobs.messages), []
        for message in messages:
            assert not run_job(sqs_event([message]), context())["batchItemFailures"]


def report(fake_site: FakeSite) -> Any:
    return ask(fake_site, "GET", PATH_OF_RETENTION).json_body


def store_retention(tables: Tables, **changes: Any) -> Retention:
    return store_job(Retention, tables, **{"dry_run": False, "expected": number_of_steps((), dry_run=False)} | changes)
