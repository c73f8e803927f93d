"""Requests are read and responses are made."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import Request
from hypothesis import given, strategies as st

from chalicelib.core.errors import BodyTooLarge, Invalid, NotJson, WrongType
from chalicelib.edge.http import cache_headers, client_matches, form_fields, json_body
from chalicelib.petitions import api as petitions
from chalicelib.petitions.find import LIST_SECONDS
from chalicelib.shedding.level import Level
from chalicelib.tallies.public import FRESH_FOR
from tests.fake_site import FORM, JSON, FakeSite


def a_request(body: bytes = b"", path: str = "/", stage_path: str | None = None, **headers: str) -> Request:
    event: dict[str, Any] = {
        "requestContext": {"httpMethod": "POST", "resourcePath": path, "path": stage_path or path},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "multiValueQueryStringParameters": None,
        "pathParameters": {},
        "stageVariables": {},
        "body": body,
    }
    return Request(event, SimpleNamespace())


def test_a_json_body_is_returned_as_text() -> None:
    assert json_body(a_request("é".encode(), content_type=JSON)) == "é"
    assert json_body(a_request(b"{}")) == "{}"
    assert json_body(a_request(b"\xef\xbb\xbf{}")) == "{}", "without the byte order mark"


def test_a_body_of_the_wrong_kind_is_not_read() -> None:
    with pytest.raises(WrongType):
        json_body(a_request(b"{}", content_type="text/html"))
    with pytest.raises(WrongType):
        form_fields(a_request(b"a=b", content_type=JSON))
    with pytest.raises(NotJson):
        json_body(a_request(b"\xc3\x28", content_type=JSON))


def test_a_body_has_at_most_sixteen_kilobytes() -> None:
    """They are counted in bytes: é has two."""
    assert form_fields(a_request(b"a=" + b"x" * (16 * 1024 - 2), content_type=FORM))
    with pytest.raises(BodyTooLarge):
        form_fields(a_request(b"a=x" + "é".encode() * (8 * 1024 - 1), content_type=FORM))


def test_the_last_of_two_fields_wins_so_that_a_ticked_box_overrides_its_hidden_no() -> None:
    assert form_fields(a_request(b"updates=no&updates=yes", content_type=FORM)) == {"updates": "yes"}


def test_a_form_has_at_most_fifty_fields() -> None:
    assert form_fields(a_request(b"&".join([b"a=1"] * 50), content_type=FORM)) == {"a": "1"}
    with pytest.raises(Invalid):
        form_fields(a_request(b"&".join([b"a=1"] * 51), content_type=FORM))


@given(st.binary(max_size=300))
def test_any_body_is_read_as_text_fields_or_is_invalid(body: bytes) -> None:
    try:
        fields = form_fields(a_request(body, content_type=FORM))
    except Invalid:
        return
    for name, text in fields.items():
        assert isinstance(name, str)
        assert isinstance(text, str)
        text.encode()


@pytest.mark.parametrize(
    ("if_none_match", "etag", "matches"),
    [
        ('"a"', '"a"', True),
        ('W/"a"', 'W/"a"', True),
        ('"b", "a"', '"a"', True),
        ("*", '"a"', True),
        ('"b"', '"a"', False),
        ("", '"a"', False),
        ('W/"a"', '"a"', True),
        ('"a"', 'W/"a"', True),
    ],
)
def test_etags_are_compared_weakly_as_in_rfc_9110(if_none_match: str, etag: str, matches: bool) -> None:
    """A proxy that compresses turns a strong tag into a weak one."""
    assert client_matches(a_request(if_none_match=if_none_match), etag) is matches


def test_a_bug_of_ours_is_a_503_without_a_traceback(fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("alice@mail.example")

    monkeypatch.setattr(petitions, "public_count", fail)
    answer = fake_site.get("/api/petitions/safe-children/count")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.headers["Retry-After"]
    for hidden in ("Zero", "Traceback", "alice"):
        assert hidden not in answer.body.decode()


@pytest.mark.parametrize(
    "path", ["/", "/petitions/safe-children", "/nothing/here", "/api/petitions/safe-children/count", "/api/petitions/x"]
)
def test_every_response_has_security_headers(fake_site: FakeSite, path: str) -> None:
    answer = fake_site.get(path)
    if path != "/nothing/here":
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers


def test_a_count_that_the_cdn_shows_is_less_than_ten_seconds_old() -> None:
    """The worst case: the CDN's copy, the list and the snapshot each have their greatest age. One second is left."""
    control = cache_headers(Level.NORMAL.max_age)["Cache-Control"]
    longest_in_cdn = sum(int(seconds) for seconds in re.findall(r"(?:max-age|stale-while-revalidate)=(\d+)", control))
    assert longest_in_cdn + LIST_SECONDS + FRESH_FOR.total_seconds() <= 9
