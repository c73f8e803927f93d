"""A list continues the last one that was done. Nobody got a file of a cancelled one, so it changes nothing."""

import pytest

from chalicelib.core.keys import bucket_of
from chalicelib.exports.subscribers.model import OptInList
from chalicelib.exports.subscribers.run import ListWork
from chalicelib.jobs.request import cancel
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, NOW, change_item, confirmed
from tests.exports.subscribers.listing import a_list, rows, worked
from tests.served import Served


def statuses(served: Served, job: OptInList) -> dict[str, str]:
    return {row["id"]: row["status"] for row in rows(served, job)}


def test_who_left_before_any_list_was_done_is_not_listed(
    served: Served, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = confirmed(served.tables, petition, ALICE, updates=True)
    first = a_list(served.tables, 1)
    deliver = ListWork._deliver

    def cancelled_meanwhile(work: ListWork, job: OptInList) -> OptInList:
        cancel(job, NOW, served.tables)
        return deliver(work, job)

    with monkeypatch.context() as patch:
        patch.setattr(ListWork, "_deliver", cancelled_meanwhile)
        assert worked(served, first).state == "cancelled"
    assert not served.bucket.objects
    change_item(served.tables, petition, alice, updates=False)
    assert rows(served, worked(served, a_list(served.tables, 2))) == []


def test_a_step_of_a_cancelled_list_that_ends_late_changes_no_later_list(
    served: Served, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(served.tables, petition, ALICE, updates=True)
    bob = confirmed(served.tables, petition, BOB)
    worked(served, a_list(served.tables, 1))
    slow = a_list(served.tables, 2)
    write = ListWork._put
    third: list[OptInList] = []

    def with_a_list_in_between(work: ListWork, key: str, text: str) -> None:
        """Bob asks for updates after the slow step has read the signatures. The next list is done before it writes."""
        if key.startswith("listed/") and f"/{bucket_of(bob)}" in key and not third:
            cancel(slow, NOW, served.tables)
            change_item(served.tables, petition, bob, updates=True)
            third.append(a_list(served.tables, 3))
            with monkeypatch.context() as patch:
                patch.setattr(ListWork, "_put", write)
                third[0] = worked(served, third[0])
        write(work, key, text)

    monkeypatch.setattr(ListWork, "_put", with_a_list_in_between)
    assert worked(served, slow).state == "cancelled"
    assert statuses(served, third[0])[bob] == "subscribed"
    change_item(served.tables, petition, bob, updates=False)
    assert statuses(served, worked(served, a_list(served.tables, 4)))[bob] == "unsubscribed"


def test_only_the_ids_of_the_last_list_that_was_done_are_kept(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition, ALICE, updates=True)
    worked(served, a_list(served.tables, 1))
    second = worked(served, a_list(served.tables, 2))
    third = a_list(served.tables, 3)
    worked(served, third, 130_000)
    cancel(third, NOW, served.tables)
    worked(served, third)
    worked(served, second)  # Its message comes again.
    kept = {key.rpartition("/")[0] for key in served.bucket.objects if key.startswith("listed/")}
    assert kept == {f"listed/{second.job_id}"}
