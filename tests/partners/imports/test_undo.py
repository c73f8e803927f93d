"""A partner sends a person again, by API or in another file. Undoing one import keeps whom the partner still sends."""

from typing import Any

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.jobs.model import JobState
from chalicelib.partners import receive as receiving, store
from chalicelib.partners.form import read_signature
from chalicelib.partners.imports.run import ImportWork
from chalicelib.partners.model import ReceiveOutcome
from chalicelib.partners.receive import take_each
from chalicelib.signatures.confirm import confirm
from tests.actors import NOW, Person, identity_of, item_of
from tests.importing import CSV, Importing, rows, run_stored_import
from tests.partnering import receive, sent_of
from tests.partners.test_receive import count

ANN = Person("Ann Other", "person1@mail.example")


def first_row_by_api(importing: Importing, identifier: str = "oak-1") -> ReceiveOutcome:
    """Send the person of the file's first row by API, with the same identifier."""
    [result] = receive(importing.tables, importing.petition, importing.partner, sent_of(ANN, identifier))
    return result.outcome


def counted(importing: Importing) -> int:
    return count(importing.tables, importing.petition)


def test_a_late_step_of_an_import_that_was_undone_stores_nobody_again(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQS may deliver a message twice: two processes then take the same rows, and one may be late."""
    job = importing.stored(CSV + rows(1, 2))
    late, take_rows = importing.process(job, "late"), ImportWork._take_rows

    def finish_and_undo_first(*arguments: Any) -> Any:
        monkeypatch.setattr(ImportWork, "_take_rows", take_rows)
        assert importing.run(job).accepted == importing.undo(job) == 2
        return take_rows(*arguments)

    monkeypatch.setattr(ImportWork, "_take_rows", finish_and_undo_first)
    with pytest.raises(Unavailable):
        run_stored_import(job, late)
    assert counted(importing) == 0
    assert run_stored_import(job, late).state is JobState.DONE


def test_a_partner_that_keeps_sending_new_identifiers_cannot_fill_the_item(importing: Importing) -> None:
    for number in range(80):
        first_row_by_api(importing, f"oak-{number}")
    item = item_of(importing.tables, importing.petition, identity_of(importing.petition, ANN))
    assert len(item["also_came_with"]) == 50


@pytest.mark.parametrize("is_sent_before", [True, False])
def test_a_person_whom_the_partner_sent_by_api_too_stays_and_the_identifier_stays_known(
    importing: Importing, is_sent_before: bool
) -> None:
    """The API answered "existing", so the partner does not send that person again."""
    if is_sent_before:
        assert first_row_by_api(importing) is ReceiveOutcome.ACCEPTED
    job = importing.file(CSV + rows(1, 2))
    assert first_row_by_api(importing) is ReceiveOutcome.EXISTING
    assert importing.undo(job) == 1
    assert counted(importing) == 1
    assert first_row_by_api(importing) is ReceiveOutcome.EXISTING
    assert counted(importing) == 1


def test_a_person_whom_the_api_took_after_the_import_stopped_stays(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import claimed the identifier, and stopped before it stored the signature."""

    def stop(*_: object) -> None:
        raise Unavailable("storage")

    job = importing.file(CSV + rows(2))
    sent = read_signature(sent_of(ANN, "oak-1"), importing.partner, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(receiving, "_store_and_count", stop)
        with pytest.raises(Unavailable):
            take_each([sent], importing.process(job, "late").receiving, NOW)
    assert first_row_by_api(importing) is ReceiveOutcome.ACCEPTED
    assert importing.undo(job) == 1
    assert counted(importing) == 1


def test_a_person_who_is_sent_while_the_undo_runs_is_stored_again(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undo has taken the signature back, and has not yet freed the identifier."""
    first = importing.file(CSV + rows(1))
    results = []
    undo_receipt = store.undo_receipt

    def send_and_undo_receipt(*arguments: Any) -> None:
        results.append(first_row_by_api(importing))
        undo_receipt(*arguments)

    monkeypatch.setattr(store, "undo_receipt", send_and_undo_receipt)
    importing.undo(first)
    assert results == [ReceiveOutcome.ACCEPTED]
    assert counted(importing) == 1


def test_a_person_who_is_sent_while_the_undo_frees_the_identifier_gets_a_receipt_that_is_not_undone(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undo marks the receipt after we have read it, and before we replace it. The partner repeats the request."""
    first = importing.file(CSV + rows(1))
    undo_receipt, claim_again = store.undo_receipt, store.claim_again

    def send_and_undo_receipt(*undone: Any) -> None:
        def undo_receipt_and_claim_again(*claimed: Any) -> bool:
            undo_receipt(*undone)
            return claim_again(*claimed)

        with monkeypatch.context() as patch:
            patch.setattr(store, "claim_again", undo_receipt_and_claim_again)
            with pytest.raises(Unavailable):
                first_row_by_api(importing)

    with monkeypatch.context() as patch:
        patch.setattr(store, "undo_receipt", send_and_undo_receipt)
        importing.undo(first)
    assert first_row_by_api(importing) is ReceiveOutcome.ACCEPTED
    assert counted(importing) == 1
    assert not any("undone_at" in item for item in importing.tables.items.values())


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_row_in_two_files_of_one_partner_is_removed_by_the_second_undo(
    importing: Importing, order: tuple[int, int]
) -> None:
    imports = [importing.file(CSV + rows(1)), importing.file(CSV + rows(1))]
    assert [importing.undo(imports[number]) for number in order] == [0, 1]
    assert counted(importing) == 0
    assert importing.file(CSV + rows(1)).accepted == 1


def test_a_signature_that_disappears_before_it_is_confirmed_is_stored_when_it_is_sent_again(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the whole request would be answered 410, as for a supporter's expired link."""

    def delete_and_confirm(subject: Any, *arguments: Any, **options: Any) -> None:
        del importing.tables.items[subject.key]
        confirm(subject, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(receiving, "confirm", delete_and_confirm)
        with pytest.raises(Unavailable):
            first_row_by_api(importing)
    assert first_row_by_api(importing) is ReceiveOutcome.ACCEPTED
    assert counted(importing) == 1
