"""A person who stopped updates here gets none because of a consent that a partner obtained earlier."""

from datetime import datetime
from pathlib import Path

import pytest

from chalicelib.partners.form import read_signature
from chalicelib.partners.model import Partner
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.withdraw import unsubscribe, withdraw
from tests.actors import ALICE, DAY, MINUTE, NOW, Person, identity_of, item_of, key_of, signed
from tests.fakes import FakeBucket, FakeTables
from tests.importing import an_import, an_import_run, run_stored_import
from tests.partnering import a_receiving_context, sent_of

ANN = Person("Ann Other", "ann@mail.example")
FILE = "id,email,name,updates,date\noak-1,ann@mail.example,Ann Other,yes,2026-11-20\n"
WITHOUT_DATE = "id,email,name,updates\noak-1,ann@mail.example,Ann Other,yes\n"


def send(tables: FakeTables, petition: Petition, oak: Partner, obtained_at: datetime, now: datetime = NOW) -> None:
    """Send Alice, who agreed to updates at this time."""
    raw = sent_of(consent={"updates": True, "obtained_at": obtained_at.isoformat()})
    take_each([read_signature(raw, oak, now)], a_receiving_context(tables, petition, oak), now)


@pytest.mark.parametrize(("days", "gets_updates"), [(-1, False), (0, False), (1, True)])
def test_only_a_consent_after_the_opt_out_starts_updates_again(
    tables: FakeTables, petition: Petition, oak: Partner, days: int, *, gets_updates: bool
) -> None:
    """Alice signed here and stopped updates with one click, but did not confirm."""
    identity = signed(tables, petition, ALICE, updates=True)
    unsubscribe(key_of(petition, identity), NOW, tables)
    send(tables, petition, oak, NOW + days * DAY, NOW + 2 * DAY)
    item = item_of(tables, petition, identity)
    assert (item["state"], item["updates"]) == ("confirmed", gets_updates)


@pytest.mark.parametrize("content", [FILE, WITHOUT_DATE])
@pytest.mark.parametrize("is_undone_first", [True, False])
def test_the_corrected_file_does_not_start_updates_again(
    tables: FakeTables, petition: Petition, oak: Partner, tmp_path: Path, content: str, *, is_undone_first: bool
) -> None:
    """Ann stops updates before or after the undo of the file that she came with."""
    bucket = FakeBucket()

    def import_file(content: str, undoes: str | None = None) -> str:
        job = an_import(tables, bucket, oak, content, undoes=undoes)
        run_stored_import(job, an_import_run(tables, bucket, petition, oak, job, tmp_path / job.job_id))
        return job.job_id

    first = import_file(content)
    identity = identity_of(petition, ANN)
    assert item_of(tables, petition, identity)["updates"] is True
    if is_undone_first:
        import_file("", undoes=first)
    unsubscribe(key_of(petition, identity), NOW - MINUTE, tables)
    if not is_undone_first:
        import_file("", undoes=first)
    for _ in range(2):
        corrected = import_file(content)
        item = item_of(tables, petition, identity)
        assert (item["state"], item["updates"]) == ("confirmed", False)
        import_file("", undoes=corrected)
    withdraw(key_of(petition, identity), petition, NOW, tables)
    assert "unsubscribed_at" not in item_of(tables, petition, identity)
