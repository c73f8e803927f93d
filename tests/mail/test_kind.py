"""Every kind that the workers know is complete."""

from chalicelib.core import keys
from chalicelib.delivery.worker import KINDS
from chalicelib.signatures.model import MailKind


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
