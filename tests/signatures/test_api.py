"""Signing over HTTP: one response for all signatures, and never a 500 for what a client sends."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies as st

from chalicelib.aws.table import Item
from chalicelib.core import keys
from chalicelib.core.errors import Throttled, Unavailable
from chalicelib.shedding.level import Level, shed
from chalicelib.signatures.mail_state import mark_undeliverable
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    DAY,
    NOW,
    ORIGIN_KEYS,
    a_petition,
    a_published_petition,
    confirmed,
    fields_of,
    json_of,
    key_of,
    signed,
)
from tests.served import FORM, JSON, Served

API = "/api/petitions/safe-children/signatures"
HOSTED = "/petitions/safe-children/signatures"
ACCEPTED = {"status": "check-your-inbox"}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
# Valid, except that up to two fields have any value.
BODIES = st.dictionaries(
    st.sampled_from(["name", "email", "country", "postcode", "consent", "source"]) | st.text(max_size=8),
    VALUES,
    max_size=2,
).map(lambda changes: json_of() | changes)


def signatures_in(served: Served) -> list[Item]:
    return [item for key, item in served.tables.items.items() if key.table == keys.SIGNATURES]


def is_problem(answer: Any, status: int) -> bool:
    body = answer.json_body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status_code == status
    assert isinstance(body["type"], str)
    assert body["title"]
    assert body["detail"]
    if status == 422:
        assert all(set(error) == {"field", "message"} for error in body["errors"])
    return True


def test_a_signature_is_accepted_and_stored(served: Served) -> None:
    answer = served.post_json(API, json_of(source="bbc"))
    assert (answer.status_code, answer.json_body) == (202, ACCEPTED)
    (item,) = signatures_in(served)
    assert (item["name"], item["channel"], item["source"]) == (ALICE.name, "api", "bbc")


def test_new_repeated_confirmed_and_blocked_get_the_same_response(served: Served) -> None:
    identity = signed(served.tables, a_petition(), BOB)
    mark_undeliverable(key_of(a_petition(), identity), "complained", served.tables)
    confirmed(served.tables, a_petition(slug="safe-children"), CHARLIE)
    answers = [served.post_json(API, json_of(person)) for person in (ALICE, ALICE, BOB, CHARLIE)]
    assert len({(answer.status_code, answer.body, str(answer.headers)) for answer in answers}) == 1
    forms = [served.post_form(HOSTED, fields_of(person)) for person in (ALICE, BOB, CHARLIE)]
    assert len({(answer.status_code, answer.body, str(answer.headers)) for answer in forms}) == 1


def test_any_origin_may_post(served: Served) -> None:
    for answer in (served.post_json(API, json_of()), served.post_json(API, {})):
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
    served: Served, body: bytes, content_type: str, status: int
) -> None:
    assert is_problem(served.post(API, body, content_type), status)
    assert not signatures_in(served)


def test_every_field_error_names_its_field(served: Served) -> None:
    answer = served.post_json(API, json_of(name="", email="nobody"))
    assert is_problem(answer, 422)
    assert [error["field"] for error in answer.json_body["errors"]] == ["name", "email"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"state": "draft"}, 404),
        ({"state": "removed"}, 410),
        ({"state": "closed", "closes_at": NOW}, 409),
        ({"closes_at": NOW}, 409),
    ],
)
def test_a_petition_that_is_not_open_accepts_no_signature(served: Served, changes: dict[str, Any], status: int) -> None:
    a_published_petition(served.tables, slug="another", **changes)
    answer = served.post_json("/api/petitions/another/signatures", json_of())
    assert is_problem(answer, status)
    if status == 409:
        assert answer.json_body["state"] == "closed"
    assert served.post_form("/petitions/another/signatures", fields_of()).status_code == status
    assert not signatures_in(served)


def test_an_unknown_petition_is_404(served: Served) -> None:
    assert is_problem(served.post_json("/api/petitions/nothing/signatures", json_of()), 404)
    assert served.post_form("/petitions/nothing/signatures", fields_of()).status_code == 404


@pytest.mark.parametrize("failure", [Throttled("storage"), Unavailable("storage")])
def test_a_signature_that_the_table_refuses_waits_in_the_queue_and_gets_the_same_response(
    served: Served, failure: Exception
) -> None:
    served.get("/petitions/safe-children")
    served.tables.fail_next(failure, failure)
    answer = served.post_json(API, json_of())
    assert (answer.status_code, answer.json_body) == (202, ACCEPTED)
    form = served.post_form(HOSTED, fields_of(BOB))
    assert (form.status_code, form.headers["Location"]) == (303, "/petitions/safe-children/thanks")
    assert not signatures_in(served)
    assert served.deliver("store_overflow", served.overflow.messages) == []
    assert {item["name"] for item in signatures_in(served)} == {ALICE.name, BOB.name}
    assert not served.queue.messages


def test_a_queued_signature_that_the_table_refuses_is_retried(served: Served) -> None:
    served.get("/petitions/safe-children")
    served.tables.fail_next(Throttled("storage"))
    served.post_json(API, json_of())
    served.tables.fail_next(Unavailable("storage"))
    assert served.deliver("store_overflow", served.overflow.messages) == ["0"]
    assert served.deliver("store_overflow", served.overflow.messages * 2) == []
    assert len(signatures_in(served)) == 1


def test_a_malformed_message_fails_and_so_goes_to_the_dead_letters(served: Served) -> None:
    assert served.deliver("store_overflow", ["no json", {"slug": "safe-children"}]) == ["0", "1"]


def test_under_accept_only_signing_does_not_touch_the_table(served: Served) -> None:
    shed(Level.ACCEPT_ONLY, served.tables)
    served.get("/petitions/safe-children")
    served.tables.calls.clear()
    assert served.post_json(API, json_of()).status_code == 202
    assert served.post_form(HOSTED, fields_of(BOB)).status_code == 303
    assert served.tables.calls == []
    assert len(served.overflow.messages) == 2


def test_a_new_process_that_reaches_no_table_answers_503(served: Served) -> None:
    """It does not know whether the petition exists, so it can answer neither 202 nor 404."""
    served.tables.fail_next(*[Unavailable("storage")] * 2)
    answer = served.post_json(API, json_of())
    assert is_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    form = served.post_form(HOSTED, fields_of())
    assert (form.status_code, bool(form.headers["Retry-After"])) == (503, True)
    assert not served.overflow.messages


def test_a_warm_function_accepts_signatures_while_both_tables_are_down(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.get("/petitions/safe-children")
    monkeypatch.setattr("chalicelib.core.caching.monotonic", lambda: 1e9)
    served.tables.fail_next(*[Unavailable("storage")] * 3)
    assert served.post_json(API, json_of()).status_code == 202
    assert len(served.overflow.messages) == 1


@pytest.mark.parametrize("failure", [Throttled("queue"), Unavailable("queue"), RuntimeError(ALICE.email)])
def test_a_signature_that_table_and_queue_refuse_gets_503(served: Served, failure: Exception) -> None:
    served.get("/petitions/safe-children")
    served.tables.fail_next(Throttled("storage"))
    served.overflow.fail_next(failure)
    answer = served.post_json(API, json_of())
    assert is_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert ALICE.email not in answer.body.decode()
    assert served.post_json(API, json_of()).status_code == 202


def test_a_503_shows_the_form_with_the_typed_values(served: Served) -> None:
    served.get("/petitions/safe-children")
    served.tables.fail_next(Throttled("storage"))
    served.overflow.fail_next(Throttled("queue"))
    answer = served.post_form(HOSTED, fields_of(postcode="M1 1AE"))
    body = answer.body.decode()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert f'value="{ALICE.email}"' in body
    assert 'value="M1 1AE"' in body
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_form_redirects_to_the_thank_you_page(served: Served) -> None:
    answer = served.post_form(HOSTED, fields_of(source="bbc"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/petitions/safe-children/thanks")
    assert served.get(answer.headers["Location"]).status_code == 200
    (item,) = signatures_in(served)
    assert (item["channel"], item["source"]) == ("form", "bbc")


def test_an_invalid_form_is_shown_again_with_its_values_and_errors(served: Served) -> None:
    answer = served.post_form(HOSTED, fields_of(name="Zoë <Zed>", email="nobody", country="NL"))
    body = answer.body.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in body
    assert 'href="#email"' in body
    assert 'value="Zoë &lt;Zed&gt;"' in body
    assert 'value="NL" selected' in body
    assert answer.headers["Cache-Control"] == "no-store"
    assert not signatures_in(served)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", FORM, 422),
        (b"&" * 100, FORM, 422),
        (b"a=1&" * 51, FORM, 422),
        (b"name=%ff%00&email=%", FORM, 422),
        (b"x=" + b"y" * 16384, FORM, 413),
        (b"{}", JSON, 415),
        (b"", "", 415),
        (b"name=x", "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_malformed_form_gets_an_html_page(served: Served, body: bytes, content_type: str, status: int) -> None:
    answer = served.post(HOSTED, body, content_type)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert not signatures_in(served)


@given(BODIES | VALUES)
def test_any_json_gets_202_400_or_422(served: Served, value: Any) -> None:
    answer = served.post_json(API, value)
    if answer.status_code == 202:
        assert answer.json_body == ACCEPTED
    else:
        assert answer.status_code in (400, 422)
        assert is_problem(answer, answer.status_code)


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, "", "text/plain", "application/octet-stream"]))
def test_any_bytes_get_a_4xx(served: Served, body: bytes, content_type: str) -> None:
    for path in (API, HOSTED):
        answer = served.post(path, body, content_type)
        assert 400 <= answer.status_code < 500


@given(st.dictionaries(st.sampled_from(list(fields_of())), st.text(max_size=30), max_size=2))
def test_any_form_value_is_accepted_or_shown_again_escaped(served: Served, changes: dict[str, str]) -> None:
    body = urlencode(fields_of() | changes, errors="surrogatepass").encode()
    answer = served.post(HOSTED, body, FORM)
    assert answer.status_code in (303, 422)
    if answer.status_code == 422:
        assert "<script>" not in answer.body.decode()


def test_an_unticked_consent_is_shown_unticked_again(served: Served) -> None:
    fields = fields_of(**{"email": "nobody", "consent.updates": "no"})
    body = served.post_form(HOSTED, fields).body.decode()
    (box,) = [line for line in body.splitlines() if 'type="checkbox"' in line and "consent.updates" in line]
    assert " checked" not in box


@pytest.mark.parametrize("field", ["name", "email", "postcode", "source", "country", "consent.sign"])
def test_a_script_typed_into_the_form_is_shown_as_text(served: Served, field: str) -> None:
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    body = served.post_form(HOSTED, fields_of(**{"email": "nobody", field: evil})).body.decode()
    assert "<script>alert" not in body
    assert "<img src=x" not in body


def test_the_redirect_keeps_a_valid_prefix(served: Served) -> None:
    body = urlencode(fields_of()).encode()
    through_cdn = {"x_origin_verify": ORIGIN_KEYS["OriginKey"]}
    answer = served.post(HOSTED, body, FORM, x_forwarded_prefix="/prod", **through_cdn)
    assert answer.headers["Location"] == "/prod/petitions/safe-children/thanks"
    for evil in ("//evil.example", "https://evil.example", "/a\r\nSet-Cookie: x", "/\\evil.example", "javascript:x"):
        answer = served.post(HOSTED, body, FORM, x_forwarded_prefix=evil, **through_cdn)
        assert answer.headers["Location"] == "/petitions/safe-children/thanks"


def test_a_problem_does_not_repeat_what_was_typed(served: Served) -> None:
    answer = served.post_json(API, json_of(name="=Secretname", email="secret address"))
    assert "secret" not in json.dumps(answer.json_body).lower()
    assert served.clock.moment < NOW + DAY


def test_signing_over_http_on_a_warm_function_is_one_call(served: Served) -> None:
    served.get("/petitions/safe-children")
    served.tables.calls.clear()
    served.post_json(API, json_of())
    served.post_form(HOSTED, fields_of(BOB))
    assert served.tables.calls == ["put_new", "put_new"]
    assert not served.queue.messages, "a request must not send email"
    assert not served.mailer.mails
