"""A confirmation whose transaction fails, conflicts or loses its response, and is tried again."""

from typing import Any

import pytest

from chalicelib.core.errors import ConditionFailed, Conflicted, Unavailable
from chalicelib.petitions.model import Petition
from chalicelib.signatures import counted
from chalicelib.signatures.confirm import confirm
from chalicelib.signatures.model import SignatureState
from tests.actors import NOW, item_of, signed, subject_of
from tests.fakes import FakeTables
from tests.signatures.test_confirm import NO_CORRECTIONS, count_of


def test_a_transaction_conflict_is_retried(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "sleep", lambda _: None)
    subject = subject_of(petition, signed(tables, petition))
    tables.fail_next(*[Conflicted("storage")] * (counted.ATTEMPTS - 1))
    assert confirm(subject, NO_CORRECTIONS, petition, NOW, tables) is SignatureState.CONFIRMED
    assert count_of(tables, petition) == 1


def test_endless_transaction_conflicts_raise_unavailable(
    tables: FakeTables, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(counted, "sleep", pauses.append)
    subject = subject_of(petition, signed(tables, petition))
    tables.fail_next(*[Conflicted("storage")] * counted.ATTEMPTS)
    with pytest.raises(Unavailable):
        confirm(subject, NO_CORRECTIONS, petition, NOW, tables)
    assert sum(pauses) < 5
    assert item_of(tables, petition, subject.signature_id)["state"] == "pending"


def test_a_retry_succeeds_after_the_response_of_a_confirmation_is_lost(tables: FakeTables, petition: Petition) -> None:
    class ResponseLost(FakeTables):
        def transact(self, writes: Any) -> None:
            super().transact(writes)
            raise Unavailable("storage")

    lossy_tables = ResponseLost()
    lossy_tables.items = tables.items
    identity = signed(lossy_tables, petition)
    subject = subject_of(petition, identity)
    with pytest.raises(Unavailable):
        confirm(subject, NO_CORRECTIONS, petition, NOW, lossy_tables)
    assert confirm(subject, NO_CORRECTIONS, petition, NOW, lossy_tables) is SignatureState.CONFIRMED
    assert count_of(lossy_tables, petition) == 1


def test_a_signature_that_changes_before_every_attempt_is_not_confirmed(tables: FakeTables, petition: Petition) -> None:
    identity = signed(tables, petition)
    item = item_of(tables, petition, identity)
    failures = [ConditionFailed({**item, "country": country}) for country in ("NL", "FR", "DE")]
    tables.fail_next(*failures)
    with pytest.raises(Conflicted):
        confirm(subject_of(petition, identity), NO_CORRECTIONS, petition, NOW, tables)
    assert count_of(tables, petition) == 0
