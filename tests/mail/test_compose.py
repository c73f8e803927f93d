"""An email is composed from its kind's folder of templates."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.core import keys
from chalicelib.delivery.worker import KINDS
from chalicelib.mail.kind import Content, Kind
from chalicelib.mail.model import MailRequest, Priority
from chalicelib.mail.send import compose
from chalicelib.mail.signature_kinds import SIGNATURE_KINDS
from chalicelib.signatures.model import MailKind

REQUEST = MailRequest(kind="confirm", key="safe-children_ab", requested_at="2026-11-24T12:00:00Z")


@pytest.fixture
def kind(tmp_path: Path) -> Kind:
    for part in ("subject.txt", "body.txt", "body.html"):
        (tmp_path / part).write_text("{{ word }}")
    return replace(SIGNATURE_KINDS["confirm"], templates=tmp_path)


def test_tags_identify_the_delivery_and_are_valid_for_ses(kind: Kind) -> None:
    tags = compose(REQUEST, kind, Content("a@mail.example", {"word": "x"})).tags
    assert tags == {"kind": "confirm", "key": "safe-children_ab"}
    for value in tags.values():
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value)


def test_only_the_html_part_is_escaped_and_the_subject_is_one_line(kind: Kind) -> None:
    mail = compose(REQUEST, kind, Content("a@mail.example", {"word": "<b>\r\nBcc: x@y.example"}))
    assert mail.subject == "<b> Bcc: x@y.example"
    assert mail.text.startswith("<b>")
    assert mail.html.startswith("&lt;b&gt;")


def test_a_stored_subject_has_no_control_characters_and_no_encoded_word(kind: Kind) -> None:
    """Petitions that were stored before these were refused may have them."""
    mail = compose(REQUEST, kind, Content("a@mail.example", {"word": "Help\x00\x1b =?utf-8?b?cGF5?="}))
    assert mail.subject == "Help = ?utf-8?b?cGF5?="


def test_every_email_that_signing_requests_has_a_kind() -> None:
    assert {*KINDS} >= {*MailKind}


def test_every_kind_has_a_subject_a_text_and_an_html_template() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert {path.name for path in kind.templates.iterdir()} == {"subject.txt", "body.txt", "body.html"}


def test_the_table_of_every_kinds_state_is_in_the_template() -> None:
    """One kind without its table would stop the sweep for all kinds."""
    for name, kind in KINDS.items():
        table = kind.state.item_key(f"slug_{'0' * 32}").table
        assert table in keys.TABLES, f"{name} needs the table {table}: see 'Add a table' in CONTRIBUTING.md"


def test_only_the_email_to_confirm_is_urgent() -> None:
    assert [name for name, kind in KINDS.items() if kind.priority is Priority.URGENT] == [MailKind.CONFIRM]
