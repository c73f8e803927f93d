"""The search for canaries is not blind: it finds each kind, however it is written and packed."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote, urlencode

import pytest

from chalicelib.core.address import canonical_of
from chalicelib.pages.pdf import empty_sheet
from tests.actors import NOW
from tests.flows.canaries import Search, a_canary

ALICE = a_canary("form", 31)
SEARCH = Search([ALICE])


def in_zip(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("rows.csv", text)
    return file.getvalue()


def in_pdf(text: str) -> bytes:
    sheet = empty_sheet("A sheet", NOW)
    sheet.cell(text=text)
    return bytes(sheet.output())


WAYS: dict[str, Callable[[str], object]] = {
    "as it is": lambda text: text,
    "in lower case": str.lower,
    "in a URL": lambda text: f"/thanks?{urlencode({'q': text})}",
    "quoted": quote,
    "in a JSON text": lambda text: json.dumps({"a": [text]}),
    "in a nested map": lambda text: {"deep": [{"nested": (text,)}]},
    "as a key": lambda text: {text: 1},
    "in a set": lambda text: {text},
    "in base64 in a dead letter": lambda text: {"body": base64.b64encode(f"...{text}".encode()).decode()},
    "in base64 in base64": lambda text: base64.b64encode(base64.urlsafe_b64encode(f"...{text}".encode())),
    "in a gzip object": lambda text: gzip.compress(text.encode()),
    "in gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "in a ZIP": in_zip,
    "in a PDF": in_pdf,
}


@pytest.mark.parametrize("way", WAYS)
def test_each_kind_is_found_in_each_way(way: str) -> None:
    for kind, text in zip(("name", "address", "postcode", "words", "network", "browser"), ALICE[2:], strict=True):
        assert SEARCH.find(WAYS[way](text)) == {(kind, "form")}


@pytest.mark.parametrize(
    "text",
    [
        canonical_of(ALICE.email),
        sha256(canonical_of(ALICE.email).encode()).hexdigest(),
        "somebody@zqdomformzq.example",
        "Zqboxformzq",
    ],
)
def test_other_forms_of_an_address_are_found(text: str) -> None:
    assert SEARCH.find(f"key={text};") == {("address", "form")}


@pytest.mark.parametrize("text", ["ZQ317QZ", "zq31-7qz", "the postcode ZQ31"])
def test_other_forms_of_a_postcode_are_found(text: str) -> None:
    assert SEARCH.find(text) == {("postcode", "form")}
    assert SEARCH.find("ZQ, the area") == set()
