"""A partner's signature is validated like our own, and its consent with it."""

import time
from typing import Any

import pytest

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.times import iso
from chalicelib.partners.form import read_signature
from chalicelib.partners.model import CountsWhen
from tests.actors import ALICE, DAY, NOW
from tests.fakes import FakeTables
from tests.partnering import a_partner, sent_of


def error_fields(tables: FakeTables, counts: CountsWhen, **changes: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read_signature(sent_of(ALICE, "oak:1", **changes), a_partner(tables, counts), NOW)
    return [error.field for error in caught.value.errors]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "alice"}, "email"),
        ({"email": 1}, "email"),
        ({"name": ""}, "name"),
        ({"postcode": "1"}, "postcode"),
        ({"identifier": " "}, "identifier"),
        ({"more": 1}, "more"),
        ({"consent": {"obtained_at": iso(NOW + DAY)}}, "consent.obtained_at"),
        ({"consent": {"obtained_at": "2026-11-24"}}, "consent.obtained_at"),
        ({"consent": {"wording": ""}}, "consent.wording"),
        ({"consent": {"version": "a b"}}, "consent.version"),
    ],
)
def test_a_wrong_field_is_named(tables: FakeTables, changes: dict[str, Any], field: str) -> None:
    assert error_fields(tables, CountsWhen.AT_ONCE, **changes) == [field]


@pytest.mark.parametrize("name", [f"a{' ' * 40_000}a", "a" + "\u0301\u0323" * 20_000])
def test_a_very_long_name_is_refused_within_a_second(tables: FakeTables, name: str) -> None:
    """Otherwise a body of 512 KB would take minutes: longer than the function may run."""
    began = time.process_time()
    assert error_fields(tables, CountsWhen.AT_ONCE, name=name) == ["name"]
    assert time.process_time() - began < 1


def test_a_consent_without_email_cannot_be_confirmed_by_email(tables: FakeTables) -> None:
    assert error_fields(tables, CountsWhen.AFTER_EMAIL, consent={"email": False}) == ["consent.email"]


def test_a_missing_consent_is_described_for_a_program(tables: FakeTables) -> None:
    """On our own form, the sentence is “Tick the box”."""
    without_consent = {**sent_of(ALICE, "oak:1")}
    del without_consent["consent"]
    with pytest.raises(Invalid) as caught:
        read_signature(without_consent, a_partner(tables), NOW)
    message = "Send what the person agreed to: wording, version and obtained_at"
    assert caught.value.errors == [FieldError("consent", message)]
