"""Logs contain ids only: the tests run whole flows and search every line for what was typed."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chalicelib.core import log
from chalicelib.core.errors import MailRefused, Throttled, Unavailable
from chalicelib.core.metrics import Metric
from tests.actors import (
    ALICE,
    BOB,
    CHARLIE,
    a_petition,
    bobs_token,
    fields_of,
    identity_of,
    item_of,
    json_of,
    request_of,
)
from tests.fake_site import FORM, JSON, FakeSite, sqs_event, stream_event
from tests.fakes import FakeQueue
from tests.log_lines import Lines

API_PATH, FORM_PATH = "/api/petitions/safe-children/signatures", "/petitions/safe-children/signatures"
POSTCODE = "SW1A 2AA"
PEOPLE = (ALICE, BOB, CHARLIE)
TYPED = [word for person in PEOPLE for word in (*person.name.split(), person.email, person.email.split("@")[0])]
PERSONAL = [*TYPED, POSTCODE.lower(), "Secretname", "secret.address", "token="]


def personal_words_in(lines: list[dict[str, Any]]) -> list[str]:
    """Return the personal words in the lines.

    Search for names as they are written, because "chalicelib" contains "alice", and for addresses in any case.
    """
    text = json.dumps(lines, ensure_ascii=False)
    lowered = text.lower()
    found = []
    for word in PERSONAL:
        searched = text if word.istitle() else lowered
        if word in searched:
            found.append(word)
    return found


def test_the_whole_lifecycle_of_a_signature_logs_no_name(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.post_form(FORM_PATH, fields_of(postcode=POSTCODE, **{"consent.updates": "yes"}))
    fake_site.post_json(API_PATH, json_of(consent={"sign": True, "updates": True}))
    identity = identity_of(a_petition())
    item = item_of(fake_site.tables, a_petition(), identity)
    for function in ("relay_mail", "project_signatures"):
        fake_site.invoke(function, stream_event([("1", None, item)]))
    fake_site.deliver("send_mail", fake_site.queue.messages)
    for purpose in ("confirm", "unsubscribe", "withdraw"):
        link = fake_site.last_link(purpose)
        fake_site.get(link)
        fake_site.post(link, f"name={ALICE.name}&postcode={POSTCODE}".encode(), FORM)
    logged = lines()
    events = {line["event"] for line in logged}
    expected = {"signed", "relayed", "projected", "mail", "confirmed", "unsubscribed", "withdrawn", "answered"}
    assert expected <= events
    assert [line for line in logged if line.get("signature") == identity]
    assert personal_words_in(logged) == []


def test_invalid_input_is_not_logged(fake_site: FakeSite, lines: Lines) -> None:
    fake_site.post_json(API_PATH, json_of(name="=Secretname", email="secret.address"))
    fake_site.post_json(API_PATH, {"name": ALICE.name, ALICE.email: 1})
    fake_site.post(API_PATH, f'{{"name": "{ALICE.name}'.encode(), JSON)
    fake_site.post_form(FORM_PATH, fields_of(email="secret.address", name="Secretname", country="Secretname"))
    fake_site.post(FORM_PATH, ALICE.email.encode(), "text/plain")
    fake_site.get(f"/confirm?token={ALICE.email}")
    fake_site.get(f"/petitions/safe-children?source={ALICE.email}")
    fake_site.get(f"/petitions/{ALICE.email}")
    fake_site.get(f"/api/petitions/{ALICE.email}/count")
    assert len(lines()) >= 9
    assert personal_words_in(lines()) == []


def test_a_failure_is_logged_with_its_location_and_no_name(
    fake_site: FakeSite, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_site.get("/petitions/safe-children")
    for failure in (RuntimeError(ALICE.email), KeyError(ALICE.name), Throttled("storage")):
        fake_site.tables.fail_next(failure)
        fake_site.post_json(API_PATH, json_of())
        fake_site.tables.fail_next(failure)
        fake_site.post_form(FORM_PATH, fields_of())
    failures = [line for line in lines() if line["event"] == "view_failed"]
    assert failures
    for failure_line in failures:
        location = str(failure_line["at"])
        assert "api.py" in location or ".py:" in location
    assert personal_words_in(lines()) == []


def test_workers_that_fail_log_no_name(fake_site: FakeSite, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_site.post_json(API_PATH, json_of())
    petition = a_petition()
    identity = identity_of(petition)
    item = item_of(fake_site.tables, petition, identity)
    request = request_of(fake_site.tables, petition, identity).model_dump()
    for failure in (RuntimeError(ALICE.email), Throttled("mail"), Unavailable("mail"), MailRefused(ALICE.email)):
        fake_site.mailer.failures = [failure]
        fake_site.deliver("send_mail", [request, {"name": ALICE.name}, ALICE.email])
    fake_site.deliver("receive_feedback", [{"mail": {"destination": [ALICE.email]}}, ALICE.email])

    def refuse(*_: object) -> None:
        raise RuntimeError(ALICE.email)

    monkeypatch.setattr(FakeQueue, "send", refuse)
    fake_site.invoke("relay_mail", stream_event([("1", None, item)]))
    assert [line for line in lines() if line["level"] == "ERROR"]
    assert personal_words_in(lines()) == []


def test_staff_are_logged_only_by_their_token_id(fake_site: FakeSite, lines: Lines) -> None:
    token = bobs_token(fake_site.tables)
    fake_site.get("/api/staff/petitions", authorization=f"Bearer {token}")
    text = json.dumps(lines())
    token_id, secret = token.split("_")[1:3]
    assert token_id in text
    assert secret not in text


@pytest.mark.usefixtures("environment")
def test_requests_at_the_same_time_do_not_mix(lines: Lines) -> None:
    """The local site answers each in a thread of its own. A thread that a request starts logs for this request."""
    both_have_begun = Barrier(2)

    def answer(name: str) -> None:
        log.begin(name)
        log.note("signed", petition=name)
        log.measure(Metric.ACCEPTED)
        both_have_begun.wait(10)
        log.end()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(answer, ("one", "two")))
    found = sorted((line["request_id"], line["petition"], line[Metric.ACCEPTED]) for line in lines())
    assert found == [("one", "one", 1), ("two", "two", 1)]
    log.begin("three")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(log.event, "imported").result()
    assert lines()[-1]["request_id"] == "three"


def test_a_library_is_logged_by_name_without_its_text(lines: Lines) -> None:
    logging.getLogger("botocore.endpoint").warning("sending %s", ALICE.email)
    logging.getLogger("botocore.endpoint").info("sending %s", ALICE.email)
    (line,) = lines()
    assert (line["event"], line["level"]) == ("botocore.endpoint", "WARNING")
    assert personal_words_in([line]) == []


def test_a_failure_logs_type_and_location_of_every_cause(lines: Lines) -> None:
    try:
        try:
            raise KeyError(ALICE.name)
        except KeyError as error:
            raise ValueError(ALICE.email) from error
    except ValueError:
        log.failure("view_failed", route="/x")
    (line,) = lines()
    assert [place.split()[0] for place in line["at"]] == ["ValueError", "KeyError"]
    assert all("test_log.py:" in place for place in line["at"])
    assert personal_words_in([line]) == []


@pytest.mark.parametrize("event", [sqs_event([]), {"Records": []}])
def test_even_a_call_with_nothing_to_do_logs_a_line(fake_site: FakeSite, lines: Lines, event: dict[str, Any]) -> None:
    fake_site.invoke("relay_mail", event)
    assert lines()
