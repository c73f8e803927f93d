"""Lists over HTTP: Bob requests one for a recipient, follows it and gets a link."""

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.exports.subscribers.request import OptInList
from chalicelib.jobs.request import find_job
from chalicelib.petitions.model import Petition
from tests import asking
from tests.actors import ALICE, DAY, NOW, bobs_token, confirmed
from tests.asking import actions
from tests.exports.subscribers.listing import RECIPIENT, rows, run_once
from tests.fake_site import FakeSite

LISTS = "/api/staff/petitions/safe-children/lists"


def ask(fake_site: FakeSite, method: str, path: str, body: object = None) -> HTTPResponse:
    return asking.ask(fake_site, bobs_token(fake_site.tables, NOW, Right.EXPORT), method, path, body)


def test_bob_requests_a_list_and_gets_a_link_to_it(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    answer = ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT})
    assert (answer.status_code, answer.json_body["state"]) == (202, "waiting")
    link = f"/api/staff/lists/{answer.json_body['id']}/file"
    assert ask(fake_site, "GET", link).status_code == 409
    done = run_once(fake_site, find_job(OptInList, answer.json_body["id"], fake_site.tables))
    [listed] = ask(fake_site, "GET", LISTS).json_body["lists"]
    assert (listed["state"], listed["subscribed"], listed["recipient"]) == ("done", 1, RECIPIENT)
    assert ask(fake_site, "GET", link).json_body["url"]
    assert [row["email"] for row in rows(fake_site, done)] == [ALICE.email]
    assert actions(fake_site) == ["list.fetched", "list.requested"]


def test_the_next_list_continues_the_first(fake_site: FakeSite, petition: Petition) -> None:
    jobs = []
    for _ in range(2):
        answer = ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT})
        jobs.append(run_once(fake_site, find_job(OptInList, answer.json_body["id"], fake_site.tables)))
        fake_site.clock.forward(DAY / 24)
    assert [job.earlier for job in jobs] == [None, jobs[0].job_id]


@pytest.mark.parametrize("body", [{}, {"recipient": None}, {"recipient": "age1x"}, {"recipient": RECIPIENT, "more": 1}])
def test_a_list_without_a_public_key_is_refused(fake_site: FakeSite, petition: Petition, body: object) -> None:
    assert ask(fake_site, "POST", LISTS, body).status_code == 422
    assert not fake_site.address_jobs.messages


def test_a_cancelled_list_ends_without_a_file_and_the_next_may_start(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE, updates=True)
    requested = ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT})
    path = f"/api/staff/lists/{requested.json_body['id']}"
    for _ in range(2):
        answer = ask(fake_site, "DELETE", path)
        assert (answer.status_code, answer.json_body["state"]) == (200, "cancelled")
    run_once(fake_site, find_job(OptInList, answer.json_body["id"], fake_site.tables))
    assert ask(fake_site, "GET", f"{path}/file").status_code == 409
    assert not [key for key in fake_site.bucket.objects if key.startswith(("parts/", "files/"))]
    assert ask(fake_site, "POST", LISTS, {"recipient": RECIPIENT}).status_code == 202
    assert actions(fake_site).count("list.cancelled") == 1
