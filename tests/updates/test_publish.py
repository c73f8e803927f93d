"""Publishing an update again continues it if its job has failed, and otherwise changes nothing."""

from datetime import timedelta

import pytest

from chalicelib.jobs.request import jobs_of
from chalicelib.petitions.model import Petition
from chalicelib.updates import run
from chalicelib.updates.model import CONTINUABLE, Mailing
from tests.actors import NOW
from tests.fake_site import FakeSite
from tests.updates.sending import LATER, ask, draft_update, publish_update, results, run_once, run_until_done, subscribe
from tests.updates.test_run import CROWD, a_crash_at, recipients

ALL_SENT = {"state": "sent", "requested": 40, "sent": 40, "failed": 0, "skipped": 0}
PATIENCE = Mailing.patience


@pytest.fixture
def crowded_site(fake_site: FakeSite, petition: Petition) -> FakeSite:
    subscribe(fake_site, petition, CROWD)
    return fake_site


def stop_job(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill the job halfway. Its message ends in the dead letters."""
    monkeypatch.setattr(run, "PAGE_SIZE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(fake_site.tables, "_called", a_crash_at(200))
        run_once(fake_site)
    fake_site.jobs.messages.clear()


def publish_again(fake_site: FakeSite, path: str) -> int:
    """Publish the update, and return the status of the answer."""
    return ask(fake_site, "POST", f"{path}/publish").status_code


def actions(fake_site: FakeSite, path: str) -> object:
    """Return the update's actions, and "stopped" before them if a fault has stopped it."""
    update = ask(fake_site, "GET", path).json_body
    return [*(["stopped"] if update["stopped"] else []), *update["actions"]]


def test_publishing_again_continues_an_update_whose_job_failed_halfway(
    crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish_update(crowded_site)
    stop_job(crowded_site, monkeypatch)
    assert 0 < len(crowded_site.other_queue.messages) < len(CROWD)
    run_until_done(crowded_site)
    assert actions(crowded_site, path) == ["cancel"], "the job may still continue by itself"
    crowded_site.clock.forward(PATIENCE)
    assert actions(crowded_site, path) == ["stopped", "publish", "cancel"]
    assert publish_again(crowded_site, path) == 202
    assert actions(crowded_site, path) == ["cancel"]
    run_until_done(crowded_site)
    assert recipients(crowded_site) == sorted(person.email for person in CROWD)
    assert results(crowded_site, path) == ALL_SENT
    assert actions(crowded_site, path) == []


def test_publishing_again_continues_a_scheduled_update_whose_job_failed(
    crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draft_update(crowded_site)
    ask(crowded_site, "POST", f"{path}/publish", {"at": "2026-11-24T13:00:00Z"})
    crowded_site.jobs.messages.clear()
    crowded_site.clock.forward(PATIENCE + LATER)
    assert publish_again(crowded_site, path) == 202
    run_until_done(crowded_site)
    assert results(crowded_site, path) == ALL_SENT


def test_publishing_again_starts_no_second_job_while_the_first_runs(crowded_site: FakeSite, petition: Petition) -> None:
    path = publish_update(crowded_site)
    crowded_site.clock.forward(PATIENCE - timedelta(minutes=1))
    assert publish_again(crowded_site, path) == 202
    assert len(crowded_site.jobs.messages) == len([*jobs_of(Mailing, petition.slug, crowded_site.tables)]) == 1


def test_an_update_is_not_continued_while_another_is_sent(
    crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = publish_update(crowded_site)
    stop_job(crowded_site, monkeypatch)
    crowded_site.clock.forward(PATIENCE)
    publish_update(crowded_site)
    assert actions(crowded_site, path) == ["stopped", "cancel"]
    assert publish_again(crowded_site, path) == 409


def test_an_old_update_is_not_continued(crowded_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB may delete the state of its first emails while the new job runs. Then people would get it twice."""
    path = publish_update(crowded_site)
    stop_job(crowded_site, monkeypatch)
    crowded_site.clock.moment = NOW + CONTINUABLE
    assert actions(crowded_site, path) == ["stopped", "cancel"]
    assert publish_again(crowded_site, path) == 409
