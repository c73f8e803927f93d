"""Signing while the table or the queue refuses calls."""

import pytest

from chalicelib.core.errors import Throttled, Unavailable
from tests.actors import ALICE, BOB, fields_of, json_of
from tests.fake_site import FakeSite
from tests.signatures.test_api import ACCEPTED, API_PATH, FORM_PATH, assert_problem, signatures_in


@pytest.mark.parametrize("failure", [Throttled("storage"), Unavailable("storage")])
def test_a_signature_that_the_table_refuses_waits_in_the_queue_and_gets_the_same_response(
    fake_site: FakeSite, failure: Exception
) -> None:
    fake_site.get("/petitions/safe-children")
    fake_site.tables.fail_next(failure, failure)
    answer = fake_site.post_json(API_PATH, json_of())
    assert (answer.status_code, answer.json_body) == (202, ACCEPTED)
    form = fake_site.post_form(FORM_PATH, fields_of(BOB))
    assert (form.status_code, form.headers["Location"]) == (303, "/petitions/safe-children/thanks")
    assert not signatures_in(fake_site)
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == []
    assert {item["name"] for item in signatures_in(fake_site)} == {ALICE.name, BOB.name}
    assert not fake_site.queue.messages


def test_a_queued_signature_that_the_table_refuses_is_retried(fake_site: FakeSite) -> None:
    fake_site.get("/petitions/safe-children")
    fake_site.tables.fail_next(Throttled("storage"))
    fake_site.post_json(API_PATH, json_of())
    fake_site.tables.fail_next(Unavailable("storage"))
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages) == ["0"]
    assert fake_site.deliver("store_overflow", fake_site.overflow.messages * 2) == []
    assert len(signatures_in(fake_site)) == 1


def test_a_malformed_message_fails_and_so_goes_to_the_dead_letters(fake_site: FakeSite) -> None:
    assert fake_site.deliver("store_overflow", ["no json", {"slug": "safe-children"}]) == ["0", "1"]


def test_a_new_process_that_cannot_reach_the_table_answers_503(fake_site: FakeSite) -> None:
    """The process does not know whether the petition exists, so it can answer neither 202 nor 404."""
    fake_site.tables.fail_next(*[Unavailable("storage")] * 2)
    answer = fake_site.post_json(API_PATH, json_of())
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    form = fake_site.post_form(FORM_PATH, fields_of())
    assert (form.status_code, bool(form.headers["Retry-After"])) == (503, True)
    assert not fake_site.overflow.messages


def test_a_warm_function_accepts_signatures_while_both_tables_are_down(
    fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_site.get("/petitions/safe-children")
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: 1e9)
    fake_site.tables.fail_next(*[Unavailable("storage")] * 3)
    assert fake_site.post_json(API_PATH, json_of()).status_code == 202
    assert len(fake_site.overflow.messages) == 1


@pytest.mark.parametrize("failure", [Throttled("queue"), Unavailable("queue"), RuntimeError(ALICE.email)])
def test_a_signature_that_table_and_queue_refuse_gets_503(fake_site: FakeSite, failure: Exception) -> None:
    fake_site.get("/petitions/safe-children")
    fake_site.tables.fail_next(Throttled("storage"))
    fake_site.overflow.fail_next(failure)
    answer = fake_site.post_json(API_PATH, json_of())
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert ALICE.email not in answer.body.decode()
    assert fake_site.post_json(API_PATH, json_of()).status_code == 202
