"""Hashes over HTTP: Bob gets a key for a source and enters what its tool has written."""

import json

import pytest
from chalice.test import HTTPResponse

from chalicelib.core.rights import Right
from chalicelib.petitions.find import petition_as_stored
from chalicelib.petitions.model import Petition
from chalicelib.totals.hashes.worker import compare_hashes
from tests.actors import ALICE, BOB, NOW, bobs_token, confirmed
from tests.fake_site import JSON, FakeSite, context, sqs_event
from tests.totals.hashes.hashing import HASHES, SOURCE, hashes_of, issue_source_key

STAFF_URL = "/api/staff/petitions/safe-children"
TOTAL_URL = "/api/petitions/safe-children/total"


def ask(fake_site: FakeSite, method: str, path: str, body: object = None) -> HTTPResponse:
    headers = {"Authorization": f"Bearer {bobs_token(fake_site.tables, NOW, Right.MANAGE)}", "Content-Type": JSON}
    compact = json.dumps(body, separators=(",", ":")).encode()
    return fake_site.client.http.request(method, f"{STAFF_URL}{path}", headers=headers, body=compact)


def run_comparison(fake_site: FakeSite) -> None:
    """Deliver the comparison's message to the worker."""
    assert not compare_hashes(sqs_event(fake_site.comparisons.messages), context())["batchItemFailures"]


def test_a_source_has_one_key_for_each_petition(fake_site: FakeSite, petition: Petition) -> None:
    first = ask(fake_site, "POST", "/hash-keys", {"source": SOURCE})
    again = ask(fake_site, "POST", "/hash-keys", {"source": SOURCE})
    other = ask(fake_site, "POST", "/hash-keys", {"source": "elsewhere"})
    assert (first.status_code, first.json_body) == (201, again.json_body)
    assert other.json_body["key"] != first.json_body["key"]
    assert first.json_body["tool"].startswith("https://petitions.example/assets/hash_addresses.py?v=")


def test_hashes_count_at_once_and_the_comparison_makes_the_total_exact(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    hashes = hashes_of(fake_site.tables, [ALICE.email, BOB.email])
    entered = ask(fake_site, "POST", "/figures", {**HASHES, "hashes": [*hashes, hashes[0]]})
    assert entered.status_code == 201
    [shown] = ask(fake_site, "GET", "/comparisons").json_body["comparisons"]
    assert (shown["id"], shown["state"], shown["here"]) == (entered.json_body["comparison"], "waiting", None)
    run_comparison(fake_site)
    [shown] = ask(fake_site, "GET", "/comparisons").json_body["comparisons"]
    assert (shown["state"], shown["count"], shown["seen"], shown["here"]) == ("done", 2, 1, 1)
    total = fake_site.get(TOTAL_URL).json_body
    assert (total["at_least"], total["at_most"]) == (2, 2)
    [elsewhere] = total["elsewhere"]
    assert elsewhere == {**HASHES, "count": 2}


def test_an_uploaded_file_is_compared(fake_site: FakeSite, petition: Petition) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    [one] = hashes_of(fake_site.tables, [ALICE.email])
    upload = ask(fake_site, "POST", "/uploads").json_body
    fake_site.bucket.objects[upload["fields"]["key"]] = f"{one}\n".encode()
    entered = ask(fake_site, "POST", "/figures", {**HASHES, "count": 1, "upload": upload["upload"]})
    assert entered.status_code == 201
    run_comparison(fake_site)
    assert fake_site.get(TOTAL_URL).json_body["sentence"] == (
        "Exactly 1 person confirmed here; 1 elsewhere; together exactly 1 person."
    )
    assert not fake_site.bucket.objects


def test_spaces_around_a_hash_do_not_matter(fake_site: FakeSite, petition: Petition) -> None:
    [one] = hashes_of(fake_site.tables, [ALICE.email])
    entered = ask(fake_site, "POST", "/figures", {**HASHES, "hashes": [one, f" {one}\r\n", f"\u00a0{one}\x1c"]})
    assert (entered.status_code, entered.json_body.get("count")) == (201, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hashes": [ALICE.email]}, "hashes"),
        ({"hashes": ["AB" * 16]}, "hashes"),
        ({"hashes": ["ab" * 16], "count": 2}, "count"),
        ({"hashes": ["ab" * 16], "kind": "paper"}, "hashes"),
        ({"hashes": ["ab" * 16], "upload": "ab" * 16}, "hashes"),
        ({"upload": "ab" * 16}, "count"),
        ({"upload": "../../x", "count": 1}, "upload"),
        ({"count": 1}, "hashes"),
        ({"hashes": ["ab" * 16], "source": "without-a-key"}, "source"),
    ],
)
def test_an_invalid_figure_with_hashes_is_refused_and_not_quoted(
    fake_site: FakeSite, petition: Petition, changes: dict[str, object], field: str
) -> None:
    issue_source_key(fake_site.tables)
    answer = ask(fake_site, "POST", "/figures", HASHES | changes)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json_body["errors"]] == [field]
    assert "@" not in json.dumps(answer.json_body["errors"])
    assert not fake_site.bucket.objects


def test_a_second_comparison_is_refused_and_leaves_nothing(fake_site: FakeSite, petition: Petition) -> None:
    hashes = hashes_of(fake_site.tables, [ALICE.email, BOB.email])
    ask(fake_site, "POST", "/figures", {**HASHES, "hashes": hashes[:1]})
    files = dict(fake_site.bucket.objects)
    assert ask(fake_site, "POST", "/figures", {**HASHES, "hashes": hashes}).status_code == 409
    assert fake_site.bucket.objects == files
    assert [figure.count for figure in petition_as_stored("safe-children", fake_site.tables).figures] == [1]


def test_a_cancelled_comparison_keeps_the_figure_and_deletes_the_hashes(
    fake_site: FakeSite, petition: Petition
) -> None:
    confirmed(fake_site.tables, petition, ALICE)
    entered = ask(fake_site, "POST", "/figures", {**HASHES, "hashes": hashes_of(fake_site.tables, [ALICE.email])})
    answer = ask(fake_site, "DELETE", f"/comparisons/{entered.json_body['comparison']}")
    assert (answer.status_code, answer.json_body["state"]) == (200, "cancelled")
    run_comparison(fake_site)
    [shown] = ask(fake_site, "GET", "/comparisons").json_body["comparisons"]
    assert (shown["state"], shown["here"]) == ("cancelled", None)
    total = fake_site.get(TOTAL_URL).json_body
    assert (total["at_least"], total["at_most"]) == (1, 2)
    assert not fake_site.bucket.objects


def test_a_comparison_can_be_cancelled_only_at_its_own_petition(fake_site: FakeSite, petition: Petition) -> None:
    entered = ask(fake_site, "POST", "/figures", {**HASHES, "hashes": hashes_of(fake_site.tables, [ALICE.email])})
    headers = {"Authorization": f"Bearer {bobs_token(fake_site.tables, NOW, Right.MANAGE)}"}
    path = f"/api/staff/petitions/another/comparisons/{entered.json_body['comparison']}"
    assert fake_site.client.http.request("DELETE", path, headers=headers).status_code == 404


def test_a_request_can_contain_the_hashes_of_a_large_platform(fake_site: FakeSite, petition: Petition) -> None:
    issue_source_key(fake_site.tables)
    hashes = [f"{number:032x}" for number in range(131_000)]
    answer = ask(fake_site, "POST", "/figures", {**HASHES, "hashes": hashes})
    assert (answer.status_code, answer.json_body["count"]) == (201, 131_000)
    [content] = fake_site.bucket.objects.values()
    assert content.count(b"\n") == 130_999


def test_the_site_serves_the_tool(fake_site: FakeSite) -> None:
    answer = fake_site.get("/assets/hash_addresses.py")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/x-python; charset=utf-8"
    assert b"def canonical(" in answer.body
