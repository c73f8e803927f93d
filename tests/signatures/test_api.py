"""Signing over HTTP: new, repeated and blocked signatures get the same response, and no request body causes a 500."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.signatures.mail_state import mark_undeliverable
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    NOW,
    a_petition,
    a_published_petition,
    confirmed,
    fields_of,
    json_of,
    key_of,
    signed,
)
from tests.fake_site import FORM, JSON, FakeSite
from tests.signatures.test_form import JSON_VALUES

API_PATH = "/api/petitions/safe-children/signatures"
FORM_PATH = "/petitions/safe-children/signatures"
ACCEPTED = {"status": "check-your-inbox"}
# Valid, except that up to two fields have any value.
BODIES = st.dictionaries(
    st.sampled_from(["name", "email", "country", "postcode", "consent", "source"]) | st.text(max_size=8),
    JSON_VALUES,
    max_size=2,
).map(lambda changes: json_of() | changes)


def signatures_in(fake_site: FakeSite) -> list[Item]:
    return [item for key, item in fake_site.tables.items.items() if key.table == keys.SIGNATURES]


def assert_problem(answer: Any, status: int) -> None:
    body = answer.json_body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status_code == status
    assert isinstance(body["type"], str)
    assert body["title"]
    assert body["detail"]
    if status == 422:
        for error in body["errors"]:
            assert set(error) == {"field", "message"}


def test_new_repeated_confirmed_and_blocked_signatures_get_the_same_response(fake_site: FakeSite) -> None:
    identity = signed(fake_site.tables, a_petition(), BOB)
    mark_undeliverable(key_of(a_petition(), identity), "complained", fake_site.tables)
    confirmed(fake_site.tables, a_petition(slug="safe-children"), CHARLIE)
    answers = [fake_site.post_json(API_PATH, json_of(person)) for person in (ALICE, ALICE, BOB, CHARLIE)]
    assert len({(answer.status_code, answer.body, str(answer.headers)) for answer in answers}) == 1
    forms = [fake_site.post_form(FORM_PATH, fields_of(person)) for person in (ALICE, BOB, CHARLIE)]
    assert len({(answer.status_code, answer.body, str(answer.headers)) for answer in forms}) == 1


def test_any_origin_may_post(fake_site: FakeSite) -> None:
    for answer in (fake_site.post_json(API_PATH, json_of()), fake_site.post_json(API_PATH, {})):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"\xff\xfe{}", JSON, 400),
        (b'{"name": "\xff"}', JSON, 400),
        (b"{}", JSON, 422),
        (b"{}", "", 422),
        (b"{}", "application/JSON; charset=utf-8", 422),
        (b"{}", "text/plain", 415),
        (b"{}", "application/json5", 415),
        (b"a=b", FORM, 415),
        (b" " * 16385, JSON, 413),
        (b" " * 16384, JSON, 400),
        (b'"' + b"x" * 17000 + b'"', JSON, 413),
    ],
)
def test_an_unreadable_body_gets_a_problem_that_says_why(
    fake_site: FakeSite, body: bytes, content_type: str, status: int
) -> None:
    assert_problem(fake_site.post(API_PATH, body, content_type), status)
    assert not signatures_in(fake_site)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "draft"}, 404),
        ({"state": "removed"}, 410),
        ({"state": "closed", "closes_at": NOW}, 409),
        ({"closes_at": NOW}, 409),
    ],
)
def test_a_petition_that_is_not_open_accepts_no_signature(
    fake_site: FakeSite, changes: dict[str, Any], status: int
) -> None:
    a_published_petition(fake_site.tables, slug="another", **changes)
    answer = fake_site.post_json("/api/petitions/another/signatures", json_of())
    assert_problem(answer, status)
    if status == 409:
        assert answer.json_body["state"] == "closed"
    assert fake_site.post_form("/petitions/another/signatures", fields_of()).status_code == status
    assert not signatures_in(fake_site)


@given(BODIES | JSON_VALUES)
def test_any_json_gets_202_400_or_422(fake_site: FakeSite, value: Any) -> None:
    answer = fake_site.post_json(API_PATH, value)
    if answer.status_code == 202:
        assert answer.json_body == ACCEPTED
    else:
        assert answer.status_code in (400, 422)
        assert_problem(answer, answer.status_code)


def test_signing_over_http_on_a_warm_function_is_one_call(fake_site: FakeSite) -> None:
    fake_site.get("/petitions/safe-children")
    fake_site.tables.calls.clear()
    fake_site.post_json(API_PATH, json_of())
    fake_site.post_form(FORM_PATH, fields_of(BOB))
    assert fake_site.tables.calls == ["put_new", "put_new"]
    assert not fake_site.queue.messages, "a request must not send email"
    assert not fake_site.mailer.mails


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
