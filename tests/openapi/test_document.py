"""The served OpenAPI document is current and valid, and its schemas fit examples and code."""

import json
from typing import Any
from urllib.parse import urljoin

import pytest
from hypothesis import given, strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.core.errors import Invalid, PetitionsError
from chalicelib.signatures.form import FORM_FIELDS, read_json
from chalicelib.signatures.letter_form import LetterForm
from stack.openapi.document import FILE, document, document_text
from tests.actors import json_of
from tests.fake_site import FakeSite
from tests.openapi.spec import SPEC, answers, operations, resolve, schema_errors

PROBLEM, HTML = "application/problem+json", "text/html"
SIGNATURE = {"$ref": "#/components/schemas/Signature"}
OPERATIONS = [pytest.param(operation, id=f"{method} {path}") for method, path, operation in operations()]

every_operation = pytest.mark.parametrize("operation", OPERATIONS)


def test_the_openapi_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == document_text(document()), "run: make openapi"


def test_the_document_is_valid_openapi_3_1() -> None:
    assert SPEC["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(SPEC).iter_errors()] == []


def test_urls_are_right_behind_a_domain_and_behind_a_stage() -> None:
    [server] = SPEC["servers"]
    assert urljoin("https://petitions.example/api/openapi.json", server["url"]) == "https://petitions.example/"
    assert urljoin("https://gateway.example/site/api/openapi.json", server["url"]) == "https://gateway.example/site/"


def test_the_site_serves_the_document(fake_site: FakeSite) -> None:
    answer = fake_site.get("/api/openapi.json")
    assert answer.json_body == SPEC
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@every_operation
def test_every_example_of_an_error_fits_its_schema(operation: dict[str, Any]) -> None:
    for status, answer in answers(operation).items():
        for content in answer.get("content", {}).values():
            if "example" in content:
                assert schema_errors(content["example"], content["schema"]) == []
                assert content["example"]["status"] == status


def test_every_example_of_a_schema_fits_its_schema() -> None:
    for name, schema in SPEC["components"]["schemas"].items():
        properties = schema.get("properties", {}).values()
        for described in [schema, *map(resolve, properties)]:
            for example in described.get("examples", []):
                assert schema_errors(example, described) == [], name


def test_the_hosted_form_has_the_fields_the_code_reads() -> None:
    fields = SPEC["components"]["schemas"]["SignatureFields"]["properties"]
    letter = {f"letter.{name}" for name in LetterForm.model_fields}
    assert fields.keys() == {*FORM_FIELDS, "consent.sign", "consent.updates", *letter}


@pytest.mark.parametrize("example", SPEC["components"]["schemas"]["Signature"]["examples"])
def test_an_example_of_a_signature_is_accepted_by_the_code(example: dict[str, Any]) -> None:
    assert read_json(json.dumps(example)).name == example["name"]


REFUSED_CHANGES: dict[str, dict[str, Any]] = {
    "no name": {"name": None},
    "a name of 101 characters": {"name": "a" * 101},
    "a formula": {"name": " =HYPERLINK()"},
    "an unknown field": {"nmae": "Alice"},
    "three letters for a country": {"country": "GBR"},
    "a source with a space": {"source": "bbc news"},
    "a postcode with an underscore": {"postcode": "SW1A_1AA"},
    "no consent": {"consent": {"sign": False}},
    "an email address that is a number": {"email": 1},
}


@pytest.mark.parametrize("wrong", REFUSED_CHANGES.values(), ids=REFUSED_CHANGES)
def test_the_code_refuses_what_the_schema_refuses(wrong: dict[str, Any]) -> None:
    body = json_of(**wrong)
    assert schema_errors(body, SIGNATURE)
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
    assert schema_errors(body, SIGNATURE) == []
