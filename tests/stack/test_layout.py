"""The charity's HexJSON file becomes the layout of the map, or the build stops with a reason."""

import json
from pathlib import Path

import pytest

from chalicelib.petitions import constituency_table
from stack.console import Failure
from stack.constituencies import LAYOUT_IN_ZIP, constituency_files
from tests.actors import NOW, bobs_token
from tests.fake_site import FakeSite

HEX = {"n": "Upper Zed", "q": 1, "r": -4, "region": "Zed"}
NO_LAYOUT = {"layout": "odd-r", "hexes": []}


def shown_layout(fake_site: FakeSite, file: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(constituency_table, "LAYOUT_FILE", file)
    constituency_table.layout.cache_clear()
    token = f"Bearer {bobs_token(fake_site.tables, NOW)}"
    answer = fake_site.get("/api/staff/constituencies", authorization=token).json_body
    constituency_table.layout.cache_clear()
    return answer


def test_staff_read_the_places_and_names_of_the_file(
    project: Path, tmp_path: Path, fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    hexes = {"E1": HEX, "E2": {"q": 2, "r": 0}}
    (project / ".chalice" / "constituencies.hexjson").write_text(json.dumps({"layout": "even-q", "hexes": hexes}))
    [(name, content)] = constituency_files(project)
    assert name == LAYOUT_IN_ZIP
    file = tmp_path / "layout.json"
    file.write_bytes(content)
    assert shown_layout(fake_site, file, monkeypatch) == {
        "layout": "even-q",
        "hexes": [
            {"key": "E1", "name": "Upper Zed", "q": 1, "r": -4},
            {"key": "E2", "name": "E2", "q": 2, "r": 0},
        ],
    }


def test_without_a_file_there_is_no_map(
    project: Path, tmp_path: Path, fake_site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(constituency_files(project)) == []
    assert shown_layout(fake_site, tmp_path / "layout.json", monkeypatch) == NO_LAYOUT


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"layout": "odd-r"}',
        '{"layout": "round", "hexes": {}}',
        '{"layout": "odd-r", "hexes": {"E1": {"q": 1}}}',
        '{"layout": "odd-r", "hexes": {"E1": {"q": "left", "r": 1}}}',
        '{"layout": "odd-r", "hexes": ["E1"]}',
    ],
)
def test_a_wrong_file_stops_the_build(project: Path, text: str) -> None:
    (project / ".chalice" / "constituencies.hexjson").write_text(text)
    with pytest.raises(Failure, match=r"constituencies\.hexjson: not HexJSON"):
        list(constituency_files(project))
