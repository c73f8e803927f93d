"""Texts that are hard to parse, in each text field of each route and of an import. Each may cost little CPU.

The fields come from the OpenAPI document, and from the requests of this folder, so a new field is tested by itself.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

import pytest

from chalicelib.core.errors import Invalid
from chalicelib.partners.imports.file import HEADINGS
from chalicelib.partners.imports.rows import read_row
from tests.actors import NOW, WELSH, a_published_petition, bobs_token
from tests.fake_site import FORM, JSON, FakeSite
from tests.fakes import FakeTables
from tests.letters.lettering import LETTER, WELSH_LETTER
from tests.openapi.cases import Case
from tests.openapi.spec import operations, resolve
from tests.openapi.stored import filled_in, stored_items
from tests.openapi.test_answers import REQUESTS
from tests.partnering import a_partner, sent_of
from tests.updates.sending import TEXT

Path = tuple[str | int, ...]
Schema = dict[str, Any]

# Each was slow for a parser that we used, or for one of its kind.
HARD = ("www.xn--", "xn--⒈", "|a.", "://a", "[", "> ", "\u0301\u0316", "\u0f73")
# In seconds of CPU, for a field, beyond what the same request costs with a plain text: some draw a picture.
LIMIT = 0.05
PLAIN = "a"
# The lengths for fields without a maximum: a name of 98 characters is not too long, and 4,000 bytes fit into each body.
SHORT, LONG_BYTES = 98, 4_000
# What a request needs beside a text in these fields, so that the code goes on to read it.
WELSH_WITH_LETTER = {"cy": {**WELSH, "letter": WELSH_LETTER}}
BESIDE: dict[str, Any] = {
    "/api/petitions/{slug}/signatures": {"letter": {"send": True}},
    "/api/staff/petitions": {"letter": LETTER, "translations": WELSH_WITH_LETTER},
    "/api/staff/petitions/{slug}": {"letter": LETTER, "translations": WELSH_WITH_LETTER},
    "/api/staff/petitions/{slug}/updates": {"translations": {"cy": TEXT}},
    "/api/staff/petitions/{slug}/updates/{update_id}": {"translations": {"cy": TEXT}},
}
TICKED = {"consent.sign": "yes", "letter.send": "yes"}


def hard_texts(schema: Schema, *, every_rotation: bool = True, is_repeated: bool = False) -> Iterator[str]:
    """Yield the texts for a field, at its full length.

    Yield only two if a regular expression in Rust checks the field, or if a field like it had all texts before.
    """
    is_checked = "pattern" in schema or schema.get("format") == "date-time"
    length = schema.get("maxLength", SHORT)
    for hard in (HARD[0], HARD[-1]) if is_checked or is_repeated else HARD:
        for start in range(len(hard) if every_rotation and not is_repeated else 1):
            yield ((hard[start:] + hard[:start]) * length)[:length]
        if "maxLength" not in schema:  # After a@, this is a domain.
            yield f"a@{hard * LONG_BYTES}".encode()[:LONG_BYTES].decode(errors="ignore")


def assert_quick(what: str, texts: Iterable[str], use: Callable[[str], object]) -> None:
    usual = _spent(use, PLAIN)
    for text in texts:
        # Another process may slow this one down, so a slow text gets more tries.
        spent = min(_until_quick(use, text, usual + LIMIT))
        assert spent < usual + LIMIT, f"{what}: {spent:.2f} s for {len(text)} characters {text[:20]!r}"


def _until_quick(use: Callable[[str], object], text: str, limit: float, tries: int = 5) -> Iterator[float]:
    for _ in range(tries):
        yield (spent := _spent(use, text))
        if spent < limit:
            return


def _spent(use: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    use(text)
    return time.thread_time() - began


def test_a_hard_text_costs_little_in_any_field_of_a_body(fake_site: FakeSite) -> None:
    """Send the texts in each field of each body. Fields of staff get one rotation of each text: there are many."""
    fake_site.tables.items = {key: dict(item) for key, item in stored_items().items()}
    a_published_petition(fake_site.tables, letter=LETTER)
    seen: list[tuple[str | int, Schema]] = []
    for case, operation in _accepted_requests():
        send = _sender(case, fake_site)
        for path, schema in _fields_of(case, operation).items():
            field = (path[-1] if path else "", schema)
            is_public = not case.route.startswith("/api/staff/")
            texts = hard_texts(schema, every_rotation=is_public, is_repeated=field in seen)
            assert_quick(f"{case.method} {case.route} {path}", texts, partial(send, path))
            seen.append(field)


def test_a_hard_text_costs_little_in_any_parameter(fake_site: FakeSite) -> None:
    """Send the texts in each parameter of each address."""
    bob = {"Authorization": f"Bearer {bobs_token(fake_site.tables)}"}
    for method, path, operation in operations():
        for parameter in map(resolve, operation.get("parameters", ())):
            if parameter["in"] != "header" and parameter["schema"].get("type") == "string":
                texts = hard_texts({"maxLength": 1_000}, every_rotation=False)
                ask = partial(_ask, fake_site, method, path, parameter, bob)
                assert_quick(f"{method} {path} {parameter['name']}", texts, ask)


@pytest.mark.parametrize("field", HEADINGS)
def test_a_hard_text_costs_little_in_any_cell_of_an_import(field: str) -> None:
    partner = a_partner(FakeTables())

    def read(text: str) -> None:
        with suppress(Invalid):
            read_row({**sent_of(), field: text}, 1, partner, ZoneInfo("Europe/London"), NOW)

    assert_quick(field, hard_texts({}), read)


def _ask(site: FakeSite, method: str, path: str, parameter: Schema, headers: dict[str, str], text: str) -> None:
    name, quoted = parameter["name"], quote(text, safe="")
    url = path.replace(f"{{{name}}}", quoted).replace("{slug}", "safe-children")
    site.client.http.request(method, f"{url}?{name}={quoted}" if parameter["in"] == "query" else url, headers=headers)


def _accepted_requests() -> Iterator[tuple[Case, dict[str, Any]]]:
    """Yield the first accepted request to each route that has a body, and the description of the route."""
    for method, path, operation in operations():
        if "requestBody" in operation:
            accepted = (each for each in REQUESTS if (each.method, each.route) == (method, path) and each.status < 400)
            yield next(accepted), operation


def _fields_of(case: Case, operation: dict[str, Any]) -> dict[Path, Schema]:
    content = resolve(operation["requestBody"])["content"][case.headers["Content-Type"]]
    sent = _texts_in(json.loads(case.body or b"{}")) if case.headers["Content-Type"] == JSON else ()
    return {**dict(sent), **dict(_text_fields(content["schema"]))}


def _text_fields(schema: Any, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Yield each text in this schema, with its own schema. A list has a member 0, a mapping has a member "cy"."""
    schema = resolve(schema)
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _text_fields(choice, path)
    types = schema.get("type", ())
    if "string" in ([types] if isinstance(types, str) else types) and not {"enum", "const"} & schema.keys():
        yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from _text_fields(field, (*path, name))
    if "items" in schema:
        yield from _text_fields(schema["items"], (*path, 0))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _text_fields(schema["additionalProperties"], (*path, "cy"))


def _texts_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Yield each text in the value: OSDI's schema does not name all its fields."""
    if isinstance(value, str):
        yield path, {}
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _texts_in(member, (*path, name))


def _sender(case: Case, site: FakeSite) -> Callable[[Path, str], None]:
    """Return a function that sends the request with a text at a path, to the site as it is now."""
    case, stored = filled_in(case, site), site.tables.items

    def send(path: Path, text: str) -> None:
        body = _body_with(case, path, text)
        if site.client.http.request(case.method, case.url, headers=case.headers, body=body).status_code < 400:
            site.tables.items = {key: dict(item) for key, item in stored.items()}

    site.tables.items = {key: dict(item) for key, item in stored.items()}
    return send


def _body_with(case: Case, path: Path, text: str) -> bytes:
    if case.headers["Content-Type"] == JSON:
        value = {**json.loads(case.body or b"{}"), **BESIDE.get(case.route, {})}
        return json.dumps(_with(value, path, text), ensure_ascii=False).encode()
    if case.headers["Content-Type"] == FORM:
        return urlencode({**dict(parse_qsl(case.body.decode())), **TICKED, str(path[0]): text}).encode()
    return text.encode()


def _with(value: Any, path: Path, text: str) -> Any:
    """Return the value with the text at the path. What is missing on the way is created."""
    if not path:
        return text
    name, rest = path[0], path[1:]
    if isinstance(name, int):
        members = [*value] if value else [None]
        return [*members[:name], _with(members[name], rest, text), *members[name + 1 :]]
    return {**(value or {}), name: _with((value or {}).get(name), rest, text)}
