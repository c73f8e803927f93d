"""A list continues the last list that was done. Nobody got the file of a cancelled list, so it changes nothing."""

import pytest

from chalicelib.core.keys import bucket_of
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.exports.subscribers.run import ListWork
from chalicelib.jobs.request import cancel
from chalicelib.petitions.model import Petition
from tests.actors import ALICE, BOB, NOW, change_item, confirmed
from tests.exports.subscribers.listing import a_list, rows, run_once, statuses
from tests.fake_site import FakeSite


def test_a_person_who_unsubscribed_before_any_list_was_done_is_not_listed(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = confirmed(fake_site.tables, petition, ALICE, updates=True)
    first = a_list(fake_site.tables, 1)
    deliver = ListWork._deliver

    def cancel_and_deliver(work: ListWork, job: OptInList) -> OptInList:
        cancel(job, NOW, fake_site.tables)
        return deliver(work, job)

    with monkeypatch.context() as patch:
        patch.setattr(ListWork, "_deliver", cancel_and_deliver)
        assert run_once(fake_site, first).state == "cancelled"
    assert not fake_site.bucket.objects
    change_item(fake_site.tables, petition, alice, updates=False)
    assert rows(fake_site, run_once(fake_site, a_list(fake_site.tables, 2))) == []


def test_a_late_step_of_a_cancelled_list_does_not_change_a_later_list(
    fake_site: FakeSite, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    bob = confirmed(fake_site.tables, petition, BOB)
    run_once(fake_site, a_list(fake_site.tables, 1))
    slow = a_list(fake_site.tables, 2)
    write = ListWork._put
    third: list[OptInList] = []

    def write_after_the_next_list(work: ListWork, key: str, text: str) -> None:
        """Bob asks for updates after the slow step has read the signatures. It writes after the next list is done."""
        is_bobs_part = key.startswith("listed/") and f"/{bucket_of(bob)}" in key
        if is_bobs_part and not third:
            cancel(slow, NOW, fake_site.tables)
            change_item(fake_site.tables, petition, bob, updates=True)
            third.append(a_list(fake_site.tables, 3))
            with monkeypatch.context() as patch:
                patch.setattr(ListWork, "_put", write)
                third[0] = run_once(fake_site, third[0])
        write(work, key, text)

    monkeypatch.setattr(ListWork, "_put", write_after_the_next_list)
    assert run_once(fake_site, slow).state == "cancelled"
    assert statuses(fake_site, third[0])[bob] == "subscribed"
    change_item(fake_site.tables, petition, bob, updates=False)
    assert statuses(fake_site, run_once(fake_site, a_list(fake_site.tables, 4)))[bob] == "unsubscribed"


def test_only_the_ids_of_the_last_list_that_was_done_are_kept(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    run_once(fake_site, a_list(fake_site.tables, 1))
    second = run_once(fake_site, a_list(fake_site.tables, 2))
    third = a_list(fake_site.tables, 3)
    run_once(fake_site, third, seconds=130)
    cancel(third, NOW, fake_site.tables)
    run_once(fake_site, third)
    run_once(fake_site, second)  # Its message comes again.
    kept = {key.rpartition("/")[0] for key in fake_site.bucket.objects if key.startswith("listed/")}
    assert kept == {f"listed/{second.job_id}"}
