"""A partner sends an identifier again, by API or in another file. Undoing the first import keeps the person."""

from collections.abc import Callable
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
from tests.actors import NOW
from tests.fakes import FakeBucket, FakeTables
from tests.importing import CSV, an_import_run, rows
from tests.partnering import a_receiving_context, sent_of
from tests.partners.imports.test_undo import ANN, import_or_undo, oak
from tests.partners.test_receive import count

__all__ = ["import_or_undo", "oak"]
IMPORT_FIELDS = {"requested_by": "bob", "requested_at": NOW, "touched_at": NOW, "partner": "partner-oak"}


def raise_unavailable(*_: object) -> None:
    raise Unavailable("storage")


def send_first_row(tables: FakeTables, petition: Petition, oak: Partner) -> ReceiveOutcome:
    """Send the person of the file's first row by API, with the same identifier."""
    [result] = take_each(
        [read_signature(sent_of(ANN, "oak-1"), oak, NOW)], a_receiving_context(tables, petition, oak), NOW
    )
    return result.outcome


def test_a_person_whom_the_partner_sent_by_api_too_stays_and_the_identifier_stays_known(
    import_or_undo: Callable[..., Import], tables: FakeTables, petition: Petition, oak: Partner
) -> None:
    """The API answered "existing", so the partner does not send that person again."""
    first = import_or_undo(oak, CSV + rows(1, 2))
    assert send_first_row(tables, petition, oak) is ReceiveOutcome.EXISTING
    assert import_or_undo(oak, "", undoes=first).accepted == 1
    assert count(tables, petition) == 1
    assert send_first_row(tables, petition, oak) is ReceiveOutcome.EXISTING
    assert count(tables, petition) == 1


def test_a_person_whom_the_partner_sent_by_api_first_stays(
    import_or_undo: Callable[..., Import], tables: FakeTables, petition: Petition, oak: Partner
) -> None:
    assert send_first_row(tables, petition, oak) is ReceiveOutcome.ACCEPTED
    later_import = import_or_undo(oak, CSV + rows(1, 2))
    assert import_or_undo(oak, "", undoes=later_import).accepted == 1
    assert count(tables, petition) == 1


def test_a_person_whom_the_api_took_after_the_import_stopped_stays(
    import_or_undo: Callable[..., Import],
    tables: FakeTables,
    petition: Petition,
    oak: Partner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The import claimed the identifier, and stopped before it stored the signature."""
    first_job = import_or_undo(oak, CSV + rows(2))
    stopped_run = an_import_run(tables, FakeBucket(), petition, oak, first_job, Path())
    monkeypatch.setattr(receive, "_store_and_count", raise_unavailable)
    with pytest.raises(Unavailable):
        take_each([read_signature(sent_of(ANN, "oak-1"), oak, NOW)], stopped_run.receiving, NOW)
    monkeypatch.undo()
    assert send_first_row(tables, petition, oak) is ReceiveOutcome.ACCEPTED
    job = Import.model_validate({"job_id": stopped_run.receiving.job_id, **IMPORT_FIELDS})
    assert import_or_undo(oak, "", undoes=job).accepted == 1
    assert count(tables, petition) == 1


def test_a_person_who_is_sent_while_the_undo_runs_is_stored_again(
    import_or_undo: Callable[..., Import],
    tables: FakeTables,
    petition: Petition,
    oak: Partner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The undo has taken the signature back, and has not yet freed the identifier."""
    first = import_or_undo(oak, CSV + rows(1))
    results = []
    mark_undone = store.mark_undone

    def send_and_mark_undone(*arguments: Any) -> None:
        results.append(send_first_row(tables, petition, oak))
        mark_undone(*arguments)

    monkeypatch.setattr(store, "mark_undone", send_and_mark_undone)
    import_or_undo(oak, "", undoes=first)
    assert results == [ReceiveOutcome.ACCEPTED]
    assert count(tables, petition) == 1


def test_a_person_who_is_sent_while_the_undo_frees_the_identifier_gets_a_receipt_that_is_not_undone(
    import_or_undo: Callable[..., Import],
    tables: FakeTables,
    petition: Petition,
    oak: Partner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The undo marks the receipt after we have read it, and before we replace it. The partner repeats the request."""
    first = import_or_undo(oak, CSV + rows(1))
    mark_undone, claim_again = store.mark_undone, store.claim_again

    def send_and_mark_undone(*undone: Any) -> None:
        def mark_undone_and_claim_again(*claimed: Any) -> bool:
            mark_undone(*undone)
            return claim_again(*claimed)

        with monkeypatch.context() as patch:
            patch.setattr(store, "claim_again", mark_undone_and_claim_again)
            with pytest.raises(Unavailable):
                send_first_row(tables, petition, oak)

    with monkeypatch.context() as patch:
        patch.setattr(store, "mark_undone", send_and_mark_undone)
        import_or_undo(oak, "", undoes=first)
    assert send_first_row(tables, petition, oak) is ReceiveOutcome.ACCEPTED
    assert count(tables, petition) == 1
    assert not any("undone_at" in item for item in tables.items.values())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_in_two_files_of_one_partner_is_removed_by_the_second_undo(
    import_or_undo: Callable[..., Import], tables: FakeTables, petition: Petition, oak: Partner, order: tuple[int, int]
) -> None:
    imports = [import_or_undo(oak, CSV + rows(1)), import_or_undo(oak, CSV + rows(1))]
    assert [import_or_undo(oak, "", undoes=imports[number]).accepted for number in order] == [0, 1]
    assert count(tables, petition) == 0
    assert import_or_undo(oak, CSV + rows(1)).accepted == 1
