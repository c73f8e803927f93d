"""Freezing, sealing and unsealing statements. A changed statement is refused."""

import pytest

from chalicelib.core import tokens
from chalicelib.core.errors import NotAStatement
from chalicelib.core.tokens import Purpose
from chalicelib.statements.freeze import Statement, freeze, statement_from_token, statement_token
from tests.actors import BOB, LINKS, NOW, TOKEN_KEYS
from tests.fake_site import FakeSite
from tests.letters.lettering import a_petition_with_a_letter, request_letter, send_all

STATEMENT = Statement(
    slug="safe-children",
    title="Keep “trafficked” children safe ~ जल्दी.",
    charity="Harbour & Children",
    text_version="0123456789ab",
    confirmed=12345,
    as_of=NOW,
)
TOKEN = statement_token(STATEMENT, TOKEN_KEYS)


def test_a_statement_states_the_numbers_of_letters_too(fake_site: FakeSite) -> None:
    petition = a_petition_with_a_letter(fake_site)
    request_letter(fake_site, petition)
    send_all(fake_site)
    request_letter(fake_site, petition, BOB)
    statement = freeze(petition, NOW, fake_site.tables)
    numbers = "Letters to Home Secretary: 2 requested (1 sent, 0 failed, 0 unknown, 1 waiting, 0 not sent)."
    sentence = f"1 person also wrote to the Home Secretary. {numbers}"
    assert statement.letters == sentence
    send_all(fake_site)
    assert statement_from_token(statement_token(statement, TOKEN_KEYS), TOKEN_KEYS).letters == sentence
    page = fake_site.get(f"/statements/{statement_token(statement, TOKEN_KEYS)}").body.decode()
    assert sentence in page


def test_a_statement_has_one_sentence_about_letters_to_many_targets(fake_site: FakeSite) -> None:
    targets = [{"key": key, "name": "न" * 200, "email": f"{key}@target.example"} for key in "abcd"]
    petition = a_petition_with_a_letter(fake_site, targets=targets)
    request_letter(fake_site, petition)
    letters = freeze(petition, NOW, fake_site.tables).letters
    assert letters == "Letters to 4 targets: 4 requested (0 sent, 0 failed, 0 unknown, 4 waiting, 0 not sent)."


def test_the_longest_statement_fits_a_url() -> None:
    """API Gateway takes 10,240 bytes of request line and headers together."""
    letters = f"Letters to {'न' * 200}: 1,000,000 requested (1 sent, 0 failed, 0 unknown, 4 waiting, 0 not sent). " * 3
    texts = {"title": "न" * 200, "charity": "न" * 200, "slug": "a" * 60, "letters": letters}
    assert len(statement_token(STATEMENT.model_copy(update=texts), TOKEN_KEYS)) < 5500


@pytest.mark.parametrize("purpose", LINKS)
def test_a_statement_sealed_for_another_purpose_is_refused(purpose: Purpose) -> None:
    """The token of an email link must not be usable to sign a count."""
    with pytest.raises(NotAStatement):
        statement_from_token(tokens.seal(purpose, TOKEN.partition(".")[0], TOKEN_KEYS), TOKEN_KEYS)


def test_a_statement_is_valid_until_its_own_key_is_removed() -> None:
    rotated = {**TOKEN_KEYS, "v3": "a-still-newer-key"}
    assert statement_from_token(TOKEN, rotated) == STATEMENT
    assert statement_from_token(statement_token(STATEMENT, {"v1": TOKEN_KEYS["v1"]}), rotated) == STATEMENT
    with pytest.raises(NotAStatement):
        statement_from_token(TOKEN, {"v3": "a-still-newer-key"})
