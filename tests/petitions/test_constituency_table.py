"""Look up postcodes in the memory-mapped file: exact matches only."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chalicelib.petitions import constituency_table as module
from chalicelib.petitions.constituency_table import Constituencies, constituencies, pack

TABLE = {"ZZ1 1AA": "Upper Zed", "ZZ1 1AB": "Upper Zed", "ZZ99 9ZZ": "Lower Zed", "Z1 1AA": "Zed Bay"}
POSTCODES = st.from_regex(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}", fullmatch=True)
NAMES = st.text(min_size=1, max_size=20)


@pytest.fixture(autouse=True)
def _an_empty_cache() -> Iterator[None]:
    constituencies.cache_clear()
    yield
    constituencies.cache_clear()


def test_official_formats_with_any_spaces_are_accepted() -> None:
    lookup = Constituencies(pack({"ZZ1  1AA": "Upper Zed", "Z1   1AA": "Zed Bay", "ZZ999ZZ": "Lower Zed"}))
    assert [lookup.of(postcode) for postcode in ("ZZ1 1AA", "Z1 1AA", "ZZ99 9ZZ")] == [
        "Upper Zed",
        "Zed Bay",
        "Lower Zed",
    ]


@given(st.dictionaries(POSTCODES, NAMES, min_size=1, max_size=50), st.lists(POSTCODES, max_size=20))
def test_exactly_the_postcodes_of_the_table_are_found(table: dict[str, str], other_postcodes: list[str]) -> None:
    lookup = Constituencies(pack(table))
    for postcode in [*table, *other_postcodes]:
        assert lookup.of(postcode) == table.get(postcode)


def test_a_look_up_reads_few_records() -> None:
    class CountsReads(Constituencies):
        reads = 0

        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            self.reads += 1
            return super().__getitem__(index)

    districts = [f"{letter}{number}" for letter in "AB" for number in range(10, 60)]
    table = {f"{district} {unit:03}": "Somewhere" for district in districts for unit in range(1000)}
    lookup = CountsReads(pack(table))
    assert lookup.of("B59 999") == "Somewhere"
    assert lookup.reads <= 18


def test_an_invalid_postcode_is_refused() -> None:
    with pytest.raises(ValueError, match="not a UK postcode"):
        pack({"SW1A 1AA and more": "Somewhere"})


def test_without_a_file_there_is_no_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "FILE", tmp_path / "none.bin")
    assert constituencies() is None


def test_the_file_is_mapped_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "constituencies.bin"
    file.write_bytes(pack(TABLE))
    monkeypatch.setattr(module, "FILE", file)
    lookup = constituencies()
    assert lookup is not None
    assert lookup.of("ZZ99 9ZZ") == "Lower Zed"
    assert constituencies() is lookup
