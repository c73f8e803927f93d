"""A partner sends an identifier again, by API or in another file. Undoing the first import keeps the person."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.partners import receive, store
from chalicelib.partners.form import read_signature
from chalicelib.partners.imports.model import Import
from chalicelib.partners.model import Partner, ReceiveOutcome
from chalicelib.partners.receive import take_each
from chalicelib.petitions.model import Petition
from chalicelib.signatures.confirm import confirm
from tests.actors import NOW
from tests.fakes import FakeBucket, FakeTables
from tests.importing import CSV, an_import_run, rows
from tests.partnering import a_receiving_context, sent_of
from tests.partners.imports.test_undo import ANN, import_or_undo
from tests.partners.test_receive import count

__all__ = ["import_or_undo"]
IMPORT_FIELDS = {"requested_by": "bob", "requested_at": NOW, "touched_at": NOW, "partner": "partner-oak"}


def raise_unavailable(*_: object) -> None:
    raise Unavailable("storage")


@dataclass(frozen=True)
class Sending:
    """How Oak, a partner, sends people: in files and by API."""

    import_or_undo: Callable[..., Import]
    tables: FakeTables
    petition: Petition
    oak: Partner

    def imported(self, *numbers: int) -> Import:
        """Import a file with these rows."""
        return self.import_or_undo(self.oak, CSV + rows(*numbers))

    def undo(self, job: Import) -> int:
        """Undo the import, and return how many signatures were taken back."""
        return self.import_or_undo(self.oak, "", undoes=job).accepted

    def first_row_by_api(self) -> ReceiveOutcome:
        """Send the person of the file's first row by API, with the same identifier."""
        receiving = a_receiving_context(self.tables, self.petition, self.oak)
        [result] = take_each([read_signature(sent_of(ANN, "oak-1"), self.oak, NOW)], receiving, NOW)
        return result.outcome

    def count(self) -> int:
        return count(self.tables, self.petition)


@pytest.fixture
def sending(import_or_undo: Callable[..., Import], tables: FakeTables, petition: Petition, oak: Partner) -> Sending:
    return Sending(import_or_undo, tables, petition, oak)


def test_a_person_whom_the_partner_sent_by_api_too_stays_and_the_identifier_stays_known(sending: Sending) -> None:
    """The API answered "existing", so the partner does not send that person again."""
    first = sending.imported(1, 2)
    assert sending.first_row_by_api() is ReceiveOutcome.EXISTING
    assert sending.undo(first) == 1
    assert sending.count() == 1
    assert sending.first_row_by_api() is ReceiveOutcome.EXISTING
    assert sending.count() == 1


def test_a_person_whom_the_partner_sent_by_api_first_stays(sending: Sending) -> None:
    assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    later_import = sending.imported(1, 2)
    assert sending.undo(later_import) == 1
    assert sending.count() == 1


def test_a_person_whom_the_api_took_after_the_import_stopped_stays(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import claimed the identifier, and stopped before it stored the signature."""
    first_job = sending.imported(2)
    stopped_run = an_import_run(sending.tables, FakeBucket(), sending.petition, sending.oak, first_job, Path())
    monkeypatch.setattr(receive, "_store_and_count", raise_unavailable)
    with pytest.raises(Unavailable):
        take_each([read_signature(sent_of(ANN, "oak-1"), sending.oak, NOW)], stopped_run.receiving, NOW)
    monkeypatch.undo()
    assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    job = Import.model_validate({"job_id": stopped_run.receiving.job_id, **IMPORT_FIELDS})
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
        patch.setattr(receive, "confirm", delete_and_confirm)
        with pytest.raises(Unavailable):
            sending.first_row_by_api()
    assert sending.first_row_by_api() is ReceiveOutcome.ACCEPTED
    assert sending.count() == 1
