"""A partner sends a person again, by API or in another file. Undoing one import keeps whom the partner still sends."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.partners import receive as receiving, store
from chalicelib.partners.form import read_signature
from chalicelib.partners.imports.model import Import
from chalicelib.partners.imports.run import ImportWork
from chalicelib.partners.model import Partner, ReceiveOutcome
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from tests.actors import NOW, Person, identity_of, item_of
from tests.fakes import FakeBucket, FakeTables
from tests.importing import CSV, an_import, an_import_run, rows, run_stored_import
from tests.partnering import receive, sent_of
from tests.partners.test_receive import count

ANN = Person("Ann Other", "person1@mail.example")


@dataclass(frozen=True)
class Sending:
    """How Oak, a partner, sends people: in files and by API."""

    tables: FakeTables
    bucket: FakeBucket
    petition: Petition
    oak: Partner
    folder: Path

    def stored(self, content: str, undoes: str | None = None) -> Import:
        return an_import(self.tables, self.bucket, self.oak, content, undoes=undoes)

    def process(self, job: Import, name: str = "process") -> ImportWork:
        """Return a process that works on the import."""
        folder = self.folder / f"{job.job_id}-{name}"
        return an_import_run(self.tables, self.bucket, self.petition, self.oak, job, folder)

    def run(self, job: Import) -> Import:
        done = run_stored_import(job, self.process(job))
        assert done.state is JobState.DONE
        return done

    def imported(self, *numbers: int) -> Import:
        """Import a file with these rows."""
        return self.run(self.stored(CSV + rows(*numbers)))

    def undo(self, job: Import) -> int:
        """Undo the import, and return how many signatures were taken back."""
        return self.run(self.stored("", undoes=job.job_id)).accepted

    def first_row_by_api(self, identifier: str = "oak-1") -> ReceiveOutcome:
        """Send the person of the file's first row by API, with the same identifier."""
        [result] = receive(self.tables, self.petition, self.oak, sent_of(ANN, identifier))
        return result.outcome

    def count(self) -> int:
        return count(self.tables, self.petition)


@pytest.fixture
def sending(tables: FakeTables, petition: Petition, oak: Partner, tmp_path: Path) -> Sending:
    return Sending(tables, FakeBucket(), petition, oak, tmp_path)


def test_a_late_step_of_an_import_that_was_undone_stores_nobody_again(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS may deliver a message twice: two processes then take the same rows, and one may be late."""
    job = sending.stored(CSV + rows(1, 2))
    late, take_rows = sending.process(job, "late"), ImportWork._take_rows

    def finish_and_undo_first(*arguments: Any) -> Any:
        monkeypatch.setattr(ImportWork, "_take_rows", take_rows)
        assert sending.run(job).accepted == sending.undo(job) == 2
        return take_rows(*arguments)

    monkeypatch.setattr(ImportWork, "_take_rows", finish_and_undo_first)
    with pytest.raises(Unavailable):
        run_stored_import(job, late)
    assert sending.count() == 0
    assert run_stored_import(job, late).state is JobState.DONE


def test_a_partner_that_keeps_sending_new_identifiers_cannot_fill_the_item(sending: Sending) -> None:
    for number in range(80):
        sending.first_row_by_api(f"oak-{number}")
    item = item_of(sending.tables, sending.petition, identity_of(sending.petition, ANN))
    assert len(item["also_came_with"]) == 50


@pytest.mark.parametrize("is_sent_before", [True, False])
def test_a_person_whom_the_partner_sent_by_api_too_stays_and_the_identifier_stays_known(
    sending: Sending, is_sent_before: bool
) -> None:
    """The API answered "existing", so the partner does not send that person again."""
    if is_sent_before:
        assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    job = sending.imported(1, 2)
    assert sending.first_row_by_api() is ReceiveOutcome.EXISTING
    assert sending.undo(job) == 1
    assert sending.count() == 1
    assert sending.first_row_by_api() is ReceiveOutcome.EXISTING
    assert sending.count() == 1


def test_a_person_whom_the_api_took_after_the_import_stopped_stays(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import claimed the identifier, and stopped before it stored the signature."""

    def stop(*_: object) -> None:
        raise Unavailable("storage")

    job = sending.imported(2)
    with monkeypatch.context() as patch:
        patch.setattr(receiving, "_store_and_count", stop)
        with pytest.raises(Unavailable):
            take_each([read_signature(sent_of(ANN, "oak-1"), sending.oak, NOW)], sending.process(job).receiving, NOW)
    assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    assert sending.undo(job) == 1
    assert sending.count() == 1


def test_a_person_who_is_sent_while_the_undo_runs_is_stored_again(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undo has taken the signature back, and has not yet freed the identifier."""
    first = sending.imported(1)
    results = []
    undo_receipt = store.undo_receipt

    def send_and_undo_receipt(*arguments: Any) -> None:
        results.append(sending.first_row_by_api())
        undo_receipt(*arguments)

    monkeypatch.setattr(store, "undo_receipt", send_and_undo_receipt)
    sending.undo(first)
    assert results == [ReceiveOutcome.ACCEPTED]
    assert sending.count() == 1


def test_a_person_who_is_sent_while_the_undo_frees_the_identifier_gets_a_receipt_that_is_not_undone(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undo marks the receipt after we have read it, and before we replace it. The partner repeats the request."""
    first = sending.imported(1)
    undo_receipt, claim_again = store.undo_receipt, store.claim_again

    def send_and_undo_receipt(*undone: Any) -> None:
        def undo_receipt_and_claim_again(*claimed: Any) -> bool:
            undo_receipt(*undone)
            return claim_again(*claimed)

        with monkeypatch.context() as patch:
            patch.setattr(store, "claim_again", undo_receipt_and_claim_again)
            with pytest.raises(Unavailable):
                sending.first_row_by_api()

    with monkeypatch.context() as patch:
        patch.setattr(store, "undo_receipt", send_and_undo_receipt)
        sending.undo(first)
    assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    assert sending.count() == 1
    assert not any("undone_at" in item for item in sending.tables.items.values())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_in_two_files_of_one_partner_is_removed_by_the_second_undo(
    sending: Sending, order: tuple[int, int]
) -> None:
    imports = [sending.imported(1), sending.imported(1)]
    assert [sending.undo(imports[number]) for number in order] == [0, 1]
    assert sending.count() == 0
    assert sending.imported(1).accepted == 1


def test_a_signature_that_disappears_before_it_is_confirmed_is_stored_when_it_is_sent_again(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the whole request would be answered 410, as for a supporter's expired link."""

    def delete_and_confirm(subject: Any, *arguments: Any, **options: Any) -> None:
        del sending.tables.items[subject.key]
        confirm(subject, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "confirm", delete_and_confirm)
        with pytest.raises(Unavailable):
            sending.first_row_by_api()
    assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    assert sending.count() == 1
