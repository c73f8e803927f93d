"""Postcodes and their constituencies: found in a file that is not read, exactly, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chalicelib.projections import constituency_table as module
from chalicelib.projections.constituency_table import Constituencies, constituencies, packed

MADE_UP = {"ZZ1 1AA": "Upper Zed", "ZZ1 1AB": "Upper Zed", "ZZ99 9ZZ": "Lower Zed", "Z1 1AA": "Zed Bay"}
POSTCODES = st.from_regex(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}", fullmatch=True)
NAMES = st.text(min_size=1, max_size=20)


@pytest.fixture(autouse=True)
def _a_new_process() -> Iterator[None]:
    constituencies.cache_clear()
    yield
    constituencies.cache_clear()


@pytest.mark.parametrize(("postcode", "name"), MADE_UP.items())
def test_a_postcode_finds_its_constituency(postcode: str, name: str) -> None:
    assert Constituencies(packed(MADE_UP)).of(postcode) == name


@pytest.mark.parametrize("postcode", ["ZZ1 1AC", "A1 1AA", "ZZ99 9ZX", "ZZ9 9ZZ", "", "75001 PARIS"])
def test_a_postcode_that_the_file_lacks_is_not_its_neighbours(postcode: str) -> None:
    assert Constituencies(packed(MADE_UP)).of(postcode) is None


def test_the_space_may_be_anywhere_or_missing_as_in_the_tables_of_the_statisticians() -> None:
    found = Constituencies(packed({"ZZ1  1AA": "Upper Zed", "Z1   1AA": "Zed Bay", "ZZ999ZZ": "Lower Zed"}))
    assert [found.of(postcode) for postcode in ("ZZ1 1AA", "Z1 1AA", "ZZ99 9ZZ")] == [
        "Upper Zed",
        "Zed Bay",
        "Lower Zed",
    ]


@given(st.dictionaries(POSTCODES, NAMES, min_size=1, max_size=50), st.lists(POSTCODES, max_size=20))
def test_every_postcode_and_no_other_is_found(table: dict[str, str], others: list[str]) -> None:
    found = Constituencies(packed(table))
    for postcode in [*table, *others]:
        assert found.of(postcode) == table.get(postcode)


def test_finding_one_looks_at_few_records_however_many_there_are() -> None:
    class Counting(Constituencies):
        looks = 0

        def __getitem__(self, place):  # type: ignore[no-untyped-def]
            self.looks += 1
            return super().__getitem__(place)

    table = {
        f"{letter}{district} {unit:03}": "Somewhere"
        for letter in "AB"
        for district in range(10, 60)
        for unit in range(1000)
    }
    found = Counting(packed(table))
    assert found.of("B59 999") == "Somewhere"
    assert found.looks <= 18


def test_what_is_no_postcode_never_gets_into_a_file() -> None:
    with pytest.raises(ValueError, match="not a UK postcode"):
        packed({"SW1A 1AA and more": "Somewhere"})


def test_without_a_file_nobody_is_sorted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "FILE", tmp_path / "none.bin")
    assert constituencies() is None


def test_the_file_beside_the_code_is_mapped_and_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "constituencies.bin"
    file.write_bytes(packed(MADE_UP))
    monkeypatch.setattr(module, "FILE", file)
    found = constituencies()
    assert found is not None
    assert found.of("ZZ99 9ZZ") == "Lower Zed"
    assert constituencies() is found
