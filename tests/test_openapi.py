"""The served OpenAPI document is current, and the code answers as it says: schemas, statuses, examples."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import urljoin

import pytest
from chalice.test import HTTPResponse
from hypothesis import given, strategies as st
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.aws.table import Item
from chalicelib.core import keys, tokens
from chalicelib.core.errors import Invalid, PetitionsError, Throttled
from chalicelib.core.keys import Key
from chalicelib.core.rights import Right
from chalicelib.core.settings import settings
from chalicelib.core.tokens import Purpose, Subject
from chalicelib.petitions.form import EDITABLE
from chalicelib.signatures.form import FORM_FIELDS, read_json
from chalicelib.signatures.letter_form import LetterForm
from chalicelib.signin.provider import forget_provider
from chalicelib.statements.freeze import freeze, sealed
from chalicelib.statements.short import keep_short
from chalicelib.updates import store
from chalicelib.updates.model import UpdateState
from stack.openapi.document import FILE, document, written
from tests.actors import (
    DAY,
    LINKS,
    NOW,
    OPENED,
    TOKEN_KEYS,
    a_petition,
    a_published_petition,
    bobs_token,
    fields_of,
    identity_of,
    json_of,
    signed,
)
from tests.exporting import a_result, an_export, kept
from tests.exports.subscribers import list_requests
from tests.fakes import FakeTables
from tests.letters import letter_requests
from tests.partnering import a_partner, oaks_token
from tests.partners import partner_requests
from tests.served import FORM, JSON, Served
from tests.signin.issuing import CLIENT, Issuing, issuing
from tests.signin.test_api import BEGUN, RETURNED
from tests.totals.hashes import hash_requests
from tests.updates.sending import TEXT, an_update

SPEC: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PROBLEM, HTML = "application/problem+json", "text/html"
# API Gateway answers these before our code runs. tests/template checks them.
OF_THE_GATEWAY = {401, 403, 429}
BY_ANY_ROUTE = {429, 503}
STAFF_PETITION = "/api/staff/petitions/{slug}"
UPDATES = "/api/staff/petitions/{slug}/updates"
A_PETITIONS_UPDATES = "/api/staff/petitions/safe-children/updates"
ONE_UPDATE = f"{UPDATES}/{{update_id}}"
STATEMENTS = "/api/staff/petitions/{slug}/statements"
STAFF_COUNTS = "/api/staff/petitions/{slug}/counts"
EXPORTS_OF, AN_EXPORT = "/api/staff/petitions/{slug}/exports", "/api/staff/exports/{export_id}"
EXPORT_STATES = ("waiting", "done", "failed", "cancelled", "expired")
# Has no authorizer, so our own code answers 401 and 403 here.
SESSION = "/api/staff/session"
NO_PROVIDER = "?no-provider"
PERSON = "/api/staff/people/{slug}/{signature_id}"


def resolved(node: Any) -> Any:
    while "$ref" in node:
        *_, kind, name = node["$ref"].split("/")
        node = SPEC["components"][kind][name]
    return node


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def answers(operation: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {int(status): resolved(answer) for status, answer in operation["responses"].items()}


def validator(schema: dict[str, Any]) -> OAS31Validator:
    """Include the components, because references start at the root of the document."""
    return OAS31Validator({**schema, "components": SPEC["components"]}, format_checker=oas31_format_checker)


def faults(value: object, schema: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(value)]


SIGNATURE = {"$ref": "#/components/schemas/Signature"}
EVERY = [pytest.param(operation, id=f"{method} {path}") for method, path, operation in operations()]
every_operation = pytest.mark.parametrize("operation", EVERY)


def test_the_file_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == written(document()), "run: make openapi"


def test_the_document_is_valid_openapi_3_1() -> None:
    assert SPEC["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(SPEC).iter_errors()] == []


def test_urls_are_right_behind_a_domain_and_behind_a_stage() -> None:
    [server] = SPEC["servers"]
    assert urljoin("https://petitions.example/api/openapi.json", server["url"]) == "https://petitions.example/"
    assert urljoin("https://gateway.example/site/api/openapi.json", server["url"]) == "https://gateway.example/site/"


def test_the_site_serves_the_document(served: Served) -> None:
    answer = served.get("/api/openapi.json")
    assert answer.json_body == SPEC
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@every_operation
def test_every_example_of_an_answer_fits_its_schema(operation: dict[str, Any]) -> None:
    for status, answer in answers(operation).items():
        for content in answer.get("content", {}).values():
            if "example" in content:
                assert faults(content["example"], content["schema"]) == []
                assert content["example"] is not None
                assert status < 400 or content["example"]["status"] == status


def test_every_example_of_a_schema_fits_it() -> None:
    for name, schema in SPEC["components"]["schemas"].items():
        for each in [schema, *map(resolved, schema.get("properties", {}).values())]:
            for example in each.get("examples", []):
                assert faults(example, each) == [], name


# The signature: schema, model and examples.


def test_the_hosted_form_has_the_fields_the_code_reads() -> None:
    fields = SPEC["components"]["schemas"]["SignatureFields"]["properties"]
    letter = {f"letter.{name}" for name in LetterForm.model_fields}
    assert fields.keys() == {*FORM_FIELDS, "consent.sign", "consent.updates", *letter}


def examples_of_signatures() -> dict[str, Any]:
    content = SPEC["paths"]["/api/petitions/{slug}/signatures"]["post"]["requestBody"]["content"]
    examples: dict[str, Any] = content[JSON]["examples"]
    return examples


@pytest.mark.parametrize("name", examples_of_signatures())
def test_an_example_of_a_signature_is_accepted_by_schema_and_code(name: str) -> None:
    example = examples_of_signatures()[name]["value"]
    assert faults(example, SIGNATURE) == []
    assert read_json(json.dumps(example)).name == example["name"]


REFUSED: dict[str, dict[str, Any]] = {
    "no name": {"name": None},
    "an empty name": {"name": "  "},
    "a name of 101 characters": {"name": "a" * 101},
    "a formula": {"name": " =HYPERLINK()"},
    "an unknown field": {"nmae": "Alice"},
    "three letters for a country": {"country": "GBR"},
    "no country": {"country": None},
    "a source with a space": {"source": "bbc news"},
    "an empty source": {"source": ""},
    "a source of 41 characters": {"source": "a" * 41},
    "a postcode with an underscore": {"postcode": "SW1A_1AA"},
    "a number for a postcode": {"postcode": 1000},
    "no consent": {"consent": {"sign": False}},
    "consent in words": {"consent": {"sign": "true"}},
    "an unknown consent": {"consent": {"sign": True, "phone": True}},
    "an email address that is a number": {"email": 1},
}


@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
def test_the_code_refuses_what_the_schema_refuses(wrong: dict[str, Any]) -> None:
    body = json_of(**wrong)
    assert faults(body, SIGNATURE)
    with pytest.raises(Invalid):
        read_json(json.dumps(body))


names = st.sampled_from(["Zoë", "अनीता", "Ng", "a" * 100, "O'Neill", "李", "- Al", "x" * 101, "1"])
padding = st.text(" \t\n", max_size=3)
bodies = st.fixed_dictionaries(
    {
        "name": st.builds("{}{}{}".format, padding, names | st.text(max_size=8), padding),
        "email": st.sampled_from(["a@b.example", " a@b.example ", "a@bücher.example", "a"]),
        "consent": st.fixed_dictionaries(
            {"sign": st.sampled_from([True, True, True, False])}, optional={"updates": st.booleans() | st.none()}
        ),
    },
    optional={
        "country": st.sampled_from(["GB", "gb", " ie", "IN", "XX", ""]),
        "postcode": st.none() | st.sampled_from(["", " ", "sw1a1aa", "SW1A 1AA", "D02 X285", "9-9", "!"]),
        "source": st.none() | st.sampled_from(["", "bbc", "a-1", "a" * 40, "A"]),
        "more": st.just(1),
    },
)


@given(bodies)
def test_the_schema_allows_what_the_code_accepts(body: dict[str, Any]) -> None:
    try:
        read_json(json.dumps(body))
    except PetitionsError:
        return
    assert faults(body, SIGNATURE) == []


# The statuses: a request below gets each status that the document describes, and no other.


STAFF = {"Authorization": "Bearer <bob>"}


@dataclass(frozen=True)
class Ask:
    """A request and its expected status. <confirm>, <withdraw>, ... are replaced by tokens."""

    status: int
    method: str
    route: str
    url: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.url[:60]} {self.status}"


def _get(status: int, route: str, url: str = "", **headers: str) -> Ask:
    return Ask(status, "GET", route, url or route, headers=headers)


def _post(status: int, route: str, url: str, body: bytes, kind: str = FORM) -> Ask:
    return Ask(status, "POST", route, url, body, {"Content-Type": kind})


def _staff(method: str, status: int, route: str, url: str = "", body: bytes = b"", kind: str = JSON) -> Ask:
    return Ask(status, method, route, url or route, body, {**STAFF, "Content-Type": kind})


def _about_a_petition(route: str, open_status: int = 200) -> list[Ask]:
    statuses = {"safe-children": open_status, "nobody": 404, "a-draft": 404, "removed": 410}
    return [_get(status, route, route.format(slug=slug)) for slug, status in statuses.items()]


def _signing(route: str, kind: str, accepted: int, body: bytes, wrong: bytes) -> list[Ask]:
    url = route.format(slug="safe-children")
    states = {"nobody": 404, "closed": 409, "removed": 410, "safe-children": accepted}
    return [
        *(_post(status, route, route.format(slug=slug), body, kind) for slug, status in states.items()),
        _post(413, route, url, b"a" * 16_385, kind),
        _post(415, route, url, body, "text/plain"),
        _post(422, route, url, wrong, kind),
    ]


def _of_a_link(purpose: str) -> list[Ask]:
    route, url = f"/{purpose}", f"/{purpose}?token=<{purpose}>"
    outcomes = {url: 200, route: 400, f"{url}x": 400, f"{route}?token=<{purpose}-nobody>": 404}
    outcomes[f"{route}?token=<{purpose}-expired>"] = 410
    return [
        *(_get(status, route, each) for each, status in outcomes.items()),
        *(_post(status, route, each, b"List-Unsubscribe=One-Click") for each, status in outcomes.items()),
        _post(
            415 if purpose in (Purpose.CONFIRM, Purpose.STOP) else 200,
            route,
            url,
            b"--x--",
            "multipart/form-data; boundary=x",
        ),
        _post(413, route, url, b"a" * 16_385),
        _post(415, route, route, b"token=x", f"{FORM}-like"),
        _post(422, route, url, b"a=1&" * 51),
    ]


def _changing(method: str, route: str, body: bytes, wrong: bytes) -> list[Ask]:
    url = route.format(slug="safe-children")
    right = _staff(method, 200, route, url, body)
    matching = replace(right, headers={**right.headers, "If-Match": "*"})
    return [
        matching,
        replace(right, status=428),
        replace(matching, status=412, headers={**right.headers, "If-Match": '"0"'}),
        replace(matching, status=404, url=route.format(slug="nobody")),
        replace(matching, status=422, body=wrong),
        replace(matching, status=400, body=b"{"),
        replace(matching, status=413, body=b"a" * 16_385),
        replace(matching, status=415, headers={**matching.headers, "Content-Type": "text/plain"}),
    ]


def _petition_body(**changes: object) -> bytes:
    """The fields that a person writes, without state and times."""
    written = a_petition().model_dump(include={"slug", *EDITABLE}, exclude={"opened_at", "closes_at"})
    return json.dumps({**written, **changes}).encode()


UPDATE = json.dumps(TEXT).encode()
FOUND = {"safe-children": 200, "nobody": 404}
FIGURE = b'{"source": "a", "kind": "paper", "count": 1, "as_of": "2026-11-20T12:00:00Z", "evidence": "A sheet"}'
JSON_BODY = json.dumps(json_of()).encode()
FORM_BODY = b"&".join(f"{name}={value}".encode() for name, value in fields_of().items())
REQUESTS = [
    _get(200, "/"),
    _get(200, "/api/petitions"),
    *_about_a_petition("/petitions/{slug}"),
    *_about_a_petition("/petitions/{slug}/thanks"),
    *_about_a_petition("/embed/{slug}"),
    *_about_a_petition("/embed/{slug}/counter"),
    _get(200, "/embed.js"),
    _get(304, "/embed.js", **{"If-None-Match": "*"}),
    *_about_a_petition("/api/petitions/{slug}"),
    *_about_a_petition("/api/petitions/{slug}/count"),
    *_about_a_petition("/api/petitions/{slug}/total"),
    *_about_a_petition("/petitions/{slug}/card.png"),
    *_about_a_petition("/api/petitions/{slug}/progress"),
    *_about_a_petition("/api/petitions/{slug}/updates"),
    *_about_a_petition("/petitions/{slug}/updates.atom"),
    _get(304, "/api/petitions/{slug}/count", "/api/petitions/safe-children/count", **{"If-None-Match": "*"}),
    *_signing("/api/petitions/{slug}/signatures", JSON, 202, JSON_BODY, b"[]"),
    _post(400, "/api/petitions/{slug}/signatures", "/api/petitions/safe-children/signatures", b"{", JSON),
    *_signing("/petitions/{slug}/signatures", FORM, 303, FORM_BODY, b"name="),
    *(ask for purpose in (*LINKS, Purpose.STOP) for ask in _of_a_link(purpose)),
    _post(410, "/confirm", "/confirm?token=<confirm-removed>", b""),
    _post(422, "/confirm", "/confirm", b"token=<confirm>&name=%3D1"),
    _get(200, "/api/staff/petitions", **STAFF),
    *(
        _get(status, STAFF_COUNTS, f"/api/staff/petitions/{rest}", **STAFF)
        for rest, status in {
            "safe-children/counts": 200,
            "safe-children/counts?by=country": 200,
            "safe-children/counts?by=source&top=3": 200,
            "safe-children/counts?by=version": 200,
            "safe-children/counts?by=version&from=2026-11-24": 422,
            "safe-children/counts?by=constituency": 422,
            "safe-children/counts?by=all": 200,
            "safe-children/counts?by=all&format=csv": 200,
            "safe-children/counts?by=day&from=2026-11-24&to=2026-11-24": 200,
            "safe-children/counts?format=csv": 200,
            "a-draft/counts?by=hour&format=csv": 200,
            "nobody/counts": 404,
            "safe-children/counts?by=name": 422,
            "safe-children/counts?by=source&top=0": 422,
            "safe-children/counts?from=yesterday": 422,
            "safe-children/counts?from=2026-11-24&to=2026-11-23": 422,
        }.items()
    ),
    _get(304, "/api/staff/petitions", **STAFF, **{"If-None-Match": "*"}),
    _get(304, STAFF_COUNTS, "/api/staff/petitions/safe-children/counts", **STAFF, **{"If-None-Match": "*"}),
    _get(200, "/api/staff/health", **STAFF),
    _staff("POST", 201, STATEMENTS, "/api/staff/petitions/safe-children/statements"),
    _staff("POST", 404, STATEMENTS, "/api/staff/petitions/nobody/statements"),
    _get(302, "/s/{code}", "/s/<short>"),
    _get(404, "/s/{code}", "/s/222222"),
    *(
        _get(status, route, route.replace("{token}", token))
        for route in ("/api/statements/{token}", "/statements/{token}")
        for token, status in {"<statement>": 200, "<statement>x": 404, "<confirm>": 404}.items()
    ),
    *(
        _staff("POST", status, "/api/staff/petitions", body=body)
        for body, status in {
            _petition_body(slug="new"): 201,
            b"{": 400,
            b"a" * 16_385: 413,
            _petition_body(slug="safe-children"): 422,
        }.items()
    ),
    _staff("POST", 415, "/api/staff/petitions", body=b"{}", kind="text/plain"),
    *_changing("PUT", STAFF_PETITION, _petition_body(title="New"), _petition_body(title="")),
    *_changing("POST", f"{STAFF_PETITION}/state", b'{"state": "paused"}', b'{"state": "removed"}'),
    replace(
        _staff("POST", 409, f"{STAFF_PETITION}/state", "/api/staff/petitions/closed/state", b'{"state": "paused"}'),
        headers={**STAFF, "Content-Type": JSON, "If-Match": "*"},
    ),
    *(
        _staff("POST", status, f"{STAFF_PETITION}/figures", f"/api/staff/petitions/{slug}/figures", body)
        for status, slug, body in (
            *((201, "safe-children", FIGURE), (404, "nobody", FIGURE)),
            *((400, "closed", b"{"), (413, "closed", b"a" * 16_385), (422, "closed", b"{}")),
        )
    ),
    _staff("POST", 415, f"{STAFF_PETITION}/figures", "/api/staff/petitions/closed/figures", FIGURE, "text/plain"),
    *hash_requests.of_hashes(_staff),
    *list_requests.of_lists(_staff),
    *(
        _staff(method, status, route, route.format(slug=slug))
        for method, route in (
            ("GET", STAFF_PETITION),
            ("GET", f"{STAFF_PETITION}/versions"),
            ("POST", f"{STAFF_PETITION}/preview"),
        )
        for slug, status in {"safe-children": 200, "nobody": 404}.items()
    ),
    *(
        _get(status, f"{STAFF_PETITION}/funnel", f"/api/staff/petitions/{rest}", **STAFF)
        for rest, status in {
            "safe-children/funnel": 200,
            "safe-children/funnel?by=hour&from=2026-11-24&to=2026-11-24": 200,
            "a-draft/funnel?format=csv": 200,
            "nobody/funnel": 404,
            "safe-children/funnel?by=country": 422,
        }.items()
    ),
    *(
        _staff("POST", status, UPDATES, f"/api/staff/petitions/{slug}/updates", body)
        for status, slug, body in (
            *((201, "safe-children", UPDATE), (404, "nobody", UPDATE)),
            *((400, "closed", b"{"), (413, "closed", b"a" * 16_385), (422, "closed", b"{}")),
        )
    ),
    _staff("POST", 415, UPDATES, "/api/staff/petitions/closed/updates", UPDATE, "text/plain"),
    *(_staff("GET", status, UPDATES, UPDATES.format(slug=slug)) for slug, status in FOUND.items()),
    *(
        _staff("GET", status, ONE_UPDATE, ONE_UPDATE.format(slug="safe-children", update_id=each))
        for each, status in {"draft": 200, "nobody": 404}.items()
    ),
    *(
        _staff(method, status, f"{ONE_UPDATE}{verb}", f"{A_PETITIONS_UPDATES}/{each}{verb}", body)
        for method, verb, right, accepted in (
            ("PUT", "", UPDATE, 200),
            ("POST", "/test", b'{"email": "bob@charity.example"}', 202),
            ("POST", "/publish", b"{}", 202),
        )
        for each, status, body in (
            *(("draft", accepted, right), ("nobody", 404, right), ("cancelled", 409, right)),
            *(("draft", 400, b"{"), ("draft", 413, b"a" * 16_385), ("draft", 422, b'{"more": 1}')),
        )
    ),
    *(
        _staff(
            method,
            415,
            f"{ONE_UPDATE}{verb}",
            f"{A_PETITIONS_UPDATES}/draft{verb}",
            b"{}",
            "text/plain",
        )
        for method, verb in (("PUT", ""), ("POST", "/test"), ("POST", "/publish"))
    ),
    *(
        _staff("POST", status, f"{ONE_UPDATE}/cancel", f"/api/staff/petitions/safe-children/updates/{each}/cancel")
        for each, status in {"draft": 200, "nobody": 404}.items()
    ),
    _get(200, "/api/staff/me", **STAFF),
    *(
        _get(status, "/api/staff/audit", f"/api/staff/audit{rest}", **STAFF)
        for rest, status in {
            "": 200,
            "?limit=1&actor=bob": 200,
            "?limit=0": 422,
            "?to=soon": 422,
        }.items()
    ),
    _get(200, "/api/staff/tokens", **STAFF),
    *(
        _staff("POST", status, "/api/staff/tokens", body=body)
        for body, status in {
            b'{"owner": "carla", "rights": ["counts"]}': 201,
            b"{": 400,
            b"a" * 16_385: 413,
            b'{"owner": "", "rights": []}': 422,
        }.items()
    ),
    _staff("POST", 415, "/api/staff/tokens", body=b"{}", kind="text/plain"),
    _staff("DELETE", 200, "/api/staff/tokens/{token_id}", "/api/staff/tokens/<bobs-id>"),
    _staff("DELETE", 404, "/api/staff/tokens/{token_id}", "/api/staff/tokens/nobody"),
    *(
        _staff("POST", status, "/api/staff/people/find", body=body)
        for body, status in {
            b'{"email": "alice.achterberg@mail.example"}': 200,
            b"{": 400,
            b"b" * 16_385: 413,
            b'{"email": "alice"}': 422,
        }.items()
    ),
    *(
        _staff("POST", status, "/api/staff/people/erase", body=body)
        for body, status in {
            b'{"email": "charlie.coster@mail.example"}': 200,
            b"{": 400,
            b"b" * 16_385: 413,
            b'{"email": "alice"}': 422,
        }.items()
    ),
    _staff("POST", 415, "/api/staff/people/erase", body=b"{}", kind="text/plain"),
    _staff("POST", 415, "/api/staff/people/find", body=b"{}", kind="text/plain"),
    *(
        _get(status, PERSON, f"/api/staff/people/safe-children/{identity}", **STAFF)
        for identity, status in {"<alices-id>": 200, "0" * 32: 404}.items()
    ),
    *(
        _staff("POST", status, f"{PERSON}/allow-mail", f"/api/staff/people/safe-children/{rest}/allow-mail", body, kind)
        for status, rest, body, kind in (
            (200, "<alices-id>", b'{"reason": "Asked."}', JSON),
            (400, "<alices-id>", b"{", JSON),
            (404, "0" * 32, b'{"reason": "Asked."}', JSON),
            (413, "<alices-id>", b"a" * 16_385, JSON),
            (415, "<alices-id>", b"{}", "text/plain"),
            (422, "<alices-id>", b"{}", JSON),
        )
    ),
    *(
        _staff("POST", status, f"{PERSON}/{verb}", f"/api/staff/people/safe-children/{identity}/{verb}")
        for identity, status in {"<alices-id>": 200, "0" * 32: 404}.items()
        for verb in ("resend", "withdraw", "erase", "access")
    ),
    *(
        _post(status, route, route, body, JSON)
        for route, right in {"/api/staff/sign-in": BEGUN, SESSION: RETURNED}.items()
        for body, status in {json.dumps(right).encode(): 200, b"{": 400, b"c" * 16_385: 413, b"{}": 422}.items()
    ),
    *(_post(415, route, route, b"{}", "text/plain") for route in ("/api/staff/sign-in", SESSION)),
    *(
        _post(404, route, f"{route}{NO_PROVIDER}", json.dumps(right).encode(), JSON)
        for route, right in {"/api/staff/sign-in": BEGUN, SESSION: RETURNED}.items()
    ),
    _get(200, "/staff/signed-in"),
    *(
        _staff("POST", status, EXPORTS_OF, f"/api/staff/petitions/{slug}/exports", body)
        for status, slug, body in (
            *((202, "safe-children", b'{"columns": ["name"]}'), (202, "a-draft", b"{}"), (404, "nobody", b"{}")),
            *((409, "closed", b"{}"), (400, "closed", b"{"), (413, "closed", b"a" * 16_385)),
            (422, "closed", b'{"columns": ["email"]}'),
        )
    ),
    _staff("POST", 415, EXPORTS_OF, "/api/staff/petitions/closed/exports", b"{}", "text/plain"),
    _get(200, EXPORTS_OF, "/api/staff/petitions/closed/exports", **STAFF),
    _get(404, EXPORTS_OF, "/api/staff/petitions/nobody/exports", **STAFF),
    *(_get(200, AN_EXPORT, f"/api/staff/exports/closed.{state}", **STAFF) for state in EXPORT_STATES),
    _get(404, AN_EXPORT, "/api/staff/exports/closed.nobody", **STAFF),
    _staff("DELETE", 200, AN_EXPORT, "/api/staff/exports/closed.done"),
    _staff("DELETE", 404, AN_EXPORT, "/api/staff/exports/closed.nobody"),
    *(
        _get(status, f"{AN_EXPORT}/{what}", f"/api/staff/exports/closed.{state}/{what}", **STAFF)
        for what in ("file", "cover")
        for state, status in {"done": 200, "nobody": 404, "waiting": 409, "failed": 409, "expired": 410}.items()
    ),
    *partner_requests.of_staff(_staff, _get, STAFF),
    *partner_requests.of_partners(Ask),
    *partner_requests.of_osdi(Ask),
    *partner_requests.of_imports(_staff, _get, STAFF),
    *letter_requests.of_staff(_staff),
    _get(200, "/health"),
    _get(200, "/api/openapi.json"),
    _get(200, "/assets/{name}", "/assets/site.css"),
    _get(200, "/assets/{name}", "/assets/petition.js"),
    _get(200, "/assets/{name}", "/assets/icon.svg"),
    _get(304, "/assets/{name}", "/assets/site.css", **{"If-None-Match": "*"}),
    _get(404, "/assets/{name}", "/assets/render.py"),
    _get(200, "/staff", "/staff"),
    _get(200, "/assets/staff/{version}/{name}", "/assets/staff/0/app.js"),
    _get(200, "/assets/staff/{version}/{name}", "/assets/staff/0/staff.css"),
    _get(304, "/assets/staff/{version}/{name}", "/assets/staff/0/app.js", **{"If-None-Match": "*"}),
    _get(404, "/assets/staff/{version}/{name}", "/assets/staff/0/render.py"),
]


@pytest.fixture
def site(served: Served, provider: Issuing, monkeypatch: pytest.MonkeyPatch) -> Served:
    """Petitions in every state. Alice has signed the open one. A sign-in provider is configured."""
    values = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "CLAIM": "groups", "RIGHTS": '{"team": ["counts"]}'}
    for name, value in values.items():
        monkeypatch.setenv(f"OIDC_{name}", value)
    served.tables.items = {key: dict(item) for key, item in _stored().items()}
    return served


@cache
def _stored() -> dict[Key, Item]:
    tables = FakeTables()
    a_published_petition(tables)
    a_published_petition(tables, slug="closed", closes_at=NOW - DAY)
    a_published_petition(tables, slug="removed", state="removed")
    a_published_petition(tables, slug="a-draft", opened_at=NOW + DAY)
    a_partner(tables)
    partner_requests.add_imports(tables)
    hash_requests.add_hashes(tables)
    list_requests.add_lists(tables)
    signed(tables, a_petition())
    _add_exports(tables)
    _add_updates(tables)
    letter_requests.add_a_letter(tables)
    return tables.items


def _add_updates(tables: FakeTables) -> None:
    for state in (UpdateState.DRAFT, UpdateState.CANCELLED):
        store.add(an_update(update_id=state.value, state=state), tables)


def _add_exports(tables: FakeTables) -> None:
    """Store an export in every state, and one that blocks the next request."""
    moments = {"expired": NOW - 8 * DAY}
    results = {"done": a_result(), "expired": a_result()}
    for state in EXPORT_STATES:
        fields: dict[str, Any] = {"job_id": f"closed.{state}", "result": results.get(state)}
        fields |= {"why": "Why."} if state == "failed" else {}
        kept_state = {"expired": "done"}.get(state, state)
        kept(tables, an_export(**fields, state=kept_state, requested_at=moments.get(state, NOW)))
    tables.put(keys.latest_job("export", "closed"), {"job_id": "closed.waiting"})


def _filled(text: str, site: Served) -> str:
    """Replace <bob>, <confirm-expired> and the other placeholders."""
    identity = identity_of(a_petition())
    for purpose in (*LINKS, Purpose.STOP):
        for kind, (slug, expires) in TOKENS.items():
            if f"<{purpose}{kind}>" in text:
                token = tokens.issue(purpose, Subject(slug, identity, "GB", "direct"), expires, TOKEN_KEYS)
                text = text.replace(f"<{purpose}{kind}>", token)
    text = text.replace("<alices-id>", identity)
    if "<statement>" in text:
        text = text.replace("<statement>", sealed(freeze(a_petition(), NOW, site.tables), TOKEN_KEYS))
    if "<short>" in text:
        text = text.replace("<short>", keep_short("token", site.tables))
    if "<bobs-id>" in text:
        text = text.replace("<bobs-id>", bobs_token(site.tables).split("_")[1])
    text = text.replace("<oak>", oaks_token(site.tables)) if "<oak>" in text else text
    return text.replace("<bob>", bobs_token(site.tables, NOW, *Right)) if "<bob>" in text else text


TOKENS = {
    "": ("safe-children", NOW + DAY),
    "-nobody": ("nobody", NOW + DAY),
    "-removed": ("removed", NOW + DAY),
    "-expired": ("safe-children", OPENED),
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Issuing]:
    forget_provider()
    with issuing() as running:
        yield running
    forget_provider()


def _answered(ask: Ask, site: Served) -> HTTPResponse:
    headers = {name: _filled(value, site) for name, value in ask.headers.items()}
    body = _filled(ask.body.decode(), site).encode()
    if ask.url.endswith(NO_PROVIDER):
        os.environ.pop("OIDC_ISSUER")
        settings.cache_clear()
    return site.client.http.request(ask.method, _filled(ask.url, site), headers=headers, body=body)


def _described(ask: Ask) -> dict[int, dict[str, Any]]:
    return answers(SPEC["paths"][ask.route][ask.method.lower()])


def assert_as_described(answer: HTTPResponse, described: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert {name.lower() for name in described.get("headers", {})} <= headers.keys()
    content = described.get("content", {})
    if not content:
        assert not answer.body
        return
    kind = headers["content-type"].partition(";")[0]
    assert kind in content
    if "json" in kind:
        assert faults(json.loads(answer.body), content[kind]["schema"]) == []


@pytest.mark.parametrize("ask", REQUESTS, ids=str)
def test_an_answer_is_as_described(ask: Ask, site: Served) -> None:
    answer = _answered(ask, site)
    assert answer.status_code == ask.status, answer.body
    assert_as_described(answer, _described(ask)[ask.status])


def test_exactly_the_described_statuses_of_our_code_are_tested() -> None:
    tested = {(ask.method, ask.route, ask.status) for ask in REQUESTS}
    described = {
        (method, path, status)
        for method, path, operation in operations()
        for status in answers(operation)
        if status not in OF_THE_GATEWAY | BY_ANY_ROUTE
    }
    assert tested == described


WITHOUT_STORAGE = (
    "/assets", "/api/openapi", "/api/staff/me", "/api/staff/sign-in", "/staff", "/api/statements", "/statements",
    "/api/osdi$",
)  # fmt: skip
WITH_STORAGE = [
    ask
    for ask in REQUESTS
    if ask.status < 400 and not ask.route.startswith(WITHOUT_STORAGE) and ask.route not in ("/api/osdi", "/embed.js")
]


@pytest.mark.parametrize("ask", WITH_STORAGE, ids=str)
def test_every_route_that_needs_storage_answers_503_when_storage_fails(ask: Ask, site: Served) -> None:
    # Make the tokens first, because they need storage.
    headers = {name: _filled(value, site) for name, value in ask.headers.items()}
    filled = replace(ask, url=_filled(ask.url, site), headers=headers)
    _throttle(site.tables)
    answer = _answered(filled, site)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert_as_described(answer, _described(ask)[503])


def _throttle(tables: FakeTables) -> None:
    """Throttle all reads except staff tokens. API Gateway itself answers when the authorizer fails."""

    def throttled(key: Key | str | None = None, *_: object, **__: object) -> Item | None:
        if isinstance(key, Key) and key.pk == keys.TOKENS_PARTITION:
            return tables.items[key]
        raise Throttled

    for name in ("get", "batch_get", "query", "check", "put_new"):
        setattr(tables, name, throttled)
