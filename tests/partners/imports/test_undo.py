"""An undo keeps people whom another import or partner sent too, and removes people whom nobody sends any longer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.partners.form import read_signature
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import ImportWork
from chalicelib.partners.model import Partner
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from tests.actors import NOW, Person, identity_of, item_of
from tests.fakes import FakeBucket, FakeTables
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.partnering import a_receiving_context, sent_of
from tests.partners.test_receive import count

ANN = Person("Ann Other", "person1@mail.example")


@pytest.fixture
def import_or_undo(tables: FakeTables, petition: Petition, tmp_path: Path) -> Callable[..., Import]:
    bucket = FakeBucket()

    def run_job(partner: Partner, content: str, undoes: Import | None = None) -> Import:
        job = an_import(tables, bucket, partner, content, undoes=undoes and undoes.job_id)
        done = run_stored_import(job, an_import_run(tables, bucket, petition, partner, job, tmp_path / job.job_id))
        assert done.state is JobState.DONE
        return done

    return run_job


def test_a_late_step_of_an_import_that_was_undone_stores_nobody_again(
    import_or_undo: Callable[..., Import],
    tables: FakeTables,
    petition: Petition,
    oak: Partner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SQS may deliver a message twice: two processes then take the same rows, and one may be late."""
    bucket = FakeBucket()
    job = an_import(tables, bucket, oak, CSV + rows(1, 2))
    late, other = (an_import_run(tables, bucket, petition, oak, job, tmp_path / name) for name in ("late", "other"))
    take_rows = ImportWork._take_rows

    def finish_and_undo_first(*arguments: Any) -> Any:
        monkeypatch.setattr(ImportWork, "_take_rows", take_rows)
        assert run_stored_import(job, other).accepted == 2
        assert import_or_undo(oak, "", undoes=job).accepted == 2
        return take_rows(*arguments)

    monkeypatch.setattr(ImportWork, "_take_rows", finish_and_undo_first)
    with pytest.raises(Unavailable):
        run_stored_import(job, late)
    assert count(tables, petition) == 0
    assert run_stored_import(job, late).state is JobState.DONE


def test_a_partner_that_keeps_sending_new_identifiers_cannot_fill_the_item(
    tables: FakeTables, petition: Petition, oak: Partner
) -> None:
    for number in range(80):
        take_each(
            [read_signature(sent_of(ANN, f"oak-{number}"), oak, NOW)], a_receiving_context(tables, petition, oak), NOW
        )
    assert len(item_of(tables, petition, identity_of(petition, ANN))["also_came_with"]) == 50
