"""Lists over HTTP: Bob requests one for a recipient, follows it and gets a link."""

import json

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.exports.subscribers.model import OptInList
from chalicelib.jobs.request import find_job
from chalicelib.petitions.model import Petition
from chalicelib.staff.audit.record import entries
from tests.actors import ALICE, DAY, NOW, bobs_token, confirmed
from tests.exports.subscribers.listing import RECIPIENT, rows, worked
from tests.served import JSON, Served

LISTS = "/api/staff/petitions/safe-children/lists"


def asked(served: Served, method: str, path: str, body: object = None, right: Right = Right.EXPORT) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {bobs_token(served.tables, NOW, right)}", "Content-Type": JSON}
    return served.client.http.request(method, path, headers=headers, body=json.dumps(body).encode())


def test_bob_requests_a_list_and_gets_a_link_to_it(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition, ALICE, updates=True)
    answer = asked(served, "POST", LISTS, {"recipient": RECIPIENT})
    assert (answer.status_code, answer.json_body["state"]) == (202, "waiting")
    link = f"/api/staff/lists/{answer.json_body['id']}/file"
    assert asked(served, "GET", link).status_code == 409
    done = worked(served, find_job(OptInList, answer.json_body["id"], served.tables))
    [shown] = asked(served, "GET", LISTS).json_body["lists"]
    assert (shown["state"], shown["subscribed"], shown["recipient"]) == ("done", 1, RECIPIENT)
    assert asked(served, "GET", link).json_body["url"]
    assert [row["email"] for row in rows(served, done)] == [ALICE.email]
    actions = [entry.action.name for entry in entries(NOW - DAY, NOW + DAY, served.tables)]
    assert sorted(actions) == ["list.fetched", "list.requested"]


def test_the_next_list_knows_of_the_first(served: Served, petition: Petition) -> None:
    jobs = []
    for _ in range(2):
        answer = asked(served, "POST", LISTS, {"recipient": RECIPIENT})
        jobs.append(worked(served, find_job(OptInList, answer.json_body["id"], served.tables)))
        served.clock.forward(DAY / 24)
    assert [job.earlier for job in jobs] == [None, jobs[0].job_id]


@pytest.mark.parametrize("body", [{}, {"recipient": None}, {"recipient": "age1x"}, {"recipient": RECIPIENT, "more": 1}])
def test_a_list_without_a_public_key_is_refused(served: Served, petition: Petition, body: object) -> None:
    assert asked(served, "POST", LISTS, body).status_code == 422
    assert not served.lists.messages


def test_a_cancelled_list_ends_without_a_file_and_the_next_may_start(served: Served, petition: Petition) -> None:
    confirmed(served.tables, petition, ALICE, updates=True)
    path = f"/api/staff/lists/{asked(served, 'POST', LISTS, {'recipient': RECIPIENT}).json_body['id']}"
    for _ in range(2):
        answer = asked(served, "DELETE", path)
        assert (answer.status_code, answer.json_body["state"]) == (200, "cancelled")
    job = worked(served, find_job(OptInList, answer.json_body["id"], served.tables))
    assert (job.recipient_key, asked(served, "GET", f"{path}/file").status_code) == (None, 409)
    assert not [key for key in served.bucket.objects if key.startswith(("parts/", "files/"))]
    assert asked(served, "POST", LISTS, {"recipient": RECIPIENT}).status_code == 202
    actions = [entry.action.name for entry in entries(NOW - DAY, NOW + DAY, served.tables)]
    assert actions.count("list.cancelled") == 1


def test_another_right_is_not_enough(served: Served, petition: Petition) -> None:
    assert asked(served, "POST", LISTS, {"recipient": RECIPIENT}, Right.MANAGE).status_code == 403
