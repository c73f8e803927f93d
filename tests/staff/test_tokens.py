"""Staff tokens: shown once, stored as a digest, and recognised until they expire."""

import json

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.core.rights import Right
from chalicelib.staff.tokens import TOKEN, UnknownToken, find_token, issue, recognise
from tests.actors import DAY, NOW, bobs_token
from tests.fakes import FakeTables


def damaged_copies(token: str) -> list[str]:
    shorter, last = token[:-1], token[-1]
    other = "1" if last == "0" else "0"
    return [shorter, token + "0", shorter + other, token.upper(), token.replace("staff_", "stuff_")]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", " Bearer ", "Bearer  "])
def test_the_scheme_ignores_case_and_spaces(tables: FakeTables, scheme: str) -> None:
    assert recognise(f"{scheme} {bobs_token(tables)}", NOW, tables)


def test_a_stolen_table_contains_no_usable_token(tables: FakeTables) -> None:
    token = bobs_token(tables)
    _, _, secret = token.split("_")
    (item,) = tables.items.values()
    assert secret not in json.dumps(item)
    for value in item.values():
        with pytest.raises(UnknownToken):
            recognise(f"Bearer staff_{item['token_id']}_{value}", NOW, tables)


def test_a_damaged_token_is_refused(tables: FakeTables) -> None:
    for token in damaged_copies(bobs_token(tables)):
        with pytest.raises(UnknownToken):
            recognise(f"Bearer {token}", NOW, tables)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic x", "Bearer é", "Bearer \x00", "staff_" + "0" * 16 + "_" + "0" * 64]
)
def test_a_malformed_header_is_refused_without_a_read(tables: FakeTables, header: str) -> None:
    with pytest.raises(UnknownToken):
        recognise(header, NOW, tables)
    assert tables.calls == []


def test_a_token_expires_to_the_second(tables: FakeTables) -> None:
    header = f"Bearer {bobs_token(tables)}"
    assert recognise(header, NOW + DAY * 0.9999, tables)
    with pytest.raises(UnknownToken):
        recognise(header, NOW + DAY, tables)


def test_tokens_differ_and_can_be_found_by_secret_scanners(tables: FakeTables) -> None:
    tokens = {issue("bob", [Right.COUNTS], NOW, NOW + DAY, tables) for _ in range(20)}
    assert len(tokens) == 20
    for token in tokens:
        assert TOKEN.fullmatch(token)


@pytest.mark.parametrize("token_id", ["", "x" * 2000, "0" * 15, "\0" * 16])
def test_a_malformed_id_is_not_looked_up(tables: FakeTables, token_id: str) -> None:
    tables.fail_next(Unavailable("storage"))
    assert find_token(token_id, tables) is None
